"""The states that wait for a person, as values that can be raised.

    raising.raise_alert(session, causes.journal_unusable("mail-2", "the disk is full"), now=now)

Facts go out by mail and web hook and stand in the table as long as it does, so no reader's address is
among them: replies of relays love to repeat one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.delivery.alerts.models import AlertKind
from newsletter.delivery.discretion import masked
from newsletter.delivery.models import Mailing, Relay

Fact = str | int


@dataclass(frozen=True, slots=True)
class Cause:
    """A state, and what is to be known of it.

    `occurrence` rises where it happens anew; 0 where nothing tells one time from the next, so that each
    raising counts. One that falls is news of the same time: what is known changes, and nobody is told again.
    """

    kind: AlertKind
    key: str
    facts: Mapping[str, Fact]
    mailing_id: int | None = None
    occurrence: int = field(default=0)


def mailing_paused(mailing: Mailing) -> Cause:
    """The system paused a mailing; each pause has an epoch of its own."""
    facts = {**_of_mailing(mailing.id, mailing.name), "reason": masked(mailing.reason)}
    return Cause(AlertKind.MAILING_PAUSED, f"mailing:{mailing.id}:paused", facts, mailing.id, mailing.epoch)


def system_mail_paused(first: Mailing) -> Cause:
    """The system paused mail of its own, of which this is the first; when that goes on, the next one is named."""
    facts = {**_of_mailing(first.id, first.name), "reason": masked(first.reason)}
    return Cause(AlertKind.SYSTEM_MAIL_PAUSED, "mailings:system:paused", facts, first.id, -first.id)


def schedule_missed(mailing: Mailing) -> Cause:
    """A mailing was due, and nobody began with it in time."""
    facts = {**_of_mailing(mailing.id, mailing.name), "due_at": _moment(mailing.due_at)}
    occurrence = int(mailing.due_at.timestamp())
    return Cause(AlertKind.SCHEDULE_MISSED, f"mailing:{mailing.id}:late", facts, mailing.id, occurrence)


def deliveries_unknown(mailing_id: int, name: str, *, number: int) -> Cause:
    """Of so many recipients of an issue nobody can know whether they got it; more of them is a new occurrence."""
    facts = {**_of_mailing(mailing_id, name), "number": number}
    return Cause(AlertKind.DELIVERIES_UNKNOWN, f"mailing:{mailing_id}:unknown", facts, mailing_id, number)


def relay_failing(relay: Relay) -> Cause:
    """A relay has taken no mail for a while."""
    facts = {"relay": relay.name, "since": _moment(relay.since), "reply": masked(relay.reply)}
    return Cause(AlertKind.RELAY_FAILING, relay_key(relay.name), facts, occurrence=1)


def relay_key(name: str) -> str:
    """The key of the alert about a relay."""
    return f"relay:{name}"


def journal_unusable(host: str, reason: str) -> Cause:
    """A machine cannot write its journals, and so sends nothing."""
    return Cause(AlertKind.JOURNAL_UNUSABLE, journal_key(host), {"host": host, "reason": masked(reason)})


def journal_key(host: str) -> str:
    """The key of the alert about a machine's journals."""
    return f"journal:{host}"


def ledger_broken(mailing_id: int, name: str, *, planned: int, found: int) -> Cause:
    """The rows of a mailing are not as many as were planned."""
    facts = {**_of_mailing(mailing_id, name), "planned": planned, "found": found}
    return Cause(AlertKind.LEDGER_BROKEN, ledger_key(mailing_id), facts, mailing_id, 1)


def ledger_key(mailing_id: int) -> str:
    """The key of the alert about a mailing's sum."""
    return f"mailing:{mailing_id}:ledger"


def _of_mailing(mailing_id: int, name: str) -> dict[str, Fact]:
    return {"mailing": mailing_id, "name": name}


def _moment(at: dt.datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else ""
