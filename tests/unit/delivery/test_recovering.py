import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, planning, recovering, settling, statement
from newsletter.delivery.executors import Executor
from newsletter.delivery.journal import Answer, Begin, Journal, Leased, Record
from newsletter.delivery.journals import Journals
from newsletter.delivery.ledger import Lease
from newsletter.delivery.models import Delivery, Mailing, Window
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, Verdict
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import BY, NOW

TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")
LATER = Reply(Step.RCPT, 450, "4.2.0", "later")
GOING_DOWN = Reply(Step.FINAL_DOT, 421, "4.3.2", "going down")
QUARTER = dt.timedelta(minutes=15)
ME = Executor.current(folder="ours")
BEFORE = replace(ME, boot="before")
ELSEWHERE = replace(ME, host="elsewhere")


@pytest.fixture
def mailing(session: Session) -> Mailing:
    made = a_mailing(session, [f"r{number}@example.org" for number in range(1, 5)])
    while planning.plan_chunk(session, made.id, now=NOW):
        pass
    return made


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    return Journals(tmp_path / "journal", monotonic=lambda: 0.0)


def _claimed(session: Session, executor: Executor = ME, token: str = "token") -> Lease:  # noqa: S107  # of a lease
    lease = ledger.claim(session, str(executor), token=token, now=NOW)
    assert lease is not None
    return lease


def _record(lease: Lease, *lines: Begin | Answer, executor: Executor = ME) -> Record:
    leased = Leased(lease.mailing_id, lease.first_position, lease.last_position)
    return Record(lease.owner, str(executor), (leased, *lines))


def _begin(position: int, attempt: int = 1) -> Begin:
    return Begin(1, position, attempt, date=NOW, digest="d" * 64)


def _answer(position: int, reply: Reply = TAKEN, attempt: int = 1) -> Answer:
    return Answer(1, position, attempt, reply=reply, relay="relay", at=NOW)


def _states(session: Session, mailing: Mailing) -> list[str]:
    session.flush()
    session.expire_all()
    return [session.get_one(Delivery, (mailing.id, position)).state for position in range(1, mailing.next_position)]


