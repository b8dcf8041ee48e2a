"""Alerts by web hook, to a real web server."""

import hmac
import ipaddress
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from newsletter.alerting.channels import NotTold
from newsletter.alerting.delivering import deliver
from newsletter.alerting.hook import HookChannel
from newsletter.database import Database
from newsletter.delivery.alerts import notices
from newsletter.delivery.alerts.models import Medium
from newsletter.delivery.alerts.notices import Notice
from newsletter.network.addresses import Address, Reach
from tests.support.alerts import alerts
from tests.support.ledgers import Clock
from tests.support.makers import NOW
from tests.support.webserver import Answer, WebServer, page, redirect, serving

HOOK_SECRET = "sixteen letters or more"
TAKEN = page("ok")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with serving() as running:
        yield running


def a_channel(
    url: str, clock: Clock, *, secret: str = "", allow_private: bool = True, limit_s: float = 10
) -> HookChannel:
    reach = Reach(allow_private=allow_private)
    return HookChannel(
        url, secret=secret, reach=reach, public_url="https://news.example.org", clock=clock, limit_s=limit_s
    )


@pytest.fixture
def notice(alerted: Database) -> Notice:
    with alerted.reading() as session:
        [found] = notices.due(session, Medium.HOOK, now=NOW)
    return found


def answering(status: int) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def test_an_alert_is_posted_once_without_anybodys_address(server: WebServer, alerted: Database, clock: Clock) -> None:
    channels = [a_channel(f"{server.at('/hook', TAKEN)}?key=1", clock)]

    assert deliver(alerted, channels, clock=clock) == 1
    clock.forward(hours=9)
    assert deliver(alerted, channels, clock=clock) == 0

    [body] = server.bodies
    [(path, headers)] = server.requests
    with alerted.reading() as session:
        [alert] = alerts(session)
    assert path == "/hook?key=1"
    assert headers["Content-Type"] == "application/json"
    assert "Newsletter-Signature" not in headers
    assert json.loads(body) == {
        "alert": {
            "id": alert.id,
            "key": "journal:mail-2",
            "kind": "journal_unusable",
            "title": "mail-2 cannot send",
            "message": "On mail-2 the journals cannot be written, so nothing is sent from there: no space left for "
            "<…@…>. Make room on its disk, or give the folder of the journals back to the user that the worker runs "
            "as.",
            "mailing": None,
            "raised_at": "2026-11-23T09:00:00+00:00",
            "last_at": "2026-11-23T09:00:00+00:00",
            "count": 1,
            "link": "https://news.example.org/",
        }
    }


def test_a_post_is_signed_with_its_time(server: WebServer, notice: Notice, clock: Clock) -> None:
    a_channel(server.at("/hook", TAKEN), clock, secret=HOOK_SECRET).tell(notice)

    [(_, headers)], [body] = server.requests, server.bodies
    signed = headers["Newsletter-Timestamp"].encode() + b"." + body
    assert headers["Newsletter-Timestamp"] == "1795424400"
    assert headers["Newsletter-Signature"] == f"sha256={hmac.digest(HOOK_SECRET.encode(), signed, 'sha256').hex()}"


@pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
def test_whatever_else_is_answered_it_is_tried_again(
    server: WebServer, alerted: Database, clock: Clock, status: int
) -> None:
    channels = [a_channel(server.at("/hook", answering(status)), clock)]

    assert deliver(alerted, channels, clock=clock) == 0
    server.at("/hook", answering(204))
    assert deliver(alerted, channels, clock=clock) == 0
    clock.forward(minutes=1)
    assert deliver(alerted, channels, clock=clock) == 1


def test_a_redirect_is_not_followed(server: WebServer, notice: Notice, clock: Clock) -> None:
    server.at("/elsewhere", TAKEN)

    with pytest.raises(NotTold, match="The web hook answers 302"):
        a_channel(server.at("/hook", redirect("/elsewhere")), clock).tell(notice)

    assert [path for path, _ in server.requests] == ["/hook"]


def test_a_private_address_is_not_asked_unless_a_setting_allows_it(
    server: WebServer, notice: Notice, clock: Clock
) -> None:
    with pytest.raises(NotTold, match="in a private network, which NEWSLETTER_FETCH_PRIVATE=1 would allow"):
        a_channel(server.at("/hook", TAKEN), clock, allow_private=False).tell(notice)

    assert server.requests == []


def test_a_name_that_leads_inside_is_not_asked(server: WebServer, notice: Notice, clock: Clock) -> None:
    def inside(host: str, port: int) -> tuple[Address, ...]:
        del host, port
        return (ipaddress.ip_address("93.184.216.34"), ipaddress.ip_address("127.0.0.1"))

    channel = HookChannel(
        f"http://chat.example.org:{server.port}/hook",
        secret="",
        reach=Reach(),
        public_url="",
        clock=clock,
        resolve=inside,
    )

    with pytest.raises(NotTold, match="private network"):
        channel.tell(notice)

    assert server.requests == []


def test_who_answers_too_slowly_is_given_up(server: WebServer, notice: Notice, clock: Clock) -> None:
    ended = threading.Event()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        for letter in b"HTTP/1.1 200 OK\r\n" * 9:
            handler.wfile.write(bytes([letter]))
            if ended.wait(0.1):
                return

    began = time.monotonic()
    with pytest.raises(NotTold, match="takes too long"):
        a_channel(server.at("/hook", slowly), clock, limit_s=0.5).tell(notice)
    ended.set()

    assert time.monotonic() - began < 3


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/geheim", "https://localhost:1/geheim"])
def test_where_nobody_listens_the_reason_holds_no_secret(notice: Notice, clock: Clock, url: str) -> None:
    with pytest.raises(NotTold) as raised:
        a_channel(url, clock).tell(notice)

    assert str(raised.value).startswith("The web hook cannot be reached: ")
    assert "geheim" not in str(raised.value)


def test_nonsense_for_an_answer_is_no_answer(server: WebServer, notice: Notice, clock: Clock) -> None:
    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"220 mail.example.org ESMTP\r\n\r\n")
        handler.close_connection = True

    with pytest.raises(NotTold, match="cannot be reached"):
        a_channel(server.at("/hook", nonsense), clock).tell(notice)
