import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.accounts import staff
from newsletter.accounts.errors import StaffExists, StaffUserNotFound
from newsletter.accounts.models import StaffUser
from newsletter.issues.permissions import APPROVE_ISSUES
from subscribers.actor import MANAGE_PEOPLE, Actor
from subscribers.address import EmailAddress
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from tests.support.makers import BY, NOW

ANA = EmailAddress.parse("Ana@example.org")


def test_the_first_user_may_everything_and_stands_in_the_audit_log(session: Session) -> None:
    user = staff.create_first(session, ANA, by=BY, now=NOW)

    actor = staff.actor_of(session, "ana@example.org")
    entry = session.scalars(select(AuditEntry)).one()
    assert actor.may(APPROVE_ISSUES)
    assert actor.may(MANAGE_PEOPLE)
    assert (entry.action, entry.subject, entry.actor_name) == ("staff.create", f"staff:{user.id}", "command line")


def test_the_same_first_user_again_changes_nothing(session: Session) -> None:
    first = staff.create_first(session, ANA, by=BY, now=NOW)

    assert staff.create_first(session, EmailAddress.parse("ana@example.org"), by=BY, now=NOW) is first


def test_there_is_only_one_first_user(session: Session) -> None:
    staff.create_first(session, ANA, by=BY, now=NOW)

    with pytest.raises(StaffExists, match=r"ben@example\.org was not added"):
        staff.create_first(session, EmailAddress.parse("ben@example.org"), by=BY, now=NOW)


def test_a_reader_cannot_make_staff(session: Session) -> None:
    with pytest.raises(NotPermitted):
        staff.create_first(session, ANA, by=Actor.reader(7), now=NOW)


def test_nobody_acts_as_a_stranger(session: Session) -> None:
    with pytest.raises(StaffUserNotFound, match=r"ben@example\.org"):
        staff.actor_of(session, "ben@example.org")


def test_who_is_no_longer_active_cannot_act(session: Session) -> None:
    staff.create_first(session, ANA, by=BY, now=NOW)
    session.scalars(select(StaffUser)).one().active = False

    with pytest.raises(StaffUserNotFound):
        staff.actor_of(session, "ana@example.org")
