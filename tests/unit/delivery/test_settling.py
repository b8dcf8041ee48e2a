import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, planning
from newsletter.delivery.ledger import Lease
from newsletter.delivery.models import Delivery
from newsletter.delivery.settling import Outcome, Settlement, settle, settle_all
from newsletter.delivery.verdicts import Reply, Step, Verdict
from tests.support.ledgers import a_mailing
from tests.support.makers import NOW

AT = dt.datetime(2026, 11, 23, 11, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
WORDS = 'Ok: "queued" as \\4Xy\' – grüßt 日本 {1} %s :at'
TAKEN = Outcome(
    Verdict.ACCEPTED, Reply(Step.FINAL_DOT, 250, "2.0.0", WORDS), "mail.example.org:25", AT, date=AT, digest="ab" * 32
)
LATER = Outcome(Verdict.DEFERRED, Reply(Step.RCPT, 451, "4.3.0", "later"), "relay", AT)


@pytest.fixture
def lease(session: Session) -> Lease:
    mailing = a_mailing(session, [f"r{number}@example.org" for number in range(4)])
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass
    found = ledger.claim(session, "me", token="token", now=NOW)
    assert found is not None
    return found


def _made(lease: Lease, position: int, outcome: Outcome = TAKEN, attempt: int = 1) -> Settlement:
    return Settlement(lease.kind, lease.mailing_id, position, attempt, outcome)


def _row(session: Session, lease: Lease, position: int) -> dict[str, object]:
    row = session.get_one(Delivery, (lease.mailing_id, position), populate_existing=True)
    kept = ("state", "attempt", "first_at", "next_at", "at", "relay", "code", "enhanced", "reply", "date")
    return {name: getattr(row, name) for name in (*kept, "content_digest", "reason")}


def test_what_was_taken_is_written_for_many_as_for_one(session: Session, lease: Lease) -> None:
    settle(session, _made(lease, 1))
    settle_all(session, [_made(lease, 2), _made(lease, 3)])

    assert _row(session, lease, 2) == _row(session, lease, 3) == _row(session, lease, 1)
    assert _row(session, lease, 2) == {
        "state": "accepted",
        "attempt": 1,
        "first_at": dt.datetime(2026, 11, 23, 10, 30, 15, 123456, tzinfo=dt.UTC),
        "next_at": None,
        "at": dt.datetime(2026, 11, 23, 10, 30, 15, 123456, tzinfo=dt.UTC),
        "relay": "mail.example.org:25",
        "code": 250,
        "enhanced": "2.0.0",
        "reply": WORDS,
        "date": dt.datetime(2026, 11, 23, 10, 30, 15, 123456, tzinfo=dt.UTC),
        "content_digest": "ab" * 32,
        "reason": "",
    }
    assert _row(session, lease, 4)["state"] == "queued"


def test_an_answer_whose_begin_was_lost_has_no_date(session: Session, lease: Lease) -> None:
    settle_all(session, [_made(lease, 1, replace(TAKEN, date=None, digest=""))])

    row = _row(session, lease, 1)
    assert (row["state"], row["date"], row["content_digest"]) == ("accepted", None, "")


def test_of_several_acceptances_the_first_one_stands(session: Session, lease: Lease) -> None:
    settle_all(session, [_made(lease, 1, LATER), _made(lease, 1, attempt=2), _made(lease, 2, attempt=2)])
    settle_all(session, [_made(lease, 2, attempt=3), _made(lease, 2, attempt=3), _made(lease, 1, attempt=1)])

    assert [(_row(session, lease, 1)[name]) for name in ("state", "attempt")] == ["accepted", 2]
    assert [(_row(session, lease, 2)[name]) for name in ("state", "attempt")] == ["accepted", 2]


def test_what_was_taken_is_taken_whatever_else_was_heard(session: Session, lease: Lease) -> None:
    settle_all(session, [_made(lease, 1, LATER)])
    settle_all(session, [_made(lease, 1)])
    settle_all(session, [_made(lease, 1, LATER, attempt=2)])

    assert _row(session, lease, 1)["state"] == "accepted"


def test_what_was_taken_after_all_mends_a_doubt(session: Session, lease: Lease) -> None:
    doubt = Outcome(Verdict.UNKNOWN, Reply(Step.FINAL_DOT, None, "", "cut"), "relay", NOW)
    settle_all(session, [_made(lease, 1, doubt), _made(lease, 2, replace(doubt, at=NOW))])

    settle_all(session, [_made(lease, 1)])

    assert _row(session, lease, 1)["state"] == "accepted"
    assert _row(session, lease, 1)["first_at"] == NOW
    assert _row(session, lease, 2)["state"] == "unknown"
