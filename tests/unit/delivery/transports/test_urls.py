from pathlib import Path

import pytest

from newsletter.delivery.transports import open_transport
from newsletter.delivery.transports.maildir import MaildirTransport
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import MaildirUrl, SmtpUrl, Tls, TransportUrlInvalid, parse


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("smtp://mail.example.org", SmtpUrl("mail.example.org", 25, Tls.REQUIRED)),
        ("smtp://u:p@mail.example.org", SmtpUrl("mail.example.org", 587, Tls.REQUIRED, "u", "p")),
        ("smtp://mail.example.org:2525?tls=opportunistic", SmtpUrl("mail.example.org", 2525, Tls.OPPORTUNISTIC)),
        ("smtp://127.0.0.1", SmtpUrl("127.0.0.1", 25, Tls.NONE)),
        ("smtp://localhost:1025?tls=required", SmtpUrl("localhost", 1025, Tls.REQUIRED)),
        ("smtp://[::1]:25", SmtpUrl("::1", 25, Tls.NONE)),
        ("smtps://u:p@mail.example.org", SmtpUrl("mail.example.org", 465, Tls.IMPLICIT, "u", "p")),
        ("smtps://u%40x:p%2F%3A%C3%BC@m.example", SmtpUrl("m.example", 465, Tls.IMPLICIT, "u@x", "p/:ü")),
        ("SMTP://mail.example.org?connections=10", SmtpUrl("mail.example.org", 25, Tls.REQUIRED, connections=10)),
        (
            "smtp://m.example?ca=/etc/ca.pem&name=us.example",
            SmtpUrl("m.example", 25, Tls.REQUIRED, ca_file=Path("/etc/ca.pem"), ehlo_name="us.example"),
        ),
        ("maildir:var/maildir", MaildirUrl(Path("var/maildir"))),
        ("maildir:///srv/mail", MaildirUrl(Path("/srv/mail"))),
    ],
)
def test_urls_mean_this(url: str, meant: SmtpUrl | MaildirUrl) -> None:
    assert parse(url) == meant


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "it must begin with smtp://"),
        ("http://secret@mail.example.org", "it must begin with smtp://"),
        ("smtp:mail.example.org", "a host is missing"),
        ("smtp://", "a host is missing"),
        ("smtp://u:secret@", "a host is missing"),
        ("smtp://mail.example.org:99999", "a port is 1 to 65535"),
        ("smtp://mail.example.org:secret", "a port is 1 to 65535"),
        ("smtp://[::1", "malformed"),
        ("smtp://u:sec/ret@mail.example.org", "%-encoded"),
        ("smtp://mail.example.org/path", "nothing but ?options"),
        ("smtp://u@mail.example.org", "a user and a password belong together"),
        ("smtp://u:secret@mail.example.org?tls=opportunistic", "a password is sent to a verified relay only"),
        ("smtp://mail.example.org?tls=perhaps", "tls is required, opportunistic or none"),
        ("smtps://mail.example.org?tls=none", "smtps:// is always encrypted"),
        ("smtp://mail.example.org?connections=0", "connections is a number from 1 to 100"),
        ("smtp://mail.example.org?connections=x", "connections is a number from 1 to 100"),
        ("smtp://mail.example.org?tls", "the options must look like"),
        ("smtp://mail.example.org?color=red", "there is no option “color”"),
        ("smtp://mail .example.org", "a host is missing"),
        ("maildir:", "maildir: needs a folder"),
    ],
)
def test_what_cannot_be_meant_is_said_without_the_password(url: str, reason: str) -> None:
    with pytest.raises(TransportUrlInvalid) as raised:
        parse(url)

    assert reason in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_password_is_never_shown() -> None:
    url = parse("smtp://user:hidden@mail.example.org")

    assert isinstance(url, SmtpUrl)
    assert "hidden" not in repr(url)
    assert url.name == "mail.example.org:587"


def test_each_kind_of_url_opens_its_transport(tmp_path: Path) -> None:
    assert isinstance(open_transport("smtp://127.0.0.1:25"), SmtpTransport)
    assert isinstance(open_transport(f"maildir:{tmp_path}"), MaildirTransport)


def test_a_very_long_name_fits_into_the_ledger() -> None:
    url = parse(f"smtp://{'a' * 240}.example.org:2525")

    assert isinstance(url, SmtpUrl)
    assert url.name == f"{'a' * 99}…{'a' * 83}.example.org:2525"
    assert len(url.name) == 200