def test_a_complete_journal_tells_everything(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    record = _record(lease, _begin(1), _answer(1), _answer(2, LATER), _begin(3))

    recovering.replay(session, record, now=NOW)

    assert _states(session, mailing) == ["accepted", "deferred", "unknown", "queued"]
    taken = session.get_one(Delivery, (mailing.id, 1))
    assert (taken.relay, taken.code, taken.date, taken.content_digest) == ("relay", 250, NOW, "d" * 64)
    assert session.get_one(Window, (mailing.id, 1)).state == "open"


def test_replaying_again_changes_nothing(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    record = _record(lease, _begin(1), _answer(1), _begin(2))
    recovering.replay(session, record, now=NOW)
    next_lease = _claimed(session, token="next")
    row = ledger.read(session, next_lease, after=0, limit=1, now=NOW)[0]
    taken = Outcome(Verdict.ACCEPTED, TAKEN, "relay", NOW)
    settling.settle(session, Settlement(lease.kind, mailing.id, row.position, row.attempt, taken))

    recovering.replay(session, record, now=NOW)

    assert _states(session, mailing) == ["accepted", "unknown", "accepted", "queued"]
    assert ledger.leased_as(session, "next") is not None


def test_an_answer_about_the_relay_leaves_the_row_queued(session: Session, mailing: Mailing) -> None:
    recovering.replay(session, _record(_claimed(session), _begin(1), _answer(1, GOING_DOWN)), now=NOW)

    assert _states(session, mailing) == ["queued"] * 4


def test_of_an_earlier_boot_only_answers_are_believed(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session, BEFORE)

    recovering.replay(session, _record(lease, _begin(1), _answer(1), _begin(2), executor=BEFORE), now=NOW)

    assert _states(session, mailing) == ["accepted", "unknown", "unknown", "unknown"]
    assert mailing.state == "sent"


def test_a_journal_without_a_head_is_of_no_known_boot(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)

    recovering.replay(session, Record(lease.owner, "", ()), now=NOW)

    assert _states(session, mailing) == ["unknown"] * 4


def test_a_missing_journal_of_the_dead_leaves_all_in_doubt(
    session: Session, mailing: Mailing, journals: Journals
) -> None:
    _claimed(session, replace(journals.me, started=journals.me.started - 1))

    [token] = recovering.lost(session, journals, now=NOW, lost_after=QUARTER)
    recovering.abandon(session, token, now=NOW)
    recovering.abandon(session, token, now=NOW)

    assert _states(session, mailing) == ["unknown"] * 4
    assert statement.statement(session, mailing.id).unknown == 4


def test_a_living_neighbour_and_one_with_a_journal_keep_their_leases(
    session: Session, mailing: Mailing, journals: Journals
) -> None:
    lease = _claimed(session, journals.me)
    assert not recovering.lost(session, journals, now=NOW, lost_after=QUARTER)

    ledger.end(session, lease.owner, now=NOW)
    journal = journals.create()
    _claimed(session, replace(journals.me, boot="before"), token=journal.token)

    assert not recovering.lost(session, journals, now=NOW, lost_after=QUARTER)
    journal.discard()
    assert mailing.state == "sending"


def test_another_machine_is_lost_after_a_quarter_of_an_hour_without_a_sign(
    session: Session, mailing: Mailing, journals: Journals
) -> None:
    lease = _claimed(session, ELSEWHERE)
    ledger.seen(session, {lease.owner}, now=NOW + dt.timedelta(minutes=5))

    def lost(minutes: int) -> tuple[str, ...]:
        return recovering.lost(session, journals, now=NOW + dt.timedelta(minutes=minutes), lost_after=QUARTER)

    assert lost(19) == ()
    assert lost(20) == ("token",)
    assert mailing.state == "sending"


def test_when_a_lost_machine_returns_its_facts_replace_the_doubts(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    mailing.state = "paused"  # so that it does not end meanwhile
    recovering.abandon(session, lease.owner, now=NOW)
    assert _states(session, mailing) == ["unknown"] * 4

    recovering.replay(session, _record(lease, _begin(1), _answer(1), _begin(2)), now=NOW)

    assert _states(session, mailing) == ["accepted", "unknown", "queued", "queued"]
    assert session.get_one(Window, (mailing.id, 1)).state == "open"
    mailings.resume(session, mailing, by=BY, now=NOW)
    rows = ledger.read(session, _claimed(session, token="next"), after=0, limit=9, now=NOW)
    assert [row.position for row in rows] == [3, 4]


def test_what_the_relay_did_not_take_is_taken_back_too(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    mailing.state = "paused"
    recovering.abandon(session, lease.owner, now=NOW)

    recovering.replay(session, _record(lease, _begin(1), _answer(1, GOING_DOWN), _begin(2)), now=NOW)

    assert _states(session, mailing) == ["queued", "unknown", "queued", "queued"]


def test_who_is_to_be_tried_again_is_not_forgotten_though_the_lease_was_lost(
    session: Session, mailing: Mailing
) -> None:
    lease = _claimed(session, BEFORE)
    mailing.state = "paused"  # so that it does not end meanwhile
    recovering.abandon(session, lease.owner, now=NOW)
    assert session.get_one(Window, (mailing.id, 1)).state == "done"

    recovering.replay(session, _record(lease, _begin(1), _answer(1, LATER), executor=BEFORE), now=NOW)

    assert _states(session, mailing) == ["deferred", "unknown", "unknown", "unknown"]
    window = session.get_one(Window, (mailing.id, 1), populate_existing=True)
    assert (window.state, window.due_at) == ("open", NOW + dt.timedelta(minutes=5))


@pytest.mark.parametrize(("over", "state"), [("sent", "expired"), ("cancelled", "cancelled")])
def test_who_was_to_be_tried_again_is_given_up_where_the_mailing_is_over(
    session: Session, mailing: Mailing, over: str, state: str
) -> None:
    lease = _claimed(session)
    recovering.abandon(session, lease.owner, now=NOW)
    mailing.state = over

    recovering.replay(session, _record(lease, _begin(1), _answer(1, LATER)), now=NOW)

    assert _states(session, mailing) == [state, "unknown", "unknown", "unknown"]
    assert session.get_one(Delivery, (mailing.id, 1)).next_at is None


def test_a_doubt_of_another_lease_is_not_taken_back(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    mailing.state = "paused"
    recovering.abandon(session, "token", now=NOW)
    session.get_one(Delivery, (mailing.id, 3)).reason = "another lease"
    session.flush()

    recovering.replay(session, _record(lease), now=NOW)

    assert _states(session, mailing) == ["queued", "queued", "unknown", "queued"]


def test_of_a_mailing_that_ended_the_doubts_stay_for_a_person(session: Session, mailing: Mailing) -> None:
    lease = _claimed(session)
    recovering.abandon(session, "token", now=NOW)
    assert mailing.state == "sent"

    recovering.replay(session, _record(lease, _begin(1), _answer(1)), now=NOW)

    assert _states(session, mailing) == ["accepted", "unknown", "unknown", "unknown"]


def test_a_system_mail_in_doubt_is_queued_once_more_then_named(session: Session) -> None:
    system = a_system_mail(session)
    states = []
    for attempt in (1, 2):
        lease = _claimed(session, token=f"t{attempt}")
        recovering.replay(session, _record(lease, _begin(1, attempt)), now=NOW)
        states += _states(session, system)

    assert states == ["queued", "unknown"]
    assert system.state == "sent"


def test_the_dead_leave_orphans_that_are_locked_once(tmp_path: Path, journals: Journals) -> None:
    journal = journals.create()
    journal.write(_begin(1))
    assert journals.orphans() == []

    journal.let_go()
    [orphan] = journals.orphans()

    assert Journal.seize(tmp_path / "journal" / f"{orphan.token}.journal") is None
    assert orphan.read().in_doubt == (_begin(1),)
    orphan.close()
    assert journals.orphans() == []
    assert not journals.has(orphan.token)
