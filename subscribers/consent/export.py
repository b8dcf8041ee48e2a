"""Everything about one person's consent, as JSON values: what the law lets the person ask for."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers import people
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.address import EmailAddress
from subscribers.consent import sealing
from subscribers.models import ConsentEvidence, ConsentRecord, MailingList, Subscription, Wording


def export(session: Session, address: EmailAddress, *, by: Actor) -> dict[str, Any]:
    """Tell a person's whole history.

    Keys: `id`, `address`, `subscriptions` (list, name, state, since, asked, measured, measuring), `records`,
    the oldest first (sequence, list, kind, at, actor, source, wording, evidence, commitment, salt,
    previous, digest), and `seal`. `wording` is the exact text shown, with its language and digest, or None;
    `evidence` and `salt` are None once erased. `measuring` says in words what `measured` means: never asked,
    agreed, refused. `seal` is the newest seal that holds records of the person (number, at, digest), or None.
    Times are ISO 8601 in UTC.

    Raises:
        SubscriberNotFound: nobody is known under the address.
    """
    by.require(MANAGE_PEOPLE)
    subscriber = people.known(session, address)
    return {
        "id": subscriber.id,
        "address": subscriber.address,
        "subscriptions": _subscriptions(session, subscriber.id),
        "records": _records(session, subscriber.id),
        "seal": _seal(session, subscriber.id),
    }


_MEASURING = {None: "never asked", True: "agreed", False: "refused"}


def _subscriptions(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(Subscription, MailingList.slug, MailingList.name)
        .join(MailingList, MailingList.id == Subscription.list_id)
        .where(Subscription.subscriber_id == subscriber_id)
        .order_by(MailingList.slug)
    )
    return [
        {
            "list": slug,
            "name": name,
            "state": subscription.state,
            "since": subscription.changed_at.isoformat(),
            "asked": subscription.created_at.isoformat(),
            "measured": subscription.measured,
            "measuring": _MEASURING[subscription.measured],
        }
        for subscription, slug, name in rows
    ]


def _records(session: Session, subscriber_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(ConsentRecord, MailingList.slug, Wording, ConsentEvidence)
        .join(MailingList, MailingList.id == ConsentRecord.list_id)
        .outerjoin(Wording, Wording.digest == ConsentRecord.wording)
        .outerjoin(ConsentEvidence, ConsentEvidence.record_id == ConsentRecord.id)
        .where(ConsentRecord.subscriber_id == subscriber_id)
        .order_by(ConsentRecord.sequence)
    )
    return [
        {
            "sequence": record.sequence,
            "list": slug,
            "kind": record.kind,
            "at": record.at.isoformat(),
            "actor": record.actor,
            "source": record.source,
            "wording": _wording(wording),
            **_evidence(evidence),
            "commitment": record.commitment,
            "previous": record.previous,
            "digest": record.digest,
        }
        for record, slug, wording, evidence in rows
    ]


def _seal(session: Session, subscriber_id: int) -> dict[str, Any] | None:
    seal = sealing.seal_of(session, subscriber_id)
    return None if seal is None else {"number": seal.number, "at": seal.at.isoformat(), "digest": seal.digest}


def _wording(wording: Wording | None) -> dict[str, str] | None:
    if wording is None:
        return None
    return {"digest": wording.digest, "language": wording.language, "text": wording.text}


def _evidence(evidence: ConsentEvidence | None) -> dict[str, Any]:
    if evidence is None:
        return {"evidence": None, "salt": None}
    return {"evidence": evidence.data, "salt": evidence.salt.hex()}
