"""What somebody with bad intent sends to the public pages, and what then does not happen."""

import email
import email.policy
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from sqlalchemy import select
from starlette.routing import Route

from newsletter.app import App
from newsletter.database import Database
from newsletter.delivery.assembly import Assembly
from newsletter.delivery.models import Mailing, MailingKind
from newsletter.delivery.recipients import LinkMaker, recipient_of
from newsletter.issues import compilations
from newsletter.rendering.compiled import CompiledIssue, Mailbox, Slot
from newsletter.web.application import create
from subscribers.models import Subscriber
from tests.support.kinds import IS_LONG, on_sqlite
from tests.support.makers import NOW, SECRET
from tests.support.web import PUBLIC_URL, Client, a_client, a_reader, an_app, dump, mails_to, records_of, state_of

ANNA = "anna@posteo.de"
FORM = "/lists/region"
EVIL = "evil.example"
GREETED = CompiledIssue(
    language="de",
    sender=Mailbox("Presse", "presse@example.org"),
    subject=("Neues für ", Slot("recipient.name")),
    html=("<p>", Slot("recipient.salutation"), "</p>"),
    text=(Slot("recipient.name"), "\n"),
    list_id="region.example.org",
    list_name="Region",
)
INJECTIONS = [
    "Anna\r\nBcc: victim@evil.example",
    "Anna\nBcc: victim@evil.example\n\nBuy now",
    "Anna\r\n\r\n<script>alert(1)</script>",
    "Anna\u2028Bcc: victim@evil.example",
    "Anna\x0bBcc: victim@evil.example",
    "Anna\x85Bcc: victim@evil.example",
    "Anna\0Bcc: victim@evil.example",
    "=?utf-8?q?Anna=0D=0ABcc:_victim=40evil.example?=",
    "{{ recipient.address }}{% raw %}",
]


def sign_up(client: Client, address: str = ANNA, **fields: str) -> Any:
    page = client.get(FORM).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    return client.post(FORM, data={**hidden, "email": address, **fields})


def greeted(first_name: str, last_name: str) -> bytes:
    """An issue whose subject and text name its reader."""
    fields = {"first_name": first_name, "last_name": last_name}
    links = LinkMaker(SECRET, "https://news.example.org").links(MailingKind.ISSUE, 1, subscription_id=1)
    recipient = recipient_of(ANNA, fields, language="de")
    return Assembly(GREETED).message(recipient, links, message_id="<1@example.org>", date=NOW)


def post_routes(client: Client) -> list[str]:
    """The path of every page of readers that takes a POST, with a made-up token where it has one."""
    application: Any = client.app
    routes = [route for route in application.state.routes if isinstance(route, Route)]
    paths = {route.path.replace("{slug}", "region") for route in routes if "POST" in (route.methods or ())}
    return sorted(re.sub(r"\{\w+\}", "x", path) for path in paths if not path.startswith("/staff"))


@pytest.mark.parametrize("name", INJECTIONS)
def test_no_name_becomes_a_header_or_more_than_text(app: App, client: Client, name: str) -> None:
    sign_up(client, first_name=name, last_name=name)
    with app.reading() as session:
        person = session.scalars(select(Subscriber)).one()

    octets = greeted(person.first_name, person.last_name)

    parsed = email.message_from_bytes(octets, policy=email.policy.SMTP)
    harmless = email.message_from_bytes(greeted("Anna", "Winter"), policy=email.policy.SMTP)
    assert parsed.keys() == harmless.keys()
    assert "Bcc" not in parsed
    assert [address.addr_spec for address in parsed["To"].addresses] == [ANNA]
    assert len(parsed.get_all("Subject", [])) == 1
    assert b"\nBcc" not in octets
    assert parsed.defects == []
    (html,) = [part.get_content() for part in parsed.walk() if part.get_content_type() == "text/html"]
    assert "<script" not in html


def test_the_confirmation_mail_says_nothing_of_what_a_stranger_typed(app: App, client: Client) -> None:
    sign_up(client, first_name="Buy at evil.example now", last_name="x", organisation="evil.example")

    (mail,) = mails_to(app, ANNA)
    with app.reading() as session:
        compiled = compilations.load(session, session.get_one(Mailing, mail.mailing_id).compiled)
    assert EVIL not in compiled.to_json() + str(mail.fields)


@pytest.mark.parametrize("headers", [{"Cookie": "session=1; csrf=1"}, {"Authorization": "Basic YTpi"}, {}])
def test_a_foreign_page_has_nothing_to_ride_on(app: App, client: Client, headers: dict[str, str]) -> None:
    """There is no cookie and no login: what a request may do is in its address, which a foreign page does not know."""
    a_reader(app, ANNA, confirmed=True)
    before = dump(app)

    for path in post_routes(client):
        if path.startswith("/lists/"):
            continue  # a form for any other site, whose owner is asked by mail
        foreign = {"Origin": f"https://{EVIL}", "Sec-Fetch-Site": "cross-site", **headers}
        answer = client.post(path, data={"leave": "everything", "confirm": "yes", "undo": "yes"}, headers=foreign)
        assert answer.status_code in (404, 405, 410), path

    assert dump(app) == before


