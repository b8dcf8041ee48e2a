from sqlalchemy.orm import Session

from newsletter.accounts.models import StaffUser
from newsletter.alerting.addressees import Addressee, addressees, sender
from newsletter.rendering.compiled import Mailbox
from tests.support.alerts import a_planned_mailing
from tests.support.makers import NOW, a_list, a_publication


def a_user(session: Session, name: str, role: str, *, language: str = "de", active: bool = True) -> None:
    address = f"{name}@example.org"
    user = StaffUser(address=address, address_key=address, role=role, language=language, active=active, created_at=NOW)
    session.add(user)
    session.flush()


def test_the_active_staff_that_may_send_is_told_in_its_languages(session: Session) -> None:
    a_user(session, "ana", "admin")
    a_user(session, "ben", "approver", language="en")
    a_user(session, "cem", "editor")
    a_user(session, "dana", "list admin")
    a_user(session, "emil", "admin", active=False)

    assert addressees(session, ()) == (Addressee("ana@example.org", "de"), Addressee("ben@example.org", "en"))


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
