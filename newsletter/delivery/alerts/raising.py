"""Raising an alert and ending it: one open alert a key, whoever is faster.

    raising.raise_alert(session, causes.journal_unusable(host, reason), now=now)
    raising.end_alert(session, causes.journal_key(host), now=now)

One statement each, so many processes may do it at once. What is raised again while it is open only
counts; where it happened anew (`Cause.occurrence` rose), it is told again, and an acknowledgement of what
was before does not cover it. A mail about the same key goes out once in `MAIL_PAUSE` at most.
"""

import datetime as dt

from sqlalchemy import case, func, null, or_, select, text, update
from sqlalchemy.orm import Session

from newsletter.delivery.alerts.causes import Cause
from newsletter.delivery.alerts.models import Alert
from subscribers.orm import upsert

MAIL_PAUSE = dt.timedelta(hours=1)


def raise_alert(session: Session, cause: Cause, *, now: dt.datetime) -> None:
    """Raise an alert, or count on the open one of its key."""
    fresh = upsert(session, Alert).values(
        key=cause.key,
        kind=cause.kind.value,
        mailing_id=cause.mailing_id,
        facts=dict(cause.facts),
        occurrence=cause.occurrence,
        raised_at=now,
        last_at=now,
        count=1,
        acknowledged_by="",
        mail_due_at=_mail_due_at(session, cause.key, now=now),
        mail_failures=0,
        hook_due_at=now,
        hook_failures=0,
    )
    new = fresh.excluded
    is_anew = new.occurrence > Alert.occurrence
    counts = or_(is_anew, new.occurrence == 0)
    again = fresh.on_conflict_do_update(
        index_elements=[Alert.key],
        index_where=text("ended_at IS NULL"),
        set_={
            "mailing_id": new.mailing_id,
            "facts": new.facts,
            "occurrence": new.occurrence,
            "count": Alert.count + case((counts, 1), else_=0),
            "last_at": case((counts, new.last_at), else_=Alert.last_at),
            "acknowledged_at": case((is_anew, null()), else_=Alert.acknowledged_at),
            "acknowledged_by": case((is_anew, ""), else_=Alert.acknowledged_by),
            "mail_due_at": case((is_anew, new.mail_due_at), else_=Alert.mail_due_at),
            "mail_failures": case((is_anew, 0), else_=Alert.mail_failures),
            "hook_due_at": case((is_anew, new.hook_due_at), else_=Alert.hook_due_at),
            "hook_failures": case((is_anew, 0), else_=Alert.hook_failures),
        },
        where=or_(counts, new.occurrence != Alert.occurrence),
    )
    session.execute(again, execution_options={"synchronize_session": False})


def end_alert(session: Session, key: str, *, now: dt.datetime) -> None:
    """Note that the state is over; where no alert of that key is open, nothing changes."""
    session.execute(
        update(Alert)
        .where(Alert.key == key, Alert.ended_at.is_(None))
        .values(ended_at=now, mail_due_at=None, hook_due_at=None)
        .execution_options(synchronize_session=False)
    )


def _mail_due_at(session: Session, key: str, *, now: dt.datetime) -> dt.datetime:
    mailed_at = session.scalar(select(func.max(Alert.mailed_at)).where(Alert.key == key))
    return max(now, mailed_at + MAIL_PAUSE) if mailed_at else now
