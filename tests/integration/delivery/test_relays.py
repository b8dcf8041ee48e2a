"""The SMTP client against a real server: encryption, login, extensions, reuse."""

import ssl
from pathlib import Path

import pytest

from newsletter.delivery.transports import open_transport
from newsletter.delivery.transports.relay import MESSAGES_PER_CONNECTION, RelayUnusable, SmtpTransport
from newsletter.delivery.transports.urls import SmtpUrl, parse
from newsletter.delivery.verdicts import Step
from tests.support.makers import assets
from tests.support.relay import IMPATIENT, Client, Relay

pytestmark = pytest.mark.slow

CERTIFICATE = assets() / "tls" / "localhost.pem"
US, ANNA = "presse@example.org", "anna@example.org"
MESSAGE = b"Subject: x\r\n\r\nwords\r\n"


def _tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_suffix(".key"))
    return context


def _transport(relay: Relay, options: str = "", *, login: str = "", host: str = "localhost") -> SmtpTransport:
    url = parse(f"smtp://{login}{host}:{relay.port}?{options}".rstrip("?"))
    assert isinstance(url, SmtpUrl)
    return SmtpTransport(url, IMPATIENT)


def _client(relay: Relay, options: str = "", *, login: str = "", host: str = "localhost") -> Client:
    return Client(_transport(relay, options, login=login, host=host))


def test_a_verified_relay_gets_the_password_and_the_mail() -> None:
    with (
        Relay(tls=_tls(), password="gehéim") as relay,
        _client(relay, f"tls=required&ca={CERTIFICATE}", login="us:geh%C3%A9im@") as client,
    ):
        assert client.send(US, ANNA, MESSAGE).code == 250

    assert relay.received[ANNA] == [MESSAGE]


def test_a_relay_with_a_strange_certificate_gets_nothing() -> None:
    with (
        Relay(tls=_tls(), password="right") as relay,
        _client(relay, "tls=required", login="us:right@") as client,
    ):
        reply = client.send(US, ANNA, MESSAGE)

    assert (reply.step, reply.code) == (Step.STARTTLS, None)
    assert "certificate" in reply.text.lower()
    assert relay.received == {}


def test_a_certificate_of_another_name_is_strange_too() -> None:
    trusted = f"tls=required&ca={CERTIFICATE}"
    with Relay(tls=_tls(), host="127.0.0.2") as relay, _client(relay, trusted, host="127.0.0.2") as client:
        reply = client.send(US, ANNA, MESSAGE)

    assert (reply.step, reply.code) == (Step.STARTTLS, None)
    assert relay.received == {}


def test_tls_from_the_first_octet_is_verified_too() -> None:
    with Relay(implicit_tls=_tls()) as relay:
        trusting = parse(f"smtps://localhost:{relay.port}?ca={CERTIFICATE}")
        wary = parse(f"smtps://localhost:{relay.port}")
        assert isinstance(trusting, SmtpUrl)
        assert isinstance(wary, SmtpUrl)

        with Client(SmtpTransport(trusting, IMPATIENT)) as client:
            assert client.send(US, ANNA, MESSAGE).code == 250
        with Client(SmtpTransport(wary, IMPATIENT)) as client:
            refused = client.send(US, ANNA, MESSAGE)

    assert (refused.step, refused.code) == (Step.CONNECT, None)
    assert len(relay.received[ANNA]) == 1


def test_without_encryption_nothing_is_sent_where_it_is_required(relay: Relay) -> None:
    with _client(relay, "tls=required") as client:
        reply = client.send(US, ANNA, MESSAGE)

    assert (reply.step, reply.code) == (Step.STARTTLS, None)
    assert "offers no encryption" in reply.text


@pytest.mark.parametrize("tls", [True, False])
def test_opportunistic_takes_what_there_is(tls: bool) -> None:  # noqa: FBT001  # a case
    with Relay(tls=_tls() if tls else None) as relay, _client(relay, "tls=opportunistic") as client:
        assert client.send(US, ANNA, MESSAGE).code == 250


