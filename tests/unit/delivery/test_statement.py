import datetime as dt
import tracemalloc
from collections import Counter
from itertools import islice

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import ledger, planning, statement
from newsletter.delivery.mailings import MailingNotFound
from newsletter.delivery.models import Delivery, Mailing, Window
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import NOW

STATES = ("queued", "accepted", "deferred", "expired", "rejected", "excluded", "cancelled", "unknown")


def _filled(session: Session, people: int, *states: str) -> Mailing:
    """A running mailing of so many people, in windows of 200, whose rows take these states in turn."""
    mailing = a_mailing(session, [])
    planning.plan_chunk(session, mailing.id, now=NOW)
    mailing.state, mailing.finished_at, mailing.next_position = "sending", None, people + 1
    session.execute(
        insert(Delivery),
        [
            {
                "mailing_id": mailing.id,
                "position": position,
                "address": f"r{position}@example.org",
                "address_key": f"r{position}@example.org",
                "fields": {},
                "state": states[position % len(states)],
                "next_at": NOW + dt.timedelta(minutes=position % 2),
                "reply": "later " * 20,
            }
            for position in range(1, people + 1)
        ],
    )
    session.execute(
        insert(Window),
        [
            {
                "mailing_id": mailing.id,
                "first_position": first,
                "last_position": min(first + 199, people),
                "provider": "other",
                "batch": 1,
                "due_at": NOW,
            }
            for first in range(1, people + 1, 200)
        ],
    )
    session.flush()
    return mailing


def _positions(session: Session, mailing: Mailing, state: str | None = None) -> list[int]:
    return [row.position for row in statement.deliveries(session, mailing.id, state=state)]


def test_every_row_comes_once_in_order(session: Session) -> None:
    mailing = _filled(session, 2345, *STATES)

    assert _positions(session, mailing) == list(range(1, 2346))


def test_the_rows_of_a_state_are_as_many_as_the_statement_says(session: Session) -> None:
    mailing = _filled(session, 2345, *STATES)
    for token in ("a", "b"):
        assert ledger.claim(session, "me", token=token, now=NOW)

    made = statement.statement(session, mailing.id).as_json()
    shown = {state: _positions(session, mailing, state) for state in (*STATES, "sending")}

    assert {state: len(rows) for state, rows in shown.items()} == {state: made[state] for state in shown}
    assert sorted(position for rows in shown.values() for position in rows) == list(range(1, 2346))
    assert shown["sending"]


def test_sending_is_what_open_leases_hold_and_nothing_else(session: Session) -> None:
    mailing = _filled(session, 600, "queued", "accepted", "deferred")
    _claim_second_window(session)

    sending = _positions(session, mailing, "sending")

    # Of 201 … 400: the queued, and of the deferred those that were due when the lease began.
    assert sending == [p for p in range(201, 401) if p % 3 == 0 or (p % 3 == 2 and p % 2 == 0)]
    assert _positions(session, mailing, "queued") == [p for p in range(1, 601) if p % 3 == 0 and not 201 <= p <= 400]
    waiting = [p for p in range(1, 601) if p % 3 == 2 and not (201 <= p <= 400 and p % 2 == 0)]
    assert _positions(session, mailing, "deferred") == waiting
    by_state = Counter(row.state for row in statement.deliveries(session, mailing.id))
    assert by_state == {"accepted": 200, "sending": len(sending), "queued": 133, "deferred": len(waiting)}


def _claim_second_window(session: Session) -> None:
    first = ledger.claim(session, "me", token="a", now=NOW)
    second = ledger.claim(session, "me", token="b", now=NOW)
    assert first is not None
    assert second is not None
    assert (first.first_position, second.first_position) == (1, 201)
    ledger.end(session, first.owner, now=NOW)


def test_what_a_window_held_is_sending_no_more_when_its_lease_has_ended(session: Session) -> None:
    mailing = _filled(session, 200, "queued")
    lease = ledger.claim(session, "me", token="t", now=NOW)
    assert lease is not None
    assert len(_positions(session, mailing, "sending")) == 200

    ledger.end(session, lease.owner, now=NOW)

    assert _positions(session, mailing, "sending") == []
    assert len(_positions(session, mailing, "queued")) == 200


def test_another_mailings_lease_holds_nothing_of_this_one(session: Session) -> None:
    mailing = _filled(session, 2, "queued")
    a_system_mail(session)
    lease = ledger.claim(session, "me", token="t", now=NOW)
    assert lease is not None
    assert lease.mailing_id != mailing.id

    assert _positions(session, mailing, "sending") == []
    assert _positions(session, mailing, "queued") == [1, 2]


def test_no_mailing_has_no_rows(session: Session) -> None:
    with pytest.raises(MailingNotFound):
        next(statement.deliveries(session, 99))


@pytest.mark.parametrize("state", [None, "sending"])
def test_many_rows_need_no_more_memory_than_few(database: Database, state: str | None) -> None:
    with database.writing() as session:
        mailing = _filled(session, 16_000, "accepted", "queued").id
        for window in session.scalars(select(Window).where(Window.first_position > 8_000)):
            window.state, window.leased_at = "leased", NOW
    _peak_bytes(database, mailing, state, rows=1)  # what is made once is made before

    few = _peak_bytes(database, mailing, state, rows=2_000)
    many = _peak_bytes(database, mailing, state, rows=4_000)

    assert many < few + 200_000  # the rows between need ten times that


def _peak_bytes(database: Database, mailing: int, state: str | None, *, rows: int) -> int:
    """What Python needs at most while so many rows pass by."""
    with database.reading() as session:
        coming = statement.deliveries(session, mailing, state=state)
        tracemalloc.start()
        passed = sum(1 for _ in islice(coming, rows))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert passed == rows
    return peak


@pytest.mark.parametrize("state", ["unknown", "sending"])
def test_rows_of_other_states_stay_in_the_database(database: Database, state: str) -> None:
    with database.writing() as session:
        mailing = _filled(session, 5_000, "accepted").id
        for position in (4_801, 4_802):
            session.get_one(Delivery, (mailing, position)).state = "unknown" if state == "unknown" else "queued"
        window = session.get_one(Window, (mailing, 4_801))
        window.state, window.leased_at = "leased", NOW
    asked: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    with database.reading() as session:
        found = _positions(session, session.get_one(Mailing, mailing), state)

    assert found == [4_801, 4_802]
    assert sum("FROM delivery" in sql for sql in asked) == 2  # one batch, and the end; not five
