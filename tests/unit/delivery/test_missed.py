import datetime as dt

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, missed, planning, statement
from newsletter.delivery.ledger import Lease
from newsletter.delivery.message_ids import message_id
from newsletter.delivery.missed import AudienceOpen, NotOfAnIssue
from newsletter.delivery.models import Delivery, DeliveryState, Mailing, MailingState
from newsletter.issues.models import Issue, IssueState
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from subscribers.models import MailingList, Subscriber, Subscription
from tests.support.ledgers import a_mailing, a_reader, a_system_mail
from tests.support.makers import BY, NOW

NOBODY = Actor(ActorKind.STAFF, "eve@example.org", frozenset())
LATER = NOW + dt.timedelta(days=2)


def _plan(session: Session, mailing: Mailing, *, now: dt.datetime = LATER) -> None:
    while planning.plan_chunk(session, mailing.id, now=now):
        pass


def _planned(session: Session, **states: str) -> Mailing:
    """An issue's mailing whose rows stand so: anna="accepted"."""
    mailing = a_mailing(session, [f"{name}@example.org" for name in states])
    _plan(session, mailing, now=NOW)
    for row in session.scalars(select(Delivery)):
        row.state = states[row.address.partition("@")[0]]
    session.flush()
    return mailing


def _child(session: Session, mailing: Mailing) -> Mailing:
    return missed.send(session, mailing, by=BY, now=LATER)


def _addresses(session: Session, mailing: Mailing) -> list[str]:
    rows = session.scalars(select(Delivery).where(Delivery.mailing_id == mailing.id).order_by(Delivery.position))
    return [row.address.partition("@")[0] for row in rows]


def _give_back(session: Session, lease: Lease) -> None:
    ledger.end(session, lease.owner, now=LATER)


def _issue(session: Session, mailing: Mailing) -> Issue:
    return session.get_one(Issue, mailing.issue_id)


def test_who_has_the_issue_or_may_still_get_it_is_not_missed(session: Session) -> None:
    full = _planned(
        session,
        accepted="accepted",
        queued="queued",
        deferred="deferred",
        unknown="unknown",
        expired="expired",
        rejected="rejected",
        excluded="excluded",
        cancelled="cancelled",
    )

    assert missed.number(session, full, now=LATER) == 4
    child = _child(session, full)
    _plan(session, child)

    assert _addresses(session, child) == ["expired", "rejected", "excluded", "cancelled"]
    made = statement.statement(session, child.id)
    assert (made.state, made.recipients, made.queued) == ("sending", 4, 4)


def test_every_state_is_missed_or_not() -> None:
    not_missed = {"accepted", "queued", "deferred", "unknown"}

    assert set(DeliveryState) - not_missed == {"expired", "rejected", "excluded", "cancelled"}


def test_what_an_open_lease_holds_is_not_missed(session: Session) -> None:
    full = _planned(session, anna="queued", ben="rejected")
    assert ledger.claim(session, "me", token="t", now=NOW)

    mailings.cancel(session, full, by=BY, now=NOW)  # leaves to the lease what it holds

    assert missed.number(session, full, now=LATER) == 1


def test_the_audience_is_todays(session: Session) -> None:
    full = _planned(session, anna="accepted", ben="rejected")
    [mailing_list] = session.scalars(select(MailingList))
    a_reader(session, mailing_list, "carla@example.org")
    ben = session.scalars(select(Subscriber).where(Subscriber.address_key == "ben@example.org")).one()
    session.scalars(select(Subscription).where(Subscription.subscriber_id == ben.id)).one().state = "left"

    child = _child(session, full)
    _plan(session, child)

    assert _addresses(session, child) == ["carla"]


def test_a_child_is_the_same_mail_to_the_same_list_under_the_same_message_id(session: Session) -> None:
    full = _planned(session, anna="rejected")

    child = _child(session, full)
    _plan(session, child)

    assert (child.kind, child.parent_id, child.issue_id) == ("issue", full.id, full.issue_id)
    assert (child.list_id, child.compiled, child.name) == (full.list_id, full.compiled, full.name)
    first, second = session.scalars(select(Delivery).order_by(Delivery.mailing_id))
    names = {
        message_id(
            b"key",
            "example.org",
            issue_id=full.issue_id,
            subscriber_id=row.subscriber_id,
            mailing_id=row.mailing_id,
            position=row.position,
        )
        for row in (first, second)
    }
    assert len(names) == 1


def test_a_child_of_a_child_leaves_out_whom_any_of_them_reached(session: Session) -> None:
    full = _planned(session, anna="rejected", ben="rejected", carla="accepted")
    child = _child(session, full)
    _plan(session, child)
    states = {"anna": "accepted", "ben": "expired"}
    for row in session.scalars(select(Delivery).where(Delivery.mailing_id == child.id)):
        row.state = states[row.address.partition("@")[0]]
    session.flush()

    second = _child(session, child)
    _plan(session, second)

    assert second.parent_id == full.id
    assert _addresses(session, second) == ["ben"]


