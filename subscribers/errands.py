"""Errands of readers: an act on all that is kept of them, behind a fresh link mailed to their address.

    match errands.ask(session, subscription, Errand.ERASE, secret=secret, by=by, now=now):
        case str() as token: …  # somebody above mails the link
        case None: …  # one went out a moment ago; answer the visitor exactly the same
    errands.subject(session, Errand.ERASE, token, secret=secret, now=now).subscriber

An issue may be forwarded, and with it the link to its reader's choices. So whatever shows a person's data, or
cannot be undone, needs a link that only the mailbox's owner gets. It counts for an hour, for one errand, for the
address it was mailed to, and only while it is the last of its kind: `close` ends all that a person has.
"""

import datetime as dt
import hmac
from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from subscribers import audit, tokens
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.address import EmailAddress
from subscribers.errors import TokenExpired
from subscribers.models import Errand, ErrandState, Subscriber, Subscription
from subscribers.orm import current
from subscribers.secret import Secret

# A second link within this time helps nobody, and would let whom an issue was forwarded to fill its reader's inbox.
PAUSE = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an errand is about; `address` is the new one in `Errand.NEW_ADDRESS`, else empty."""

    subscription: Subscription
    subscriber: Subscriber
    address: str
    asked_at: dt.datetime


def ask(
    session: Session, subscription: Subscription, errand: Errand, *, secret: Secret, by: Actor, now: dt.datetime
) -> str | None:
    """Make the token of a new link, to be mailed to the person; None where one went out a moment ago.

    Links to the same errand that were mailed before count no more.
    """
    by.require(CHANGE_OWN_CHOICES)
    subscriber = _locked(session, subscription)
    state = _state(session, subscriber, errand, now=now)
    if state.number and now - state.asked_at < PAUSE:
        return None
    return _next(session, subscription, subscriber, state, secret=secret, by=by, now=now)


def ask_new_address(
    session: Session, subscription: Subscription, address: EmailAddress, *, secret: Secret, by: Actor, now: dt.datetime
) -> str | None:
    """Make the token of a link to be mailed to another address, where the person wants their mail from now on.

    None where it was mailed there a moment ago. Whoever mistyped it may type it again: the link that was mailed to
    the wrong address counts no more.
    """
    by.require(CHANGE_OWN_CHOICES)
    subscriber = _locked(session, subscription)
    state = _state(session, subscriber, Errand.NEW_ADDRESS, now=now)
    if state.number and state.address == address.address and now - state.asked_at < PAUSE:
        return None
    state.address = address.address
    return _next(session, subscription, subscriber, state, secret=secret, by=by, now=now)


def subject(session: Session, errand: Errand, token: str, *, secret: Secret, now: dt.datetime) -> Subject:
    """Tell whom a link is about; locked, where the session may write.

    Raises:
        TokenInvalid: it was not made here for this errand.
        TokenExpired: it is too old, was used or followed by another, or the person is gone or has another address.
    """
    link = tokens.read_errand(secret, errand, token, now=now)
    subscription = session.get(Subscription, link.subscription_id)
    if subscription is None:
        raise TokenExpired(link.subscription_id)
    subscriber = _locked(session, subscription)
    state = current(session, ErrandState, (subscriber.id, errand.value))
    digest = tokens.address_digest(secret, subscriber.address_key)
    if (
        subscriber.erased_at is not None
        or state is None
        or state.number != link.number
        or not hmac.compare_digest(digest, link.address_digest)
    ):
        raise TokenExpired(link.subscription_id)
    return Subject(subscription, subscriber, state.address, state.asked_at)


def close(session: Session, subscriber_id: int) -> None:
    """Part of an errand that was run: no link that a person was mailed counts any more, and no new address is kept."""
    session.execute(
        update(ErrandState)
        .where(ErrandState.subscriber_id == subscriber_id)
        .values(number=ErrandState.number + 1, address="")
        .execution_options(synchronize_session="fetch")
    )


def _locked(session: Session, subscription: Subscription) -> Subscriber:
    """The person, locked before anything else of them; there is one, as the tables demand it."""
    subscriber = current(session, Subscriber, subscription.subscriber_id)
    assert subscriber is not None  # noqa: S101  # a foreign key
    return subscriber


def _state(session: Session, subscriber: Subscriber, errand: Errand, *, now: dt.datetime) -> ErrandState:
    found = current(session, ErrandState, (subscriber.id, errand.value))
    if found is None:
        found = ErrandState(subscriber_id=subscriber.id, errand=errand.value, number=0, asked_at=now, address="")
        session.add(found)
    return found


def _next(
    session: Session,
    subscription: Subscription,
    subscriber: Subscriber,
    state: ErrandState,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> str:
    state.number += 1
    state.asked_at = now
    audit.record(session, f"errand.{state.errand}", f"subscription:{subscription.id}", by=by, now=now)
    return tokens.errand(
        secret,
        Errand(state.errand),
        subscription.id,
        number=state.number,
        address_key=subscriber.address_key,
        now=now,
    )
