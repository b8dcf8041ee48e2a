import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, missed, planning, resending, settling, statement
from newsletter.delivery.ledger import Lease, Row
from newsletter.delivery.models import Delivery, Mailing, MailingKind, MailingState, Window
from newsletter.delivery.resending import NothingUnknown, NotResendable, NotUnknown
from newsletter.delivery.settling import Outcome, Settlement
from newsletter.delivery.verdicts import Reply, Step, Verdict
from newsletter.errors import WrongState
from newsletter.issues.models import Issue, IssueState
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress, Provider
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from tests.support.ledgers import a_mailing, a_system_mail
from tests.support.makers import BY, NOW

NOBODY = Actor(ActorKind.STAFF, "eve@example.org", frozenset())
LATER = NOW + dt.timedelta(hours=3)
ACCEPTED = Outcome(Verdict.ACCEPTED, Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok"), "relay", NOW)
REJECTED = Outcome(Verdict.REJECTED, Reply(Step.RCPT, 550, "5.1.1", "nobody"), "relay", NOW)
DEFERRED = Outcome(Verdict.DEFERRED, Reply(Step.RCPT, 450, "4.2.0", "later"), "relay", LATER)
UNKNOWN = Outcome(Verdict.UNKNOWN, Reply(Step.FINAL_DOT, None, "", "cut"), "relay", NOW)


@pytest.fixture
def sent(session: Session) -> Mailing:
    """An issue's mailing that is sent: accepted, unknown, unknown, rejected, in windows of two."""
    return _sent(session, ACCEPTED, UNKNOWN, UNKNOWN, REJECTED)


def _sent(session: Session, *outcomes: Outcome) -> Mailing:
    planning.WINDOW, kept = 2, planning.WINDOW
    mailing = a_mailing(session, [f"r{number}@example.org" for number in range(1, len(outcomes) + 1)])
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass
    planning.WINDOW = kept
    while lease := ledger.claim(session, "me", token="t", now=NOW):
        for row in _rows(session, lease):
            _settle(session, lease, row, outcomes[row.position - 1])
        _give_back(session, lease, now=NOW)
    return mailing


def _settle(session: Session, lease: Lease, row: Row, outcome: Outcome) -> None:
    settling.settle(session, Settlement(lease.kind, lease.mailing_id, row.position, row.attempt, outcome))


def _give_back(session: Session, lease: Lease, *, now: dt.datetime) -> None:
    ledger.end(session, lease.owner, now=now)


def _claimed(session: Session) -> Lease:
    lease = ledger.claim(session, "me", token="t", now=LATER)
    assert lease is not None
    return lease


def _rows(session: Session, lease: Lease) -> tuple[Row, ...]:
    return ledger.read(session, lease, after=0, limit=100, now=LATER)


def _states(session: Session, mailing: Mailing) -> list[str]:
    return [line.state for line in statement.deliveries(session, mailing.id)]


def _row(session: Session, mailing: Mailing, position: int) -> Delivery:
    return session.get_one(Delivery, (mailing.id, position), populate_existing=True)


def _window(session: Session, mailing: Mailing, position: int) -> tuple[str, dt.datetime]:
    window = session.get_one(Window, (mailing.id, position), populate_existing=True)
    return window.state, window.due_at


def _issue(session: Session, mailing: Mailing) -> Issue:
    return session.get_one(Issue, mailing.issue_id)


def test_a_mailing_with_unknown_ones_is_sent(session: Session, sent: Mailing) -> None:
    assert (sent.state, sent.finished_at) == ("sent", NOW)
    assert _states(session, sent) == ["accepted", "unknown", "unknown", "rejected"]


def test_one_is_resent_as_the_next_attempt_of_the_same_row(session: Session, sent: Mailing) -> None:
    assert resending.resend(session, sent, positions=[2], by=BY, now=LATER) == (2,)

    row = _row(session, sent, 2)
    assert (row.state, row.attempt, row.reason, row.next_at) == ("queued", 1, "", None)
    assert _window(session, sent, 1) == ("open", LATER)
    assert _window(session, sent, 3) == ("done", NOW)
    lease = _claimed(session)
    assert [(row.position, row.attempt, row.address) for row in _rows(session, lease)] == [(2, 2, "r2@example.org")]


def test_all_unknown_are_resent(session: Session, sent: Mailing) -> None:
    assert resending.resend_all(session, sent, by=BY, now=LATER) == (2, 3)

    assert _states(session, sent) == ["accepted", "queued", "queued", "rejected"]
    assert [_window(session, sent, position) for position in (1, 3)] == [("open", LATER)] * 2


def test_a_sent_mailing_goes_on_and_ends_again_while_its_issue_stays_sent(session: Session, sent: Mailing) -> None:
    epoch = sent.epoch
    resending.resend_all(session, sent, by=BY, now=LATER)

    assert (sent.state, sent.finished_at, sent.epoch) == ("sending", None, epoch + 1)
    assert _issue(session, sent).state == IssueState.SENT
    while lease := ledger.claim(session, "me", token="t", now=LATER):
        for row in _rows(session, lease):
            _settle(session, lease, row, ACCEPTED)
        _give_back(session, lease, now=LATER)

    assert (sent.state, sent.finished_at) == ("sent", LATER)
    assert _issue(session, sent).state == IssueState.SENT
    assert _states(session, sent) == ["accepted", "accepted", "accepted", "rejected"]
    assert _row(session, sent, 2).attempt == 2


def test_a_mailing_that_was_sent_still_takes_no_other_move(session: Session, sent: Mailing) -> None:
    for act in (mailings.pause, mailings.resume, mailings.cancel):
        with pytest.raises(WrongState):
            act(session, sent, by=BY, now=LATER)


def test_a_cancelled_resend_is_in_doubt_again_and_leaves_the_issue_sent(session: Session, sent: Mailing) -> None:
    resending.resend_all(session, sent, by=BY, now=LATER)

    mailings.cancel(session, sent, by=BY, now=LATER)

    assert _issue(session, sent).state == IssueState.SENT
    assert _states(session, sent) == ["accepted", "unknown", "unknown", "rejected"]
    assert missed.number(session, sent, now=LATER) == 1, "the one who was refused"


def test_a_late_reply_to_the_old_attempt_still_overrides(session: Session, sent: Mailing) -> None:
    ids = (sent.id, 1, 2, 1)
    lease = Lease(*ids, "gone", 1, NOW, MailingKind.ISSUE, sent.issue_id, sent.compiled, Provider.OTHER, NOW, "")
    resending.resend(session, sent, positions=[2], by=BY, now=LATER)

    _settle(session, lease, Row(2, 1, None, None, "r2@example.org", {}, "r2@example.org"), ACCEPTED)

    row = _row(session, sent, 2)
    assert (row.state, row.attempt, row.code) == ("accepted", 1, 250)
    assert _rows(session, _claimed(session)) == ()


def test_a_window_that_waits_for_a_retry_is_due_at_once(session: Session) -> None:
    mailing = _sent(session, UNKNOWN, DEFERRED)
    assert _window(session, mailing, 1) == ("open", LATER + dt.timedelta(minutes=5))

    resending.resend_all(session, mailing, by=BY, now=LATER)

    assert _window(session, mailing, 1) == ("open", LATER)
    lease = _claimed(session)
    assert [row.position for row in _rows(session, lease)] == [1]
    for row in _rows(session, lease):
        _settle(session, lease, row, ACCEPTED)
    _give_back(session, lease, now=LATER)
    assert _window(session, mailing, 1) == ("open", LATER + dt.timedelta(minutes=5))


def test_a_leased_window_is_left_to_its_owner_who_opens_it_again(session: Session) -> None:
    mailing = _sent(session, UNKNOWN, DEFERRED)
    due = LATER + dt.timedelta(minutes=5)
    lease = ledger.claim(session, "another", token="t2", now=due)
    assert lease is not None

    resending.resend_all(session, mailing, by=BY, now=due)

    assert _window(session, mailing, 1)[0] == "leased"
    assert statement.statement(session, mailing.id).sending == 2
    _give_back(session, lease, now=due)
    assert _window(session, mailing, 1) == ("open", due)


def test_a_window_that_is_due_keeps_its_turn(session: Session) -> None:
    mailing = _sent(session, UNKNOWN)
    window = session.get_one(Window, (mailing.id, 1))
    window.state, window.due_at = "open", NOW - dt.timedelta(hours=1)
    session.flush()

    resending.resend_all(session, mailing, by=BY, now=LATER)

    assert _window(session, mailing, 1) == ("open", NOW - dt.timedelta(hours=1))


def test_a_paused_mailing_stays_paused(session: Session) -> None:
    mailing = _sent(session, UNKNOWN, DEFERRED)
    mailings.pause(session, mailing, by=BY, now=LATER)

    resending.resend_all(session, mailing, by=BY, now=LATER)

    assert (mailing.state, _states(session, mailing)) == ("paused", ["queued", "deferred"])
    mailings.resume(session, mailing, by=BY, now=LATER)
    assert [row.position for row in _rows(session, _claimed(session))] == [1]


@pytest.mark.parametrize(("positions", "wrong"), [([2, 1], "1"), ([4, 2, 1], "1, 4"), ([99], "99")])
def test_what_is_not_unknown_is_not_resent(session: Session, sent: Mailing, positions: list[int], wrong: str) -> None:
    told = f"Mailing {sent.id} has no unknown delivery at position {wrong}; nothing was resent"

    with pytest.raises(NotUnknown, match=told), session.begin_nested():
        resending.resend(session, sent, positions=positions, by=BY, now=LATER)

    assert _states(session, sent) == ["accepted", "unknown", "unknown", "rejected"]
    assert session.get_one(Mailing, sent.id, populate_existing=True).state == "sent"


def test_where_nothing_is_unknown_there_is_nothing_to_resend(session: Session) -> None:
    mailing = _sent(session, ACCEPTED)

    with pytest.raises(NothingUnknown, match=f"Mailing {mailing.id} has no unknown delivery"):
        resending.resend_all(session, mailing, by=BY, now=LATER)
    assert mailing.state == "sent"


def test_a_cancelled_mailing_resends_nothing(session: Session, sent: Mailing) -> None:
    sent.state = MailingState.CANCELLED.value

    with pytest.raises(WrongState, match=f"Mailing {sent.id} is cancelled"):
        resending.resend_all(session, sent, by=BY, now=LATER)


def test_a_system_mail_is_not_resent_by_a_person(session: Session) -> None:
    mailing = a_system_mail(session)
    session.get_one(Delivery, (mailing.id, 1)).state = "unknown"

    with pytest.raises(NotResendable, match="a system mail in doubt is resent once by itself"):
        resending.resend_all(session, mailing, by=BY, now=LATER)


def test_a_test_is_never_resent(session: Session, sent: Mailing) -> None:
    address = EmailAddress.parse("anna@example.org")
    mailing = mailings.send_test(
        session, sent.compiled, name="Aktuell", issue_id=None, address=address, language="de", by=BY, now=NOW
    )

    with pytest.raises(NotResendable, match="a test is not resent"):
        resending.resend(session, mailing, positions=[1], by=BY, now=LATER)


def test_whoever_may_not_send_may_not_resend(session: Session, sent: Mailing) -> None:
    with pytest.raises(NotPermitted):
        resending.resend_all(session, sent, by=NOBODY, now=LATER)
    with pytest.raises(NotPermitted):
        resending.resend(session, sent, positions=[2], by=NOBODY, now=LATER)


def test_who_resent_is_in_the_audit_log(session: Session, sent: Mailing) -> None:
    resending.resend_all(session, sent, by=BY, now=LATER)
    session.flush()

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "mailing.resend")).one()
    assert (entry.subject, entry.details) == (f"mailing:{sent.id}", {"number": 2})