def test_tests_of_an_issue_do_not_count(session: Session) -> None:
    full = _planned(session, anna="rejected")
    tested = mailings.send_test(
        session,
        full.compiled,
        name="Aktuell",
        issue_id=full.issue_id,
        address=EmailAddress.parse("anna@example.org"),
        language="de",
        by=BY,
        now=NOW,
    )
    session.get_one(Delivery, (tested.id, 1)).state = "accepted"
    session.flush()

    assert missed.number(session, full, now=LATER) == 1


def test_many_chunks_without_anybody_missed_do_not_end_planning(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "CHUNK", 2)
    full = _planned(session, **{f"r{number}": "accepted" for number in range(7)}, last="rejected")

    child = _child(session, full)
    _plan(session, child)

    assert _addresses(session, child) == ["last"]
    assert statement.statement(session, child.id).recipients == 1


def test_a_child_that_finds_nobody_is_sent(session: Session) -> None:
    full = _planned(session, anna="accepted")

    child = _child(session, full)
    _plan(session, child)

    assert (child.state, child.finished_at) == ("sent", LATER)
    assert statement.statement(session, child.id).recipients == 0


@pytest.mark.parametrize("state", ["sending", "paused", "sent", "cancelled"])
def test_whatever_became_of_the_mailing_its_missed_can_be_sent_to(session: Session, state: str) -> None:
    full = _planned(session, anna="rejected")
    full.state = MailingState(state).value
    session.flush()

    child = _child(session, full)
    _plan(session, child)

    assert (child.state, full.state) == ("sending", state)


@pytest.mark.parametrize("state", [IssueState.SENDING, IssueState.SENT, IssueState.CANCELLED])
def test_a_child_leaves_the_issue_as_it_is(session: Session, state: IssueState) -> None:
    full = _planned(session, anna="rejected", ben="rejected")
    _issue(session, full).state = state.value
    full.state = "sent"
    session.flush()
    first, second = _child(session, full), _child(session, full)

    _plan(session, first)
    mailings.cancel(session, first, by=BY, now=LATER)
    _plan(session, second)
    lease = ledger.claim(session, "me", token="t", now=LATER)
    assert lease is not None
    for row in session.scalars(select(Delivery).where(Delivery.mailing_id == second.id)):
        row.state = "accepted"
    session.flush()
    _give_back(session, lease)

    assert (first.state, second.state) == ("cancelled", "sent")
    assert _issue(session, full).state == state


def test_a_child_is_made_two_days_after_its_issue_and_is_not_late(session: Session) -> None:
    full = _planned(session, anna="rejected")

    child = _child(session, full)

    assert child.due_at == LATER
    assert planning.due(session, now=LATER) == (child.id,)


@pytest.mark.parametrize("state", ["planning", "paused", "cancelled"])
def test_nobody_is_missed_before_the_audience_is_frozen(session: Session, state: str) -> None:
    full = a_mailing(session, ["anna@example.org"])
    full.state = MailingState(state).value

    with pytest.raises(AudienceOpen, match=f"Mailing {full.id} is {state}, and its audience is not settled"):
        missed.number(session, full, now=LATER)
    with pytest.raises(AudienceOpen):
        _child(session, full)


def test_a_child_is_not_planned_before_its_parent(session: Session) -> None:
    full = _planned(session, anna="rejected")
    child = _child(session, full)
    full.planned_at = None  # cannot be; the planner does not build on that
    session.flush()

    _plan(session, child)

    assert (child.state, _addresses(session, child)) == ("planning", [])


def test_only_an_issue_misses_anybody(session: Session) -> None:
    mailing = a_system_mail(session)

    with pytest.raises(NotOfAnIssue, match=f"Mailing {mailing.id} is a system mailing"):
        missed.number(session, mailing, now=LATER)
    with pytest.raises(NotOfAnIssue):
        _child(session, mailing)


def test_whoever_may_not_send_may_not_send_to_the_missed(session: Session) -> None:
    full = _planned(session, anna="rejected")

    with pytest.raises(NotPermitted):
        missed.send(session, full, by=NOBODY, now=LATER)


def test_who_sent_to_the_missed_is_in_the_audit_log(session: Session) -> None:
    full = _planned(session, anna="rejected")
    child = _child(session, full)
    session.flush()

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "mailing.missed")).one()
    assert (entry.subject, entry.details) == (f"mailing:{child.id}", {"issue": full.issue_id, "parent": full.id})
