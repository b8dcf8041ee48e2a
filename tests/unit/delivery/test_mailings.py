import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery import ledger, mailings, planning, statement
from newsletter.delivery.mailings import AlreadySent, MailingNotFound
from newsletter.delivery.models import Delivery, Mailing, Window
from newsletter.errors import WrongState
from newsletter.issues import compilations
from newsletter.issues.models import Issue, IssueState
from subscribers.actor import Actor, ActorKind
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import AddressInvalid, NotPermitted
from tests.support.ledgers import COMPILED, SYSTEM_MAIL, a_mailing, a_system_mail
from tests.support.makers import BY, NOW

NOBODY = Actor(ActorKind.STAFF, "eve@example.org", frozenset())


def _plan(session: Session, mailing: Mailing) -> None:
    while planning.plan_chunk(session, mailing.id, now=NOW):
        pass


def _issue(session: Session, mailing: Mailing) -> Issue:
    return session.get_one(Issue, mailing.issue_id)


def _acts(session: Session) -> list[str]:
    session.flush()
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def _again(mailing: Mailing) -> dict[str, Any]:
    assert mailing.issue_id is not None
    assert mailing.list_id is not None
    return {
        "issue_id": mailing.issue_id,
        "compiled_digest": mailing.compiled,
        "list_id": mailing.list_id,
        "name": "Aktuell",
        "due_at": NOW,
        "by": BY,
        "now": NOW,
    }


def test_a_mailing_waits_to_be_planned(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"], due_at=NOW + dt.timedelta(hours=1))

    assert (mailing.state, mailing.kind, mailing.due_at) == ("planning", "issue", NOW + dt.timedelta(hours=1))
    assert statement.statement(session, mailing.id).recipients == 0
    assert "mailing.create" in _acts(session)


def test_an_issue_goes_out_once(session: Session) -> None:
    mailing = a_mailing(session, [])

    with pytest.raises(AlreadySent, match=f"Issue {mailing.issue_id} has its mailing already: number {mailing.id}"):
        mailings.send_issue(session, **_again(mailing))


def test_a_cancelled_mailing_makes_room_for_another(session: Session) -> None:
    mailing = a_mailing(session, [])
    mailings.cancel(session, mailing, by=BY, now=NOW)

    another = mailings.send_issue(session, **_again(mailing))

    assert another.id != mailing.id


def test_a_system_mail_is_planned_at_once(session: Session) -> None:
    mailing = a_system_mail(session, "Anna@GMX.de")

    [row] = session.scalars(select(Delivery))
    [window] = session.scalars(select(Window))
    assert (mailing.state, mailing.name, mailing.compiled) == ("sending", "confirmation", SYSTEM_MAIL.digest)
    assert (row.position, row.address, row.address_key, row.state) == (1, "Anna@gmx.de", "anna@gmx.de", "queued")
    assert row.fields == {"confirm_token": "abc.def"}
    assert (window.first_position, window.last_position, window.provider) == (1, 1, "gmx-webde")
    assert statement.statement(session, mailing.id).queued == 1


def test_two_system_mails_share_their_compiled_form(session: Session) -> None:
    assert a_system_mail(session).compiled == a_system_mail(session, "ben@example.org").compiled


def test_a_system_mail_needs_an_address(session: Session) -> None:
    with pytest.raises(AddressInvalid):
        a_system_mail(session, "anna")


def test_a_test_goes_to_one_address(session: Session) -> None:
    digest = compilations.store(session, COMPILED, now=NOW)

    mailing = mailings.send_test(
        session,
        digest,
        name="Aktuell",
        issue_id=None,
        address=EmailAddress.parse("redaktion@example.org"),
        language="de",
        by=BY,
        now=NOW,
    )

    assert (mailing.kind, mailing.state) == ("test", "sending")
    assert statement.statement(session, mailing.id).queued == 1


def test_pause_and_resume_raise_the_epoch(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])
    _plan(session, mailing)
    epoch = mailing.epoch

    mailings.pause(session, mailing, by=BY, now=NOW)
    assert (mailing.state, mailing.reason, mailing.epoch) == ("paused", "paused by command line", epoch + 1)
    mailings.resume(session, mailing, by=BY, now=NOW)

    assert (mailing.state, mailing.reason, mailing.epoch) == ("sending", "", epoch + 2)
    assert _acts(session)[-2:] == ["mailing.pause", "mailing.resume"]


def test_paused_before_it_was_planned_it_is_planned_when_resumed(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])
    mailings.pause(session, mailing, by=BY, now=NOW)
    later = NOW + dt.timedelta(days=1)

    mailings.resume(session, mailing, by=BY, now=later)

    assert (mailing.state, mailing.due_at) == ("planning", later)


def test_resuming_what_is_not_paused_is_refused(session: Session) -> None:
    mailing = a_mailing(session, [])

    with pytest.raises(WrongState):
        mailings.resume(session, mailing, by=BY, now=NOW)


def test_cancelling_before_the_time_calls_the_issue_back(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org"])

    mailings.cancel(session, mailing, by=BY, now=NOW)

    assert mailing.state == "cancelled"
    assert _issue(session, mailing).state == IssueState.APPROVED


def test_cancelling_while_sending_cancels_the_rest(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org", "ben@example.org"])
    _plan(session, mailing)

    mailings.cancel(session, mailing, by=BY, now=NOW)

    assert statement.statement(session, mailing.id).cancelled == 2
    assert _issue(session, mailing).state == IssueState.CANCELLED
    assert ledger.claim(session, "me", token="t", now=NOW) is None


def test_cancelling_leaves_an_open_lease_to_its_owner(session: Session) -> None:
    mailing = a_mailing(session, ["anna@example.org", "ben@gmail.com"])
    _plan(session, mailing)
    lease = ledger.claim(session, "me", token="t", now=NOW)
    assert lease is not None

    mailings.cancel(session, mailing, by=BY, now=NOW)
    during = statement.statement(session, mailing.id)
    ledger.end(session, lease.owner, now=NOW)

    assert (during.sending, during.cancelled) == (1, 1)
    assert not ledger.running(session, {lease.owner})
    assert statement.statement(session, mailing.id).cancelled == 2


def test_what_is_over_can_neither_be_paused_nor_cancelled(session: Session) -> None:
    mailing = a_mailing(session, [])
    _plan(session, mailing)
    assert mailing.state == "sent"

    with pytest.raises(WrongState):
        mailings.pause(session, mailing, by=BY, now=NOW)
    with pytest.raises(WrongState):
        mailings.cancel(session, mailing, by=BY, now=NOW)


def test_every_act_needs_its_permission(session: Session) -> None:
    mailing = a_mailing(session, [])
    again = _again(mailing) | {"by": NOBODY}

    with pytest.raises(NotPermitted):
        mailings.send_issue(session, **again)
    for act in (mailings.pause, mailings.resume, mailings.cancel):
        with pytest.raises(NotPermitted):
            act(session, mailing, by=NOBODY, now=NOW)
    with pytest.raises(NotPermitted):
        mailings.send_test(
            session,
            mailing.compiled,
            name="x",
            issue_id=None,
            address=EmailAddress.parse("a@b.de"),
            language="de",
            by=NOBODY,
            now=NOW,
        )


def test_an_unknown_mailing_is_said_to_be_unknown(session: Session) -> None:
    with pytest.raises(MailingNotFound, match="There is no mailing 99"):
        mailings.mailing(session, 99)
    with pytest.raises(MailingNotFound):
        statement.statement(session, 99)
    with pytest.raises(MailingNotFound):
        list(statement.deliveries(session, 99))
