"""Ending sessions of one's own on other devices."""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.accounts import sessions
from newsletter.accounts.own_account import require_oneself
from newsletter.accounts.staff import one
from subscribers import audit
from subscribers.actor import Actor


def end_other(session: Session, session_id: int, *, user_id: int, by: Actor, now: dt.datetime) -> None:
    """End one session; another's, or one that is over, is left alone."""
    require_oneself(one(session, user_id), by=by)
    if sessions.end(session, session_id, user_id=user_id):
        audit.record(session, "staff.session-end", f"staff:{user_id}", by=by, now=now, sessions=1)


def end_others(session: Session, *, but: int, user_id: int, by: Actor, now: dt.datetime) -> None:
    """End all sessions but one."""
    require_oneself(one(session, user_id), by=by)
    if ended := sessions.end_all(session, user_id, but=but):
        audit.record(session, "staff.session-end", f"staff:{user_id}", by=by, now=now, sessions=ended)