def test_a_relay_without_login_does_not_get_the_password(relay: Relay) -> None:
    with (
        Relay(auth_exclude_mechanism=["PLAIN", "LOGIN"]) as bare,
        _client(bare, "tls=none", login="us:secret@") as client,
    ):
        reply = client.send(US, ANNA, MESSAGE)

    assert (reply.step, reply.text) == (Step.AUTH, "the relay offers no login (AUTH PLAIN or LOGIN)")
    del relay


def test_a_relay_that_knows_only_login_gets_login() -> None:
    with (
        Relay(password="right", auth_exclude_mechanism=["PLAIN"]) as relay,
        _client(relay, "tls=none", login="us:right@") as client,
    ):
        assert client.send(US, ANNA, MESSAGE).code == 250


def test_the_doctor_hears_the_step_and_the_reply() -> None:
    with Relay(password="right") as relay:
        with pytest.raises(RelayUnusable, match=r"\(login\): 535 5\.7\.8"):
            _transport(relay, "tls=none", login="us:wrong@").check()
        _transport(relay, "tls=none", login="us:right@").check()


def test_a_message_over_the_relays_size_is_refused_before_it_is_sent() -> None:
    with Relay(data_size_limit=1000) as relay, _client(relay) as client:
        reply = client.send(US, ANNA, MESSAGE + b"x" * 1000)

        assert (reply.step, reply.code, reply.enhanced) == (Step.MAIL, 552, "5.3.4")
        assert client.send(US, ANNA, MESSAGE).code == 250


def test_an_address_outside_ascii_needs_smtputf8() -> None:
    message = "To: jörg@example.org\r\n\r\nx\r\n".encode()
    with Relay() as relay, _client(relay) as client:
        assert client.send(US, "jörg@example.org", message).code == 250
    with Relay(enable_SMTPUTF8=False) as old, _client(old) as client:
        reply = client.send(US, "jörg@example.org", message)

    assert relay.received["jörg@example.org"] == [message]
    assert (reply.step, reply.code, reply.enhanced) == (Step.RCPT, 553, "5.6.7")


def test_a_line_break_in_an_address_never_becomes_a_command(relay: Relay) -> None:
    with _client(relay) as client:
        reply = client.send(US, "anna@example.org>\r\nRCPT TO:<eve@example.org", MESSAGE)

    assert (reply.step, reply.enhanced) == (Step.RCPT, "5.1.3")
    assert relay.received == {}


def test_dots_at_the_beginning_of_lines_arrive(relay: Relay) -> None:
    message = b".x: y\r\n\r\n.\r\n..\r\n.end"

    with _client(relay) as client:
        client.send(US, ANNA, message)

    assert relay.received[ANNA] == [message + b"\r\n"]


def test_a_connection_is_used_for_a_hundred_messages(relay: Relay) -> None:
    with _client(relay) as client:
        for _ in range(MESSAGES_PER_CONNECTION + 1):
            client.send(US, ANNA, MESSAGE)

    assert relay.connections == 2
    assert len(relay.received[ANNA]) == MESSAGES_PER_CONNECTION + 1


def test_a_refusal_keeps_the_connection(relay: Relay) -> None:
    relay.answer("RCPT", "550 5.1.1 nobody", times=1)

    with _client(relay) as client:
        assert client.send(US, "nobody@example.org", MESSAGE).code == 550
        assert client.send(US, ANNA, MESSAGE).code == 250

    assert relay.connections == 1


def test_nonsense_instead_of_a_reply_is_the_relays_trouble(relay: Relay) -> None:
    relay.answer("MAIL", "hello there", times=1)

    with _client(relay) as client:
        reply = client.send(US, ANNA, MESSAGE)

    assert (reply.step, reply.code) == (Step.MAIL, None)


def test_a_maildir_opens_by_url(tmp_path: Path) -> None:
    with Client(open_transport(f"maildir:{tmp_path}")) as client:
        assert client.send(US, ANNA, MESSAGE).code == 250
