"""Batches: a few windows of a mailing that an engine hands out together.

    batches.enqueue_open(session, mailing)            # planned, resumed: whatever has open windows
    batches.ended(session, run)                       # and what is left of it is due later
    batches.reconcile(session, now=now)               # what was forgotten, by whomever

Batch 0 of a mailing is the freezing of its audience. A run that ended is never run again, so each
handing over raises `runs` in the transaction that wants it; only the latest run of a batch is followed by
another one. That is all the engine knows of a mailing: what is to be sent stands in the windows.
"""

import datetime as dt

from sqlalchemy import ForeignKey, and_, func, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from newsletter.delivery.jobs import BatchRun, jobs_of
from newsletter.delivery.models import Mailing, MailingKind, MailingState, Window, WindowState
from subscribers.orm import Base, current, upsert

AUDIENCE = 0
AT_A_TIME = 100  # are handed over in one transaction: a quarter of a second on SQLite
WINDOWS = 2  # of a batch: four hundred people at most, so that whoever comes next finds something to do too


class Batch(Base):
    """How often a batch of a mailing was handed over to an engine."""

    __tablename__ = "delivery_batch"

    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    runs: Mapped[int]


def enqueue(session: Session, mailing: Mailing, number: int, *, at: dt.datetime) -> None:
    """Hand a batch over, to be run at that time."""
    counted = upsert(session, Batch).values(mailing_id=mailing.id, number=number, runs=1)
    once_more = counted.on_conflict_do_update(
        index_elements=[Batch.mailing_id, Batch.number], set_={"runs": Batch.runs + 1}
    )
    runs = session.execute(once_more.returning(Batch.runs)).scalar_one()
    is_urgent = mailing.kind != MailingKind.ISSUE
    jobs_of(session).enqueue(session, BatchRun(mailing.id, number, runs), at=at, urgent=is_urgent)


def enqueue_audience(session: Session, mailing: Mailing) -> None:
    """Hand over the freezing of an audience."""
    enqueue(session, mailing, AUDIENCE, at=mailing.due_at)


def enqueue_open(session: Session, mailing: Mailing, *, number: int | None = None) -> None:
    """Hand over the batches that have open windows, or this one if it has; each when its first window is due.

    No more than `AT_A_TIME`, because others wait for the transaction: `reconcile` hands over the rest.
    """
    if mailing.state != MailingState.SENDING:
        return
    due = (
        select(Window.batch, func.min(Window.due_at))
        .where(Window.mailing_id == mailing.id, Window.state == WindowState.OPEN.value)
        .group_by(Window.batch)
        .order_by(Window.batch)
        .limit(AT_A_TIME)
    )
    if number is not None:
        due = due.where(Window.batch == number)
    for batch, at in session.execute(due).all():
        enqueue(session, mailing, batch, at=at)


def ended(session: Session, run: BatchRun) -> None:
    """Have what a run left be run again when it is due; a later run, if there is one, sees to it itself."""
    mailing = current(session, Mailing, run.mailing)
    runs = session.scalar(select(Batch.runs).where(Batch.mailing_id == run.mailing, Batch.number == run.batch))
    if mailing is not None and run.batch != AUDIENCE and runs == run.run:
        enqueue_open(session, mailing, number=run.batch)


def reconcile(session: Session, *, now: dt.datetime) -> int:
    """Hand over what is due and has no run that lives; give the number of batches.

    No more than `AT_A_TIME`: call it again in another transaction while it does so many.
    """
    wanted = dict(_due(session, now=now))
    forgotten = sorted(jobs_of(session).without_life(session, wanted))[:AT_A_TIME]
    for run in forgotten:
        enqueue(session, session.get_one(Mailing, run.mailing), run.batch, at=wanted[run])
    return len(forgotten)


def _due(session: Session, *, now: dt.datetime) -> list[tuple[BatchRun, dt.datetime]]:
    """Every batch with something due, with its latest run, 0 where there was none, and since when it is due."""
    windows = (
        select(Window.mailing_id, Window.batch, func.coalesce(func.max(Batch.runs), 0), func.min(Window.due_at))
        .join(Mailing, Mailing.id == Window.mailing_id)
        .outerjoin(Batch, and_(Batch.mailing_id == Window.mailing_id, Batch.number == Window.batch))
        .where(
            Mailing.state == MailingState.SENDING.value,
            Window.state == WindowState.OPEN.value,
            Window.due_at <= now,
        )
        .group_by(Window.mailing_id, Window.batch)
    )
    audiences = (
        select(Mailing.id, literal(AUDIENCE), func.coalesce(Batch.runs, 0), Mailing.due_at)
        .outerjoin(Batch, and_(Batch.mailing_id == Mailing.id, Batch.number == AUDIENCE))
        .where(Mailing.state == MailingState.PLANNING.value, Mailing.due_at <= now)
    )
    found = [*session.execute(windows), *session.execute(audiences)]
    return [(BatchRun(mailing, batch, runs), at) for mailing, batch, runs, at in found]
