import pytest

from newsletter.delivery.models import MailingKind
from newsletter.delivery.recipients import LinkMaker, Links, recipient_of
from subscribers import tokens
from tests.support.makers import SECRET

LINKS = LinkMaker(SECRET, "https://news.example.org")


@pytest.mark.parametrize(
    ("language", "salutation", "title", "first", "last", "greeting"),
    [
        ("de", "Frau", "Dr.", "Ada", "Müller", "Guten Tag Frau Dr. Müller"),
        ("de", "Herr", "", "Max", "Müller", "Guten Tag Herr Müller"),
        ("de", "Ms", "", "", "Smith", "Guten Tag Frau Smith"),
        ("de", "", "Prof.", "", "Müller", "Guten Tag Prof. Müller"),
        ("de", "", "", "Kim", "Müller", "Guten Tag Kim Müller"),
        ("de", "", "", "", "Müller", ""),
        ("de", "Frau", "Dr.", "Ada", "", ""),
        ("de", "divers", "", "Kim", "Müller", "Guten Tag Kim Müller"),
        ("en", "Frau", "Dr.", "Ada", "Müller", "Dear Dr Müller"),
        ("en", "Frau", "", "Ada", "Müller", "Dear Ms Müller"),
        ("en", "Mrs.", "", "Ada", "Jones", "Dear Mrs Jones"),
        ("en", "MR", "", "", "Jones", "Dear Mr Jones"),
        ("en", "", "", "Kim", "Jones", "Dear Kim Jones"),
        ("en", "", "", "", "Jones", ""),
        ("en", "", "", "Kim", "", ""),
    ],
)
def test_people_are_greeted_courteously_or_not_by_name(  # noqa: PLR0917  # a table
    language: str, salutation: str, title: str, first: str, last: str, greeting: str
) -> None:
    fields = {"salutation": salutation, "title": title, "first_name": first, "last_name": last}

    assert recipient_of("a@b.de", fields, language=language).salutation == greeting


def test_fields_become_one_clean_line_each() -> None:
    fields = {"first_name": " An\r\nna\x00 ", "last_name": "W\tinter\u2028", "organisation": "A\x07B"}

    recipient = recipient_of("anna@example.org", fields, language="de")

    assert (recipient.first_name, recipient.last_name, recipient.name) == ("An na", "W inter", "An na W inter")
    assert recipient.organisation == "AB"


def test_an_issue_has_the_readers_own_link_to_leave() -> None:
    links = LINKS.links(MailingKind.ISSUE, 5, subscription_id=7)

    base, _, token = links.unsubscribe.rpartition("/")
    assert base == "https://news.example.org/leave"
    assert tokens.read_leave(SECRET, token).subscription_id == 7
    base, _, token = links.view.rpartition("/")
    assert base == "https://news.example.org/view"
    assert tokens.read_view(SECRET, token).mailing_id == 5
    base, _, token = links.preferences.rpartition("/")
    assert base == "https://news.example.org/preferences"
    assert tokens.read_preferences(SECRET, token).subscription_id == 7
    assert links.confirm == links.errand == ""


def test_a_test_can_be_left_without_effect() -> None:
    links = LINKS.links(MailingKind.TEST, 5, subscription_id=7)

    assert tokens.read_leave(SECRET, links.unsubscribe.rpartition("/")[2]).subscription_id is None
    assert tokens.read_preferences(SECRET, links.preferences.rpartition("/")[2]).subscription_id is None


def test_only_a_measured_mail_has_the_link_to_stop_measuring() -> None:
    links = LINKS.links(MailingKind.ISSUE, 5, subscription_id=7, is_measured=True)

    base, _, token = links.measuring.rpartition("/")
    assert base == "https://news.example.org/measuring"
    assert tokens.read_measuring(SECRET, token).subscription_id == 7
    assert LINKS.links(MailingKind.ISSUE, 5, subscription_id=7).measuring == ""
    assert LINKS.links(MailingKind.SYSTEM, 5, subscription_id=7, is_measured=True).measuring == ""
    test = LINKS.links(MailingKind.TEST, 5, subscription_id=7, is_measured=True)
    assert tokens.read_measuring(SECRET, test.measuring.rpartition("/")[2]).subscription_id is None


def test_a_system_mail_has_the_frozen_link_to_confirm() -> None:
    links = LINKS.links(MailingKind.SYSTEM, 5, fields={"confirm_token": "7.abc"})

    assert links == Links(confirm="https://news.example.org/confirm/7.abc")


def test_a_system_mail_has_the_frozen_link_to_an_errand() -> None:
    links = LINKS.links(MailingKind.SYSTEM, 5, fields={"errand_path": "erase/7.abc"})

    assert links == Links(errand="https://news.example.org/my-data/erase/7.abc")
