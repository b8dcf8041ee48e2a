"""The staff web attacked: from other sites, by planted and stolen sessions, across publications, by broken requests."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode, urlsplit

import pyotp
import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from newsletter.accounts import second_factor, sessions
from newsletter.accounts.models import StaffSession, StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.app import App
from newsletter.content.stored import to_stored
from newsletter.delivery.alerts import causes, raising
from newsletter.issues.models import IssueRevision
from newsletter.web.application import create
from newsletter.web.body_limit import LONG_LIMIT_BYTES
from newsletter.web.staff import ROUTERS
from subscribers import topics
from tests.support.archives import a_content, sent
from tests.support.composing import Desk, an_issue, content
from tests.support.ledgers import a_reader
from tests.support.makers import BY, NOW, SECRET, a_list, a_publication
from tests.support.staff import COOKIE, DEVICE, PASSWORD, a_browser, a_staff_user, seated, sqlite_alone, with_session
from tests.support.web import PUBLIC_URL, Client, a_client, dump

ROUTES = sorted(
    (method, route.path)  # type: ignore[attr-defined]  # all are APIRoute
    for router in ROUTERS
    for route in router.routes
    for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
)
POSTS = [path for method, path in ROUTES if method == "POST"]
# Something for every form: whatever of it a route reads would change something.
FORM = {
    "act": "approve",
    "base": "1",
    "revision": "1",
    "subject": "Mallory",
    "b1.text": "<p>Mallory</p>",
    "name": "Mallory",
    "language": "en",
    "password": "mallorys langes passwort",
    "role": "admin",
    "code": "123456",
    "slug": "mallory",
    "list": "region",
    "sender_name": "M",
    "sender_address": "m@evil.example",
    "colour": "#000000",
    "to": "other",
    "address": "m@evil.example",
    "when": "now",
    "text": "Mallory",
    "position": "1",
    "state": "",
    "topic": "mallory",
    "name-de": "Mallory",
    "name-en": "Mallory",
    "url": "https://evil.example/",
    "email": "asked",
}


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: what is refused never comes to the database."""
    return sqlite_alone(migrated, tmp_path)


def at(path: str, slug: str = "", ids: Mapping[str, int] = MappingProxyType({})) -> str:
    """The address of a route about these numbers, 1 where none is given."""
    slug = slug or ("region" if path.startswith("/staff/lists/") else "aktuell")
    filled = path.replace("{slug}", slug).replace("{token}", "x").replace("{place}", "mail-confirmation")
    return re.sub(r"{(\w+_id)}", lambda found: str(ids.get(found[1], 1)), filled)


def token_of(client: Client) -> str:
    """The session that a browser was given last."""
    return [str(cookie.value) for cookie in client.cookies.jar if cookie.name == COOKIE][-1]


def is_in(app: App, token: str) -> bool:
    """Tell whether a session's token lets anybody in."""
    status: int = with_session(app, token).get("/staff/account", follow_redirects=False).status_code
    return status == 200


# From other sites: forms that would do something, if they came from a page of ours.


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/"},
    ],
    ids=str,
)
def test_no_form_of_another_site_changes_anything(app: App, headers: dict[str, str]) -> None:
    an_issue(app, "Fest am See")
    with app.writing() as session:
        sent(session)
    client = a_client(app, **headers)
    client.cookies.set(COOKIE, token_of(seated(app).client), domain="news.example.org")
    before = dump(app)

    answers = {path: client.post(at(path), data=FORM, follow_redirects=False).status_code for path in POSTS}

    assert answers == dict.fromkeys(POSTS, 403)
    assert dump(app) == before


# Sessions that somebody planted, copied or kept.


@pytest.fixture
def ana(app: App) -> int:
    """Ana, with a password and a second factor."""
    with app.writing() as session:
        user = a_staff_user(session, "ana@example.org", Grant(Role.ADMIN), password=PASSWORD)
        user.totp_sealed = second_factor.sealed(TOTP.secret, user_id=user.id, secret=SECRET)
        return user.id


TOTP = pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")


def test_a_session_of_the_attackers_own_is_not_the_one_that_a_victim_signs_in_to(app: App, ana: int) -> None:
    planted = token_of(seated(app, "mallory@example.org", Grant(Role.EDITOR)).client)
    victim = with_session(app, planted)

    victim.post("/staff/sign-in", data={"address": "ana@example.org", "password": PASSWORD})
    after_password = token_of(victim)
    victim.post("/staff/second-factor", data={"code": TOTP.at(app.now())})

    assert after_password == planted
    assert token_of(victim) != planted
    assert not is_in(app, planted)
    with app.reading() as session:
        assert list(session.scalars(select(StaffSession.user_id))) == [ana]


