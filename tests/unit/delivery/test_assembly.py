import datetime as dt
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from newsletter.content.characters import on_one_line
from newsletter.delivery.assembly import Assembly, SlotInvalid
from newsletter.delivery.headers import HeaderInvalid
from newsletter.delivery.recipients import Links, Recipient, recipient_of
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Part, Slot

NOW = dt.datetime(2026, 11, 23, 9, 0, 0, 4711, tzinfo=dt.UTC)
LINKS = Links(
    unsubscribe="https://news.example.org/leave/7.abc?a=1&b=2",
    view="https://news.example.org/view/5.def",
    confirm="https://news.example.org/confirm/7.ghi",
)
ANNA = Recipient(address="anna@example.org", name="Anna Winter", first_name="Anna", salutation="Guten Tag Frau Winter")
ISSUE = CompiledIssue(
    language="de",
    sender=Mailbox("Presse", "presse@example.org"),
    subject=("Neues für ", Slot('recipient.first_name or "alle"')),
    html=("<p>", Slot('recipient.salutation or "Guten Tag"'), '</p><a href="', Slot("links.unsubscribe"), '">Ab</a>\n'),
    text=(Slot('recipient.salutation or "Guten Tag"'), ",\n\n", Slot("links.unsubscribe"), "\n"),
    list_id="region.example.org",
    list_name="Region aktuell",
    reply_to=Mailbox("", "antwort@example.org"),
)

HOSTILE = st.sampled_from(
    [
        "Grüße", "👩‍👩‍👧‍👦", "שלום עולם", "مرحبا", "\u202eRTL", "x" * 998, "\r\n", "\n", "\r",
        "\r\nBcc: evil@example.org",
        "\r\n.\r\n", "{{ recipient.address }}", "{% raw %}", "<script>alert(1)</script>", "&amp;", ".", "..",
        "From ", " ",
        "  ", "\t", "\0", "=", "=3D", "=?utf-8?q?x?=", "--", "\u2028", "ü" * 40, '"', "\\", "'", "<a@b>", ",",
    ]
)  # fmt: skip
TEXT = st.lists(st.one_of(HOSTILE, st.text(st.characters(exclude_categories=["Cs"]), max_size=30)), max_size=6).map(
    "".join
)


def _message(compiled: CompiledIssue, recipient: Recipient = ANNA, links: Links = LINKS) -> bytes:
    return Assembly(compiled).message(
        recipient, links, message_id="<abc@example.org>", date=NOW, feedback_id="3:5:issue:example-org"
    )


def _read(octets: bytes) -> EmailMessage:
    message = BytesParser(policy=email.policy.default).parsebytes(octets)
    assert isinstance(message, EmailMessage)
    return message


def _bodies(message: EmailMessage) -> tuple[str, str]:
    text, html = message.iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def _meant(text: str) -> str:
    return re.sub("\r\n?", "\n", text.replace("\0", ""))


def test_the_header_of_an_issue_is_exactly_this() -> None:
    octets = _message(ISSUE)

    assert octets.partition(b"\r\n\r\n")[0].decode().split("\r\n")[:-1] == [
        "Date: Mon, 23 Nov 2026 09:00:00 +0000",
        "Message-ID: <abc@example.org>",
        "To: Anna Winter <anna@example.org>",
        "Subject: =?utf-8?b?TmV1ZXMgZsO8ciBBbm5h?=",
        "List-Unsubscribe: <https://news.example.org/leave/7.abc?a=1&b=2>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Feedback-ID: 3:5:issue:example-org",
        "From: Presse <presse@example.org>",
        "Reply-To: antwort@example.org",
        "Precedence: bulk",
        "X-Auto-Response-Suppress: OOF, AutoReply",
        "List-ID: Region aktuell <region.example.org>",
        "Content-Language: de",
        "MIME-Version: 1.0",
        "Content-Type: multipart/alternative;",
    ]


def test_a_system_mail_is_automatic_and_belongs_to_no_list() -> None:
    message = _read(_message(replace(ISSUE, automatic=True, list_id="", list_name="")))

    assert message["Auto-Submitted"] == "auto-generated"
    assert not [name for name in message if name.startswith("List-") or name in {"Precedence", "Feedback-ID"}]


def test_slots_are_filled_and_escaped_in_html_alone() -> None:
    recipient = replace(ANNA, salutation="Guten Tag Frau <Winter> & Söhne")

    text, html = _bodies(_read(_message(ISSUE, recipient)))

    assert text == "Guten Tag Frau <Winter> & Söhne,\n\nhttps://news.example.org/leave/7.abc?a=1&b=2\n"
    assert html == (
        "<p>Guten Tag Frau &lt;Winter&gt; &amp; Söhne</p>"
        '<a href="https://news.example.org/leave/7.abc?a=1&amp;b=2">Ab</a>\n'
    )


def test_without_a_name_the_fallbacks_stand_in() -> None:
    message = _read(_message(ISSUE, Recipient(address="anna@example.org")))

    assert message["Subject"] == "Neues für alle"
    assert _bodies(message)[0].startswith("Guten Tag,\n")
    assert message["To"] == "anna@example.org"


def test_the_same_mail_has_the_same_bytes() -> None:
    assert _message(ISSUE) == _message(ISSUE)


