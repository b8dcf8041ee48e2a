"""Being measured, which is a choice apart from receiving: yes, no, or never asked.

measuring.agree(session, subscription, wording=words, language="de", source="settings page", …)
"""

import datetime as dt

from sqlalchemy.orm import Session

from subscribers import audit, consent, subscriptions
from subscribers.actor import CHANGE_OWN_CHOICES, Actor
from subscribers.models import ConsentKind, Subscription
from subscribers.secret import Secret


def agree(
    session: Session,
    subscription: Subscription,
    *,
    wording: str,
    language: str,
    source: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Let a reader be measured, who was shown these words; a second time changes nothing."""
    by.require(CHANGE_OWN_CHOICES)
    _decide(session, subscription, True, wording, language, source, secret=secret, by=by, now=now)
    audit.record(session, "subscription.measure", f"subscription:{subscription.id}", by=by, now=now, measured=True)


def refuse(
    session: Session,
    subscription: Subscription,
    *,
    wording: str,
    language: str,
    source: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    """Measure a reader no more; a second time changes nothing."""
    by.require(CHANGE_OWN_CHOICES)
    _decide(session, subscription, False, wording, language, source, secret=secret, by=by, now=now)
    audit.record(session, "subscription.measure", f"subscription:{subscription.id}", by=by, now=now, measured=False)


def _decide(  # noqa: PLR0917  # one caller
    session: Session,
    subscription: Subscription,
    measured: bool,  # noqa: FBT001
    wording: str,
    language: str,
    source: str,
    *,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
) -> None:
    if subscription.measured is measured:
        return
    subscription.measured = measured
    kind = ConsentKind.MEASURING_AGREED if measured else ConsentKind.MEASURING_REFUSED
    shown = consent.keep_wording(session, wording, language=language, now=now)
    subscriptions.record(
        session, subscription, kind, source=source, evidence={}, wording=shown, secret=secret, by=by, now=now
    )