@pytest.mark.usefixtures("ana")
def test_what_lies_between_password_and_code_is_no_session(app: App) -> None:
    browser = a_browser(app)
    browser.post("/staff/sign-in", data={"address": "ana@example.org", "password": PASSWORD})
    step = next(str(cookie.value) for cookie in browser.cookies.jar if "step" in cookie.name)

    assert not is_in(app, step)


def test_a_new_password_makes_a_copied_cookie_worthless_also_that_of_this_browser(app: App) -> None:
    browser = seated(app).client
    copied = token_of(browser)

    answer = browser.post("/staff/account/password", data={"password": "ein neues passwort"}, follow_redirects=False)

    assert sorted(answer.headers["set-cookie"].split("; ")[1:]) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert token_of(browser) != copied
    assert not is_in(app, copied)
    assert is_in(app, token_of(browser))


def test_a_session_is_worth_nothing_once_its_owner_ended_it_or_is_out(app: App) -> None:
    ben = seated(app, "ben@example.org", Grant(Role.EDITOR))
    with app.writing() as session:
        lost = sessions.begin(session, session.get_one(StaffUser, ben.user_id), device=DEVICE, now=app.now())
        number = session.scalars(select(func.max(StaffSession.id))).one()
    assert is_in(app, lost)

    ben.client.post(f"/staff/account/sessions/{number}/end")
    assert not is_in(app, lost)
    with app.writing() as session:
        session.get_one(StaffUser, ben.user_id).active = False

    assert not is_in(app, token_of(ben.client))


# Across publications: somebody with every role but admin on one, and the numbers of another.

WORD = "Geheimnis"  # of the other publication alone
THEIRS = {"issue_id": 2, "mailing_id": 1, "topic_id": 1, "alert_id": 1}


@pytest.fixture
def mallory(app: App) -> Client:
    """Editor, approver and list admin of `aktuell`, which has the issue 1; what `THEIRS` names is of `geheim`."""
    an_issue(app, "Fest am See")
    with app.writing() as session:
        theirs = a_list(session, "geheim")
        other = a_publication(session, theirs, "geheim")
        theirs.name = other.name = other.sender_name = f"{WORD} aktuell"
        topics.add(session, theirs, "geheim", names={"de": WORD}, by=BY, now=NOW)
        a_reader(session, theirs, f"{WORD}@posteo.de")
        mailing = sent(session, a_content(WORD), mailing_list=theirs)
        words = to_stored(a_content(f"{WORD} 7"))
        session.add(IssueRevision(issue_id=2, number=7, content=words, at=NOW, author="ben@example.org"))
        raising.raise_alert(session, causes.deliveries_unknown(mailing.id, WORD, number=3), now=NOW)
    grants = (Grant(role, 1) for role in (Role.EDITOR, Role.APPROVER, Role.LIST_ADMIN))
    return seated(app, "mallory@example.org", *grants).client


def test_no_route_says_or_does_anything_about_what_is_of_another_publication(app: App, mallory: Client) -> None:
    theirs = [
        (method, path) for method, path in ROUTES if "{slug}" in path or set(THEIRS) & set(re.findall(r"\w+", path))
    ]
    before = dump(app)

    for method, path in theirs:
        answer = mallory.request(method, at(path, "geheim", THEIRS), data=FORM, follow_redirects=False)
        assert (method, path, answer.status_code) == (method, path, 403)
        assert WORD not in answer.text

    assert len(theirs) > 30
    assert dump(app) == before


def test_no_page_of_ones_own_says_anything_of_another_publication(mallory: Client) -> None:
    mine = [path for method, path in ROUTES if method == "GET" and "{user_id}" not in path and "{token}" not in path]

    said = {path for path in mine if WORD in mallory.get(at(path, ids={"issue_id": 1, "mailing_id": 9})).text}

    assert said == set()


@pytest.mark.parametrize(
    "form",
    [
        {"base": "7"},  # a revision that the other issue has, and this one has not
        {"base": "7", "act": "undo"},
    ],
)
def test_a_form_is_never_read_against_the_words_of_another_issue(
    app: App, mallory: Client, form: dict[str, str]
) -> None:
    before = dump(app)

    assert mallory.post("/staff/issues/1/edit", data=form).status_code == 400
    assert dump(app) == before


def test_what_a_form_hides_is_neither_a_foreign_block_nor_a_file(app: App, mallory: Client) -> None:
    before = content(app, 1)
    hidden = {"s.title": WORD, "b2.picture": "../../etc/passwd", "b2.name": "x.png", "b2.id": "s", "b2.origin": "9"}

    Desk.open(mallory, 1).typed(**hidden, shown="9 2147483648", **{"item.9": "1"}).press("restore s")
    mallory.post("/staff/lists/region/topics/1", data={"name-de": "Mallory"})
    mallory.post("/staff/mailings/1/resend", data={"position": "1"})

    assert content(app, 1) == before
    shown = mallory.get("/staff/issues/1/preview?reader=geheim").text
    assert WORD not in shown


