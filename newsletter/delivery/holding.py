"""The holders of what was sent: the ledger, and Maildirs that stand for a relay.

A row of the ledger stays when its recipient is erased, so that the sum adds up; whom it was for, and what the relay
said of them, goes. What was still to go out is excluded at once, also from open leases: should a sender be faster, the
reply is a fact and overrides that.
"""

import datetime as dt
import email.policy
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, literal, or_, select, update
from sqlalchemy.orm import Session

from newsletter.content import variants
from newsletter.delivery.assembly import filled
from newsletter.delivery.models import Delivery, DeliveryAttempt, DeliveryState, Mailing, MailingKind, MailingState
from newsletter.delivery.recipients import CONFIRM_TOKEN, ERRAND_PATH, Links, recipient_of
from newsletter.delivery.transports.urls import MaildirUrl, parse
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue
from subscribers.address import EmailAddress
from subscribers.audience import Exclusion
from subscribers.errors import AddressInvalid
from subscribers.holders import DataSubject, Found, Holder
from subscribers.models import Subscription

_WAITING = (DeliveryState.QUEUED.value, DeliveryState.DEFERRED.value)
_KEYS = (CONFIRM_TOKEN, ERRAND_PATH)  # fields that open a page, and are no datum of anybody


def ledger_holder() -> Holder:
    """What was planned for a person, and what became of it."""
    return Holder("mails", (Delivery, DeliveryAttempt), _mails, _erase_mails)


def maildir_holders(relay_urls: Iterable[str]) -> Iterator[Holder]:
    """Of relays, those that are folders: whoever may write there holds what was sent."""
    for url in relay_urls:
        if url.lower().startswith("maildir:"):
            parsed = parse(url)
            if isinstance(parsed, MaildirUrl):
                yield maildir_holder(parsed.folder)


def maildir_holder(folder: Path) -> Holder:
    """The messages in a Maildir that are for a person: a file each."""

    def disclose(session: Session, of: DataSubject) -> Found:
        del session
        return [{"file": path.name} for path in sorted(_messages_to(folder, of))]

    def erase(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
        del session, now
        for path in list(_messages_to(folder, of)):
            path.unlink(missing_ok=True)

    return Holder("maildir", (), disclose, erase)


def blanked() -> dict[Any, Any]:
    """The values of a row that tells nothing of its recipient any more; its key stays unique in the mailing."""
    return {
        Delivery.address: "",
        Delivery.address_key: literal("erased:") + cast(Delivery.position, String),
        Delivery.fields: {},
        Delivery.variant: None,
        Delivery.reply: "",
    }


def _mails(session: Session, of: DataSubject) -> Found:
    rows = session.execute(
        select(Delivery, Mailing)
        .join(Mailing, Mailing.id == Delivery.mailing_id)
        .where(_theirs(of))
        .order_by(Mailing.id, Delivery.position)
    ).all()
    compiled: dict[str, CompiledIssue] = {}
    for _, mailing in rows:
        if mailing.compiled not in compiled:
            compiled[mailing.compiled] = compilations.load(session, mailing.compiled)
    return [_mail(session, delivery, mailing, compiled[mailing.compiled]) for delivery, mailing in rows]


def _mail(session: Session, delivery: Delivery, mailing: Mailing, everything: CompiledIssue) -> dict[str, Any]:
    compiled = _compiled_for(session, delivery, everything)
    recipient = recipient_of(delivery.address, delivery.fields, language=compiled.language)
    return {
        "mailing": mailing.id,
        "kind": mailing.kind,
        "subject": filled(compiled.subject, recipient, Links(), escaped=False),
        "planned": mailing.created_at.isoformat(),
        "state": delivery.state,
        "at": delivery.at.isoformat() if delivery.at else None,
        "address": delivery.address,
        "fields": {name: value for name, value in delivery.fields.items() if name not in _KEYS},
        "topics": _topics(delivery, everything),
        "reply": _reply(delivery),
        "earlier_replies": [_reply(attempt) for attempt in _attempts(session, delivery)],
    }


def _compiled_for(session: Session, delivery: Delivery, everything: CompiledIssue) -> CompiledIssue:
    """The mail in the person's language, also where none was left for them."""
    choices = everything.choices
    if choices is None or delivery.variant is None or not variants.is_in_second(delivery.variant, choices.sections):
        return everything
    return compilations.load_in(session, everything, choices.language) or everything


def _topics(delivery: Delivery, compiled: CompiledIssue) -> list[str] | None:
    """By which topics blocks were left out for the person; None where they were not."""
    if delivery.variant is None or compiled.choices is None or not compiled.choices.sections:
        return None
    return list(variants.chosen_for(delivery.variant, compiled.choices.sections))


def _attempts(session: Session, delivery: Delivery) -> Sequence[DeliveryAttempt]:
    of_row = and_(DeliveryAttempt.mailing_id == delivery.mailing_id, DeliveryAttempt.position == delivery.position)
    return session.scalars(select(DeliveryAttempt).where(of_row).order_by(DeliveryAttempt.id)).all()


def _reply(row: Delivery | DeliveryAttempt) -> str:
    return " ".join(filter(None, (str(row.code or ""), row.enhanced, row.reply)))


def _erase_mails(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
    # Whoever is freezing an audience at this moment is waited for; then their rows are seen here.
    session.execute(select(Mailing.id).where(Mailing.state == MailingState.PLANNING.value).with_for_update()).all()
    rows = session.execute(select(Delivery.mailing_id, Delivery.position).where(_theirs(of))).all()
    for mailing_id, position in rows:
        of_row = DeliveryAttempt.mailing_id == mailing_id, DeliveryAttempt.position == position
        session.execute(
            update(DeliveryAttempt).where(*of_row).values(reply="").execution_options(synchronize_session=False)
        )
    waits = Delivery.state.in_(_WAITING)
    session.execute(
        update(Delivery)
        .where(_theirs(of))
        .values(blanked())
        .values(
            state=case((waits, DeliveryState.EXCLUDED.value), else_=Delivery.state),
            reason=case((waits, Exclusion.ERASED.value), else_=Delivery.reason),
            at=case((waits, now), else_=Delivery.at),
            next_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def _theirs(of: DataSubject) -> ColumnElement[bool]:
    """The rows planned for the person; and what knows no person: mail about another address, and tests to this one."""
    subscriptions = select(Subscription.id).where(Subscription.subscriber_id == of.subscriber_id)
    to_another_address = and_(Delivery.subscriber_id.is_(None), Delivery.subscription_id.in_(subscriptions))
    tests = select(Mailing.id).where(Mailing.kind == MailingKind.TEST.value)
    to_the_address = and_(Delivery.mailing_id.in_(tests), Delivery.address_key == of.address_key)
    return or_(Delivery.subscriber_id == of.subscriber_id, to_another_address, to_the_address)


def _messages_to(folder: Path, of: DataSubject) -> Iterator[Path]:
    headers = BytesHeaderParser(policy=email.policy.SMTP)
    for name in ("tmp", "new", "cur"):
        for path in folder.glob(f"{name}/*"):
            with suppress(FileNotFoundError), path.open("rb") as file:
                if _is_to(headers.parse(file).get("To"), of):
                    yield path


def _is_to(field: Any, of: DataSubject) -> bool:
    for mailbox in getattr(field, "addresses", ()):
        with suppress(AddressInvalid):
            if EmailAddress.parse(mailbox.addr_spec).key == of.address_key:
                return True
    return False