@settings(max_examples=150)
@given(first=TEXT, last=TEXT, subject=TEXT, html=TEXT, text=TEXT, slot_between=st.booleans())
def test_any_words_are_read_back_as_they_were(  # noqa: PLR0917  # given by name
    first: str,
    last: str,
    subject: str,
    html: str,
    text: str,
    slot_between: bool,  # noqa: FBT001  # drawn
) -> None:
    recipient = recipient_of("anna@example.org", {"first_name": first, "last_name": last}, language="de")
    between: tuple[Part, ...] = (Slot("recipient.name"),) if slot_between else ()
    title = on_one_line(subject)
    compiled = replace(ISSUE, subject=(title, *between), html=(html, *between, html), text=(text, *between, text))

    octets = _message(compiled, recipient)

    message = _read(octets)
    name = recipient.name if slot_between else ""
    assert str(message["Subject"]) == title + name
    assert message["To"].addresses[0].addr_spec == "anna@example.org"
    escaped = name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&#34;")
    assert _bodies(message) == (
        _meant(text + name + text),
        _meant(html + escaped.replace("'", "&#39;") + html),
    )
    _assert_fit_for_the_wire(octets, message)


def _assert_fit_for_the_wire(octets: bytes, message: EmailMessage) -> None:
    assert len(message.keys()) == 15
    assert "Bcc" not in message
    assert not message.defects
    assert octets.endswith(b"\r\n")
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r")
    for line in octets.split(b"\r\n"):
        assert len(line) <= 76 or line.startswith(b"List-Unsubscribe: ")
        assert not line.startswith((b".", b"From "))
    assert octets.isascii()


@settings(max_examples=50)
@given(name=TEXT, words=TEXT, link=st.from_regex(r"\Ahttps://[a-z]{1,20}\.example/[!#-;=?-~]{0,600}\Z"))
def test_it_says_the_same_as_jinja_and_an_email_message(name: str, words: str, link: str) -> None:
    recipient = recipient_of("anna@example.org", {"last_name": name, "first_name": "A"}, language="de")
    links = replace(LINKS, unsubscribe=link)
    words = _meant(words)
    compiled = replace(
        ISSUE,
        text=(words, Slot("recipient.name"), "\n", Slot("links.unsubscribe"), "\n"),
        html=("<p>", Slot("recipient.name"), '</p><a href="', Slot("links.unsubscribe"), '">x</a>\n'),
    )

    ours = _read(_message(compiled, recipient, links))

    environment = Environment(autoescape=True, keep_trailing_newline=True)
    html = '<p>{{ recipient.name }}</p><a href="{{ links.unsubscribe }}">x</a>\n'
    usual = EmailMessage()
    usual.set_content(f"{words}{recipient.name}\n{link}\n", cte="quoted-printable")
    usual.add_alternative(
        environment.from_string(html).render(recipient=recipient, links=links), subtype="html", cte="quoted-printable"
    )
    theirs = _read(usual.as_bytes(policy=email.policy.SMTP))
    assert [_lines(body) for body in _bodies(ours)] == [_lines(body) for body in _bodies(theirs)]
    assert str(ours["List-Unsubscribe"]) == f"<{link}>"


def _lines(body: str) -> list[str]:
    """What EmailMessage leaves of line ends: it counts more characters as such than mail does."""
    return body.splitlines()


def test_the_raw_link_to_leave_stands_on_one_line_as_it_is() -> None:
    """Python 3.11's own writer would fold it into encoded words, which the parser then hides."""
    links = replace(LINKS, unsubscribe="https://news.example.org/leave/" + "t" * 300)

    assert f"\r\nList-Unsubscribe: <{links.unsubscribe}>\r\n".encode() in _message(ISSUE, links=links)


def test_an_address_outside_ascii_stays_as_it_is() -> None:
    octets = _message(ISSUE, replace(ANNA, address="jörg@example.org"))

    assert "\r\nTo: Anna Winter <jörg@example.org>\r\n".encode() in octets


def test_typed_braces_stay_text() -> None:
    compiled = replace(ISSUE, text=("{{ recipient.address }} {% if %}\n",))

    assert _bodies(_read(_message(compiled)))[0] == "{{ recipient.address }} {% if %}\n"


@pytest.mark.parametrize(
    "expression",
    ["", "1 2", "x }} {{ y", "recipient.name) }}{{ (links.view", "recipient.", "%}", "links.view, 2", "a|nofilter"],
)
def test_what_is_no_single_expression_is_refused(expression: str) -> None:
    with pytest.raises(SlotInvalid):
        Assembly(replace(ISSUE, text=(Slot(expression),)))


@pytest.mark.parametrize(
    "expression",
    ["recipient.nothing", "nobody.name", "recipient.__class__.__mro__", "1 / 0", "recipient.name + 1", "'\\x00'"],
)
def test_what_cannot_be_filled_is_an_error_for_people(expression: str) -> None:
    with pytest.raises(SlotInvalid, match="A slot of the compiled mail cannot be filled"):
        _message(replace(ISSUE, text=(Slot(expression),)))


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@example.org", "a\nb", "a\x00b", "a\x85b"])
def test_a_line_break_in_a_subject_is_refused(subject: str) -> None:
    with pytest.raises(HeaderInvalid, match="Subject"):
        _message(replace(ISSUE, subject=(subject,)))


@pytest.mark.parametrize(
    "compiled",
    [
        replace(ISSUE, sender=Mailbox("A\r\nBcc: x@y.de", "a@b.de")),
        replace(ISSUE, sender=Mailbox("A", "a@b.de, c@d.de")),
        replace(ISSUE, reply_to=Mailbox("", "a@b.de\r\nX: y")),
        replace(ISSUE, list_id="a b"),
        replace(ISSUE, list_name="a\nb"),
        replace(ISSUE, language="de\r\nX: y"),
    ],
    ids=["sender's name", "sender", "reply address", "list", "list's name", "language"],
)
def test_nothing_in_the_envelope_of_an_issue_begins_another_header(compiled: CompiledIssue) -> None:
    with pytest.raises(HeaderInvalid):
        Assembly(compiled)