# Requests that are no forms.


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"base=1&subject=" + b"x" * LONG_LIMIT_BYTES, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"f%d=1" % n for n in range(3_000)), "application/x-www-form-urlencoded", 400),
        (b"base=%00&act=%ff%fe&subject=%00&b1.text=%ff", "application/x-www-form-urlencoded", 400),
        (b"act=to+b1+" + b"9" * 5_000 + b"&base=" + b"9" * 5_000, "application/x-www-form-urlencoded", 400),
        (bytes(range(256)) * 40, "application/octet-stream", 400),
        (b'{"base": 1}', "application/json", 400),
        (b"--b\r\nnonsense", "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="base"; filename="a.png"\r\n\r\nMZ\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
        ),
    ],
    ids=["too long", "too many fields", "no text", "no number", "binary", "json", "broken", "a file"],
)
def test_what_is_no_form_is_answered_kindly(app: App, content: bytes, kind: str, status: int) -> None:
    an_issue(app, "Fest am See")
    client = seated(app).client
    before = dump(app)

    answer = client.post("/staff/issues/1/edit", content=content, headers={"Content-Type": kind})

    assert answer.status_code == status
    assert "</html>" in answer.text
    assert dump(app) == before


@pytest.mark.parametrize("content", [bytes(range(256)) * 40, b"&".join(f"{name}=%00%ff%3C".encode() for name in FORM)])
def test_no_route_chokes_on_bytes(app: App, content: bytes) -> None:
    an_issue(app, "Fest am See")
    with app.writing() as session:
        sent(session)
    client = seated(app).client

    # Signing out comes last: nothing can be asked after it.
    for path in sorted(POSTS, key=lambda path: path == "/staff/sign-out"):
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post(at(path), content=content, headers=headers, follow_redirects=False)
        assert (path, answer.status_code < 500) == (path, True)


def test_whoever_goes_away_while_sending_is_no_error(app: App) -> None:
    an_issue(app, "Fest am See")
    token = token_of(seated(app).client)
    before = dump(app)

    with capture_logs() as lines:
        asyncio.run(cut_off(app, "/staff/issues/1/edit", b"base=1&subject=Halb", token=token))

    assert [(line["event"], line["log_level"], line["status"]) for line in lines] == [("request", "info", 0)]
    assert dump(app) == before


@pytest.mark.parametrize("value", ["\0", "9" * 40, "²"])
def test_no_address_is_misread(app: App, value: str) -> None:
    an_issue(app, "Fest am See")
    client = seated(app).client
    names = "q source language new open reader as before after state position to done lang when at fold actor colour"
    query = urlencode(dict.fromkeys(names.split(), value))

    for path in (path for method, path in ROUTES if method == "GET"):
        answer = client.get(f"{at(path)}?{query}", follow_redirects=False)
        assert (path, answer.status_code < 500) == (path, True)


async def cut_off(app: App, path: str, body: bytes, *, token: str) -> None:
    """A request whose connection breaks after these bytes of its body; nothing is answered."""
    host = PUBLIC_URL.removeprefix("https://")
    messages: list[dict[str, object]] = [
        {"type": "http.request", "body": body, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return messages.pop(0)

    async def send(message: dict[str, object]) -> None:
        raise AssertionError(message)

    headers = {"host": host, "cookie": f"{COOKIE}={token}", "sec-fetch-site": "same-origin", "content-length": "9999"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "root_path": "",
        "query_string": b"",
        "scheme": "https",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": (host, 443),
    }
    await create(app, beat_s=0)(scope, receive, send)  # type: ignore[arg-type]  # Starlette's dictionaries may change


def test_from_a_page_that_answered_a_form_one_comes_back_to_one_that_can_be_looked_at(app: App) -> None:
    an_issue(app, "Fest am See")
    stood_on = {
        "/staff/issues/1/send/test": "/staff/issues/1/send",
        "/staff/issues/1/send": "/staff/issues/1/send",
        "/staff/issues/1/copy": "/staff",
        "/staff/mailings/7/state": "/staff/mailings/7",
        "/staff/nowhere/at-all": "/staff",
    }

    for path, leads in stood_on.items():
        answer = a_browser(app, Referer=f"{PUBLIC_URL}{path}").post("/staff/account", follow_redirects=False)
        to = parse_qs(urlsplit(answer.headers["location"]).query).get("to", ["/staff/"])
        assert (path, to) == (path, [leads])