def test_no_foreign_script_may_read_a_page_and_no_foreign_page_may_frame_one_with_a_token(
    app: App, client: Client
) -> None:
    reader = a_reader(app, ANNA, confirmed=True)
    foreign = {"Origin": f"https://{EVIL}"}

    for path in (f"/leave/{reader.leave_token}", f"/confirm/{reader.confirm_token}", "/leave", FORM):
        for answer in (client.get(path, headers=foreign), client.options(path, headers=foreign)):
            assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
            assert "set-cookie" not in answer.headers
        if path != FORM:
            assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        f"//{EVIL}/leave",
        f"/\\{EVIL}",
        f"/%2f%2f{EVIL}",
        f"/https://{EVIL}",
        f"/lists/region?next=//{EVIL}",
        f"/lists/region?lang=//{EVIL}",
        f"/leave?next=https://{EVIL}&url=https://{EVIL}&return=//{EVIL}",
        f"/leave//{EVIL}",
        f"/lists//{EVIL}",
        "/lists/region/",
        "/leave/",
    ],
)
def test_no_address_leads_to_a_foreign_site(client: Client, path: str) -> None:
    spoofed = {"Host": EVIL, "X-Forwarded-Host": EVIL, "X-Forwarded-Proto": "gopher", "Forwarded": f"host={EVIL}"}

    for answer in (
        client.get(path, follow_redirects=False),
        client.get(path, headers=spoofed, follow_redirects=False),
        client.post(path, data={"next": f"https://{EVIL}"}, headers=spoofed, follow_redirects=False),
    ):
        assert answer.status_code // 100 in (2, 4)
        assert "location" not in answer.headers
        led = re.findall(r'(?:href|src|action|content)="([^"]*)"', answer.text)
        assert EVIL not in {urlsplit(urljoin(PUBLIC_URL, target)).netloc for target in led}


def test_the_links_of_a_mail_are_ours_whatever_host_the_visitor_named(database: Database, tmp_path: Path) -> None:
    app = an_app(database, tmp_path)
    client = a_client(app, **{"Host": EVIL, "X-Forwarded-Host": EVIL})

    sign_up(client)

    assert state_of(app, ANNA) == "pending"
    (mail,) = mails_to(app, ANNA)
    links = LinkMaker(SECRET, app.settings.public_url).links(MailingKind.SYSTEM, 1, fields=mail.fields)
    assert links.confirm.startswith("https://news.example.org/confirm/")


def test_no_page_takes_a_body_beyond_the_limit_or_chokes_on_one_that_is_no_form(app: App, client: Client) -> None:
    a_reader(app, ANNA, confirmed=True)
    before = dump(app)
    bodies = {
        "endless": (b"leave=list&pad=" + b"x" * 70_000, "application/x-www-form-urlencoded"),
        "binary": (bytes(range(256)) * 64, "application/octet-stream"),
        "binary form": (b"\xff\xfe\x00=\xff" * 900, "application/x-www-form-urlencoded"),
        "many fields": (b"&".join(b"f%d=1" % number for number in range(5_000)), "application/x-www-form-urlencoded"),
        "json": (b'{"leave": "list"}' * 100, "application/json"),
        "broken parts": (b"--b\r\nContent-Disposition: form-data\r\n\r\n", "multipart/form-data; boundary=b"),
        "file": (
            b'--b\r\nContent-Disposition: form-data; name="leave"; filename="a"\r\n\r\nlist\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    }
    for path in post_routes(client):
        for name, (content, content_type) in bodies.items():
            answer = client.post(path, content=content, headers={"Content-Type": content_type})
            assert answer.status_code in (400, 404, 413), (path, name)
            assert "</html>" in answer.text
        assert client.post(path, content=bodies["endless"][0]).status_code == 413, path
    assert dump(app) == before


@pytest.mark.slow
@on_sqlite
def test_hundreds_of_sign_ups_of_one_address_send_one_mail(database: Database, tmp_path: Path) -> None:
    """From a thousand visitors, 300 in the short run, ten at a time."""
    plenty = {"sign_ups_at_once": 60_000, "sign_ups_per_minute": 60_000}
    app = an_app(database, tmp_path, trusted_proxies="127.0.0.1", **plenty)
    spellings = [ANNA, "Anna@posteo.de", "ANNA@POSTEO.DE", " anna@Posteo.de "]

    def try_it(number: int) -> tuple[int, int]:
        client = clients[number % len(clients)]
        visitor = {"X-Forwarded-For": f"10.0.{number // 250}.{number % 250}"}
        answer = client.post(FORM, data={**hidden, "email": spellings[number % 4]}, headers=visitor)
        return answer.status_code, len(answer.content)

    proxied = create(app, beat_s=0)
    clients = [Client(proxied, base_url=PUBLIC_URL, client=("127.0.0.1", 1)) for _ in range(10)]
    page = clients[0].get(FORM).text
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(try_it, range(1_000 if IS_LONG else 300)))

    assert {status for status, _ in answers} == {200}
    assert len({size for _, size in answers}) == 1
    assert len(mails_to(app, ANNA)) == 1
    assert [record.kind for record in records_of(app)] == ["requested"]
    with app.reading() as session:
        assert len(session.scalars(select(Subscriber)).all()) == 1
