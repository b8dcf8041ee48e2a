"""Being measured, which is a choice apart from receiving: yes, no, or never asked."""

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
    ip: str | None = None,
) -> bool:
    """Let a reader be measured from now on; tell whether that is new."""
    by.require(CHANGE_OWN_CHOICES)
    subscription.measured = True
    kind, evidence = ConsentKind.MEASURING_AGREED, {"ip": ip}
    shown = consent.keep_wording(session, wording, language=language, now=now)
    subscriptions.record(
        session, subscription, kind, source=source, wording=shown, evidence=evidence, secret=secret, by=by, now=now
    )
    audit.record(session, "measuring.agree", f"subscription:{subscription.id}", by=by, now=now)
    return True


def refuse(
    session: Session,
    subscription: Subscription,
    *,
    source: str,
    secret: Secret,
    by: Actor,
    now: dt.datetime,
    ip: str | None = None,
) -> bool:
    """Measure a reader no more; tell whether that is new."""
    by.require(CHANGE_OWN_CHOICES)
    subscription.measured = False
    kind, evidence = ConsentKind.MEASURING_REFUSED, {"ip": ip}
    subscriptions.record(session, subscription, kind, source=source, evidence=evidence, secret=secret, by=by, now=now)
    audit.record(session, "measuring.refuse", f"subscription:{subscription.id}", by=by, now=now)
    return True
