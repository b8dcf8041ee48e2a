"""Why somebody did not get a mail, or not yet, in words for people who do not know a relay's codes.

    reason(failure, language="de")  # 'Die Adresse gibt es nicht (mehr)'

Told from the enhanced code (RFC 3463) where there is one, else from the state alone; a relay's own words stay beside.
"""

from collections.abc import Callable

from newsletter.delivery.models import DeliveryState
from newsletter.delivery.progress import Failure
from newsletter.i18n import translations
from subscribers.audience import Exclusion

Translate = Callable[[str], str]


def reason(failure: Failure, *, language: str) -> str:
    """The reason in a few words."""
    _ = translations(language).gettext
    if failure.state == DeliveryState.EXCLUDED:
        return _exclusions(_).get(failure.reason, failure.reason)
    if failure.state == DeliveryState.UNKNOWN:
        return _("The connection broke just before the answer")
    _class, _dot, detail = failure.enhanced.partition(".")
    subject = detail.partition(".")[0]
    known = _details(_).get(detail) or _subjects(_).get(subject)
    if known:
        return known
    return _("Not now") if failure.state == DeliveryState.DEFERRED else _("Refused without a known reason")


def _exclusions(_: Translate) -> dict[str, str]:
    return {
        Exclusion.LEFT.value: _("Left the list meanwhile"),
        Exclusion.SUPPRESSED.value: _("Address suppressed meanwhile"),
        Exclusion.PAUSED.value: _("Paused meanwhile"),
        Exclusion.ADDRESS_CHANGED.value: _("Changed the address meanwhile"),
        Exclusion.ERASED.value: _("Erased meanwhile"),
    }


def _details(_: Translate) -> dict[str, str]:
    """Subject and detail of the code: RFC 3463, sections 3.2 and 3.3."""
    return {
        "2.1": _("The mailbox is switched off"),
        "2.2": _("The mailbox is full"),
        "3.4": _("The mail is too large"),
        "2.3": _("The mail is too large"),
    }


def _subjects(_: Translate) -> dict[str, str]:
    """The subject of the code: RFC 3463, section 3."""
    return {
        "1": _("The address does not exist (any more)"),
        "2": _("The mailbox takes nothing"),
        "3": _("The other mail server has a problem"),
        "4": _("The other mail server cannot be reached"),
        "5": _("The mail servers did not understand each other"),
        "6": _("The mail was not accepted as it is written"),
        "7": _("Refused by a rule, such as a spam filter"),
    }
