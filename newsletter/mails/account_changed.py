"""The mail to one of the staff whose account can be entered in another way than before.

It asks for nothing and has no link: whoever did not do it turns to an admin.
"""

import datetime as dt
from enum import StrEnum

from sqlalchemy.orm import Session

from newsletter.delivery import mailings
from newsletter.delivery.alerts.wording import moment
from newsletter.rendering.compiled import CompiledIssue, Mailbox
from newsletter.rendering.system_mail import compile_system_mail
from newsletter.settings import templates_folder
from subscribers.actor import Actor

NAME = "account_changed"


class Change(StrEnum):
    """What has changed; each has its sentence in the templates."""

    PASSWORD = "password"  # noqa: S105  # the name of a change
    PASSKEY_ADDED = "passkey added"
    PASSKEY_REMOVED = "passkey removed"
    CODES_ON = "code generator added"
    CODES_OFF = "code generator removed"
    RECOVERY_CODES = "recovery codes"
    SECOND_FACTOR_RESET = "second factor reset"


def send(
    session: Session, change: Change, *, address: str, language: str, sender: Mailbox, by: Actor, now: dt.datetime
) -> None:
    """Hand the mail to delivery."""
    mailings.send_system_mail(
        session,
        compiled(change, sender=sender, language=language, now=now),
        name=NAME,
        address=address,
        subscriber_id=None,
        subscription_id=None,
        fields={},
        by=by,
        now=now,
    )


def compiled(change: Change, *, sender: Mailbox, language: str, now: dt.datetime) -> CompiledIssue:
    """The mail about one change in one language."""
    return compile_system_mail(
        templates_folder() / "mail" / NAME,
        language=language,
        sender=sender,
        facts={"change": change.value, "at": moment(now, language=language)},
    )
