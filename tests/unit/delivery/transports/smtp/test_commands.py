import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.delivery.transports.smtp import commands
from newsletter.delivery.transports.smtp.extensions import Extensions
from newsletter.delivery.transports.smtp.replies import Failed
from newsletter.delivery.verdicts import Step

ALL = Extensions(size=True, size_limit=100, eight_bit=True, utf8=True)


@given(text=st.text(max_size=40))
def test_a_command_is_one_line_or_none(text: str) -> None:
    try:
        made = commands.command(text, Step.RCPT)
    except Failed as failed:
        made = failed.reply.line.encode() + b"\r\n"
        assert any(ord(letter) < 32 or letter == "\x7f" for letter in text), made
    assert made.endswith(b"\r\n")
    assert made.count(b"\n") == made.count(b"\r") == 1


@given(message=st.binary(max_size=60) | st.text(".\r\na", max_size=30).map(str.encode))
def test_stuffed_and_unstuffed_a_message_is_the_same(message: bytes) -> None:
    stuffed = commands.dot_stuffed(message)

    assert b"\r\n.\r\n" not in b"\r\n" + stuffed
    lines = stuffed.split(b"\r\n")
    again = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in lines)
    assert again == (message if message.endswith(b"\r\n") else message + b"\r\n")


@pytest.mark.parametrize(
    ("recipient", "message", "extensions", "made"),
    [
        ("b@x.org", b"x", Extensions(), b"MAIL FROM:<a@x.org>\r\n"),
        ("b@x.org", b"x", ALL, b"MAIL FROM:<a@x.org> SIZE=1\r\n"),
        ("ö@x.org", b"x", ALL, b"MAIL FROM:<a@x.org> SIZE=1 BODY=8BITMIME SMTPUTF8\r\n"),
        ("b@x.org", "ö".encode(), Extensions(utf8=True), b"MAIL FROM:<a@x.org> SMTPUTF8\r\n"),
    ],
)
def test_mail_has_the_parameters_the_message_needs(
    recipient: str, message: bytes, extensions: Extensions, made: bytes
) -> None:
    assert commands.mail("a@x.org", recipient, message, extensions) == made


def test_what_the_relay_cannot_take_is_not_asked() -> None:
    with pytest.raises(Failed, match=r"552 5\.3\.4 the message has 101 octets, the relay takes 100"):
        commands.mail("a@x.org", "b@x.org", b"x" * 101, ALL)
