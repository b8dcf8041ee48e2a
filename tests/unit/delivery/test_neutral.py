from dataclasses import fields

import pytest

from newsletter.delivery import neutral
from newsletter.delivery.recipients import Links
from newsletter.rendering.compiled import LINK_NAMES, RECIPIENT_FIELDS, CompiledIssue, Mailbox, Slot

VIEW, SITE = "https://v.example/?a&b", "https://l.example"


def compiled(*parts: str | Slot) -> CompiledIssue:
    sender = Mailbox("Presse", "presse@example.org")
    return CompiledIssue(language="de", sender=sender, subject=parts, html=parts, text=parts)


@pytest.mark.parametrize("name", [name for name in LINK_NAMES if name != "view"])
def test_no_link_is_a_readers_own(name: str) -> None:
    mail = compiled('<a href="', Slot(f"links.{name}"), '">')
    page = {"preferences": "/preferences", "measuring": "/measuring"}.get(name, "/leave")

    assert neutral.html(mail, view_url=VIEW, public_url=SITE) == f'<a href="{SITE}{page}">'
    assert neutral.text(mail, view_url=VIEW, public_url=SITE) == f'<a href="{SITE}{page}">'


def test_there_is_no_link_but_those_that_are_known() -> None:
    assert {field.name for field in fields(Links)} <= set(LINK_NAMES)


def test_the_link_to_view_leads_to_the_page_and_is_escaped_in_html_alone() -> None:
    mail = compiled(Slot("links.view"))

    assert neutral.html(mail, view_url=VIEW, public_url=SITE) == "https://v.example/?a&amp;b"
    assert neutral.text(mail, view_url=VIEW, public_url=SITE) == "https://v.example/?a&b"


@pytest.mark.parametrize("name", RECIPIENT_FIELDS)
def test_no_field_of_a_person_is_filled(name: str) -> None:
    mail = compiled("[", Slot(f"recipient.{name}"), Slot(f'recipient.{name} or "alle"'), "]")

    assert neutral.html(mail, view_url=VIEW, public_url=SITE) == "[alle]"
    assert neutral.text(mail, view_url=VIEW, public_url=SITE) == "[alle]"
    assert neutral.subject(mail) == "[alle]"
