from sqlalchemy.orm import Session

from newsletter.accounts.roles import Grant, Role
from newsletter.alerting.addressees import Addressee, addressees, sender
from newsletter.issues.models import Issue
from newsletter.rendering.compiled import Mailbox
from tests.support.alerts import a_planned_mailing
from tests.support.makers import a_list, a_publication
from tests.support.staff import a_staff_user


def a_user(session: Session, name: str, role: str, *, language: str = "de", active: bool = True) -> None:
    a_staff_user(session, f"{name}@example.org", Grant(Role(role)), language=language, active=active)


def test_the_active_staff_that_may_send_is_told_in_its_languages(session: Session) -> None:
    a_user(session, "ana", "admin")
    a_user(session, "ben", "approver", language="en")
    a_user(session, "cem", "editor")
    a_user(session, "dana", "list admin")
    a_user(session, "emil", "admin", active=False)

    assert addressees(session, ()) == (Addressee("ana@example.org", "de"), Addressee("ben@example.org", "en"))


def test_who_may_send_another_publication_alone_is_not_told(session: Session) -> None:
    other = a_publication(session, a_list(session, "other"), "other")
    mailing = a_planned_mailing(session, "a@example.org")
    a_staff_user(session, "ben@example.org", Grant(Role.APPROVER, other.id))
    assert addressees(session, (), mailing_id=mailing.id) == ()
    assert addressees(session, ()) == (Addressee("ben@example.org", "de"),)

    a_staff_user(session, "cem@example.org", Grant(Role.APPROVER, issue_publication(session, mailing.issue_id)))

    assert addressees(session, (), mailing_id=mailing.id) == (Addressee("cem@example.org", "de"),)


def issue_publication(session: Session, issue_id: int | None) -> int:
    return session.get_one(Issue, issue_id).publication_id


def test_the_addresses_of_the_settings_are_told_instead(session: Session) -> None:
    a_user(session, "ana", "admin", language="en")
    a_user(session, "ben", "approver")

    assert addressees(session, ("ben@example.org", "desk@example.org")) == (
        Addressee("ben@example.org", "de"),
        Addressee("desk@example.org", "en"),
    )


def test_without_anybody_the_addresses_of_the_settings_are_told_in_german(session: Session) -> None:
    assert addressees(session, ("desk@example.org",)) == (Addressee("desk@example.org", "de"),)
    assert addressees(session, ()) == ()


def from_(session: Session, mailing_id: int | None = None, mail_from: str = "") -> Mailbox:
    return sender(session, mailing_id=mailing_id, mail_from=mail_from, public_url="https://news.example.org/a")


def test_it_comes_from_the_publication_that_it_is_about(session: Session) -> None:
    other = a_publication(session, a_list(session, "other"), "other")
    other.sender_address = "other@example.org"
    mailing = a_planned_mailing(session, "a@example.org")

    assert from_(session, mailing.id) == Mailbox("Newsletter", "presse@example.org")
    assert from_(session) == Mailbox("Newsletter", "other@example.org")
    assert from_(session, mailing.id, "n@example.org") == Mailbox("Newsletter", "n@example.org")


def test_before_there_is_a_publication_it_comes_from_the_host_of_the_pages(session: Session) -> None:
    assert from_(session) == Mailbox("Newsletter", "newsletter@news.example.org")
