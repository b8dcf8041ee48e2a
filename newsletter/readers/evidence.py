"""All that proves one person's consent, as JSON values: what a court, or the person, asks for.

It is `consent.export`, with what delivery knows of the mails that asked for confirmation, the words in
them, and what a check of the person's chain found at this moment.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import message_ids
from newsletter.delivery.models import Delivery, Mailing, MailingKind
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue, Part
from newsletter.texts.letters import CONFIRMATION
from subscribers import consent
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.consent.verification import verify_person
from subscribers.models import Wording
from subscribers.secret import Secret

PERSONAL = "[…]"  # stands for what each mail has of its own: it would be a link that confirms


def evidence_of(
    session: Session, address: EmailAddress, *, secret: Secret, by: Actor, now: dt.datetime
) -> dict[str, Any]:
    """Tell what proves a person's consent.

    Keys: those of `consent.export`; `made_at`; `verified` (holds, records, breaks as sentences); `wordings`, by
    digest the exact texts that the evidence names beside those the records were agreed to; and `mails`,
    the oldest first: the confirmation mails (name, queued_at, at, state, message_id, sender, subject, text, relay,
    code, reply, content_digest). `at` is when the relay answered, None before; `content_digest` is the
    SHA-256 of the message's octets.

    Raises:
        SubscriberNotFound: nobody is known under the address.
    """
    told = consent.export(session, address, by=by)
    verification = verify_person(session, told["id"], secret=secret)
    return {
        **told,
        "wordings": _wordings(session, told["records"]),
        "mails": _mails(session, told["id"], secret=secret),
        "made_at": now.isoformat(timespec="seconds"),
        "verified": {
            "holds": verification.holds,
            "records": verification.records,
            "breaks": [str(each) for each in verification.breaks],
        },
    }


def _wordings(session: Session, records: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The texts whose digests stand in the evidence: of the box on measuring, and of proof that was imported."""
    evidence = [record["evidence"] or {} for record in records]
    named = {(each.get("measuring") or {}).get("wording") for each in evidence}
    named |= {(each.get("proof") or {}).get("wording") for each in evidence}
    found = session.scalars(select(Wording).where(Wording.digest.in_(named - {None})).order_by(Wording.digest))
    return {wording.digest: wording.text for wording in found}


def _mails(session: Session, subscriber_id: int, *, secret: Secret) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Delivery, Mailing)
        .join(Mailing, Mailing.id == Delivery.mailing_id)
        .where(
            Delivery.subscriber_id == subscriber_id,
            Mailing.kind == MailingKind.SYSTEM.value,
            Mailing.name == CONFIRMATION.short_name,
        )
        .order_by(Mailing.created_at, Mailing.id)
    )
    key = message_ids.key_of(secret)
    return [_mail(delivery, mailing, compilations.load(session, mailing.compiled), key) for delivery, mailing in rows]


def _mail(delivery: Delivery, mailing: Mailing, compiled: CompiledIssue, key: bytes) -> dict[str, Any]:
    return {
        "name": mailing.name,
        "queued_at": mailing.created_at.isoformat(),
        "at": delivery.at.isoformat() if delivery.at else None,
        "state": delivery.state,
        "message_id": message_ids.message_id(
            key,
            compiled.sender.address.rpartition("@")[2],
            issue_id=None,
            subscriber_id=delivery.subscriber_id,
            mailing_id=delivery.mailing_id,
            position=delivery.position,
        ),
        "sender": compiled.sender.address,
        "subject": _neutral(compiled.subject),
        "text": _neutral(compiled.text),
        "relay": delivery.relay,
        "code": delivery.code,
        "reply": delivery.reply,
        "content_digest": delivery.content_digest,
    }


def _neutral(parts: tuple[Part, ...]) -> str:
    return "".join(part if isinstance(part, str) else PERSONAL for part in parts).strip()
