"""What an alert says, in German or English: a title, what has happened, and what to do about it.

wording.words(AlertKind.RELAY_FAILING, {"relay": "mail.example.org:587", …}, language="de").title

Replies of relays stand in it as they came.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from babel.dates import format_datetime

from newsletter.delivery import reasons
from newsletter.delivery.alerts.models import AlertKind
from newsletter.i18n import translations

_ENDS = (".", "!", "?", "…")  # what a relay said last may lack it


@dataclass(frozen=True, slots=True)
class Words:
    """An alert in one language: a line, and two texts of a sentence or two."""

    title: str
    message: str
    remedy: str

    @property
    def line(self) -> str:
        """Everything that matters, on one line."""
        return f"{self.message} {self.remedy}"


def words(kind: AlertKind, facts: Mapping[str, Any], *, language: str) -> Words:
    """Say what an alert is about."""
    told = {**facts, **{name: moment(facts[name], language=language) for name in ("due_at", "since") if name in facts}}
    said = _WORDINGS[kind](told, language)
    return replace(said, message=said.message if said.message.endswith(_ENDS) else f"{said.message}.")


def moment(value: str | dt.datetime, *, language: str) -> str:
    """A moment for people, in UTC: `23. November 2026, 09:00 UTC`."""
    at = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    form = "d. MMMM y, HH:mm 'UTC'" if language == "de" else "d MMMM y, HH:mm 'UTC'"
    return format_datetime(at.astimezone(dt.UTC), form, locale=language)


def _with_reason(facts: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {**facts, "reason": reasons.told(str(facts["reason"]), language=language)}


def _mailing_paused(facts: Mapping[str, Any], language: str) -> Words:
    _ = translations(language).gettext
    return Words(
        _("“%(name)s” is paused") % facts,
        _("Mailing %(mailing)s, “%(name)s”, was paused by the system: %(reason)s") % _with_reason(facts, language),
        _("Mend what is wrong, then resume the mailing or cancel it. Until then nobody else gets it."),
    )


def _system_mail_paused(facts: Mapping[str, Any], language: str) -> Words:
    _ = translations(language).gettext
    return Words(
        _("Mails of the system are paused"),
        _("Mailing %(mailing)s, the system mail “%(name)s”, was paused: %(reason)s") % _with_reason(facts, language),
        _("Mend what is wrong, then resume it, and others that wait with it: whoever has signed up waits for them."),
    )


def _schedule_missed(facts: Mapping[str, Any], language: str) -> Words:
    _ = translations(language).gettext
    return Words(
        _("“%(name)s” was not sent in time") % facts,
        _("Mailing %(mailing)s, “%(name)s”, was due on %(due_at)s, and no worker ran.") % facts,
        _("See that a worker runs. Then read the issue again: resume the mailing if it is still right, or cancel it."),
    )


def _deliveries_unknown(facts: Mapping[str, Any], language: str) -> Words:
    catalogue = translations(language)
    _ = catalogue.gettext
    message = catalogue.ngettext(
        "Of mailing %(mailing)s, “%(name)s”, nobody can know whether %(number)s recipient has got it: "
        "the connection broke just before the relay's answer.",
        "Of mailing %(mailing)s, “%(name)s”, nobody can know whether %(number)s recipients have got it: "
        "the connection broke just before the relay's answer.",
        facts["number"],
    )
    return Words(
        _("“%(name)s”: not known whether it arrived") % facts,
        message % facts,
        _("Nothing is sent again by itself. Decide whether they get it once more, perhaps for the second time."),
    )


def _relay_failing(facts: Mapping[str, Any], language: str) -> Words:
    _ = translations(language).gettext
    return Words(
        _("The relay %(relay)s takes no mail") % facts,
        _("The relay %(relay)s has taken no mail since %(since)s: %(reply)s") % facts,
        _("Nothing is lost, and it is tried again by itself. Ask whoever runs it, or check its URL and password."),
    )


def _journal_unusable(facts: Mapping[str, Any], language: str) -> Words:
    _ = translations(language).gettext
    return Words(
        _("%(host)s cannot send") % facts,
        _("On %(host)s the journals cannot be written, so nothing is sent from there: %(reason)s") % facts,
        _("Make room on its disk, or give the folder of the journals back to the user that the worker runs as."),
    )


def _ledger_broken(facts: Mapping[str, Any], language: str) -> Words:
    _ = translations(language).gettext
    return Words(
        _("“%(name)s”: the numbers do not add up") % facts,
        _("Mailing %(mailing)s, “%(name)s”, was planned for %(planned)s recipients, its ledger has %(found)s.") % facts,
        _("Keep the database as it is, and restore a backup beside it. Send nothing of this issue until then."),
    )


_WORDINGS: dict[AlertKind, Callable[[Mapping[str, Any], str], Words]] = {
    AlertKind.MAILING_PAUSED: _mailing_paused,
    AlertKind.SYSTEM_MAIL_PAUSED: _system_mail_paused,
    AlertKind.SCHEDULE_MISSED: _schedule_missed,
    AlertKind.DELIVERIES_UNKNOWN: _deliveries_unknown,
    AlertKind.RELAY_FAILING: _relay_failing,
    AlertKind.JOURNAL_UNUSABLE: _journal_unusable,
    AlertKind.LEDGER_BROKEN: _ledger_broken,
}
