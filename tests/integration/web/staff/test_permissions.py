"""Every route of the staff web, asked as everybody: the table says who gets in."""

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends
from fastapi.responses import PlainTextResponse, Response
from fastapi.routing import APIRoute

from newsletter.accounts.roles import MANAGE_STAFF, Grant, Role
from newsletter.app import App
from newsletter.content.blocks import IssueContent
from newsletter.content.stored import to_stored
from newsletter.delivery.models import Mailing
from newsletter.issues import compilations
from newsletter.issues.models import Issue, IssueRevision
from newsletter.issues.permissions import APPROVE_ISSUES, WRITE_ISSUES
from newsletter.news.permissions import WRITE_NEWS
from newsletter.web.application import create
from newsletter.web.staff import ROUTERS, guards
from newsletter.web.staff.guards import Allowed, Staff, of_issue, of_publication
from tests.support.ledgers import COMPILED
from tests.support.makers import NOW, a_list, a_publication
from tests.support.staff import a_browser, seated, sqlite_alone
from tests.support.web import Client

ANYBODY = frozenset({"anonymous", "nobody's", "editor", "approver", "list admin", "admin", "admin of one"})
STAFF = ANYBODY - {"anonymous"}
ADMIN = frozenset({"admin"})
WRITERS = frozenset({"editor", "approver", "admin"})
SENDERS_ANYWHERE = frozenset({"approver", "admin", "admin of one"})
KEEPERS = frozenset({"list admin", "admin"})
WRITERS_ANYWHERE = WRITERS | {"nobody's", "admin of one"}
SENDERS = frozenset({"approver", "admin"})

# Who gets in. A route that is not here fails the tests: think about who may, then write it down.
EXPECTED: dict[tuple[str, str], frozenset[str]] = {
    ("GET", "/staff"): STAFF,
    ("GET", "/staff/"): STAFF,
    ("GET", "/staff/sign-in"): ANYBODY,
    ("POST", "/staff/sign-in"): ANYBODY,
    ("POST", "/staff/sign-in/passkey/options"): ANYBODY,
    ("POST", "/staff/sign-in/passkey"): ANYBODY,
    ("GET", "/staff/sign-in/provider"): ANYBODY,
    ("GET", "/staff/sign-in/provider/back"): ANYBODY,
    ("GET", "/staff/second-factor"): ANYBODY,
    ("POST", "/staff/second-factor"): ANYBODY,
    ("POST", "/staff/second-factor/passkey/options"): ANYBODY,
    ("POST", "/staff/second-factor/passkey"): ANYBODY,
    ("GET", "/staff/forgotten"): ANYBODY,
    ("POST", "/staff/forgotten"): ANYBODY,
    ("GET", "/staff/link/{token}"): ANYBODY,
    ("POST", "/staff/link/{token}"): ANYBODY,
    ("POST", "/staff/link/{token}/passkey"): ANYBODY,
    ("POST", "/staff/sign-out"): STAFF,
    ("GET", "/staff/again"): STAFF,
    ("POST", "/staff/again"): STAFF,
    ("POST", "/staff/again/passkey"): STAFF,
    ("GET", "/staff/account"): STAFF,
    ("POST", "/staff/account"): STAFF,
    ("POST", "/staff/account/language"): STAFF,
    ("GET", "/staff/account/password"): STAFF,
    ("POST", "/staff/account/password"): STAFF,
    ("POST", "/staff/account/codes/begin"): STAFF,
    ("GET", "/staff/account/codes"): STAFF,
    ("POST", "/staff/account/codes"): STAFF,
    ("POST", "/staff/account/codes/off"): STAFF,
    ("POST", "/staff/account/recovery-codes"): STAFF,
    ("POST", "/staff/account/passkeys/options"): STAFF,
    ("POST", "/staff/account/passkeys"): STAFF,
    ("POST", "/staff/account/passkeys/{passkey_id}/remove"): STAFF,
    ("GET", "/staff/account/sessions"): STAFF,
    ("POST", "/staff/account/sessions/{session_id}/end"): STAFF,
    ("POST", "/staff/account/sessions/end-others"): STAFF,
    ("POST", "/staff/publications/{slug}/issues"): WRITERS,
    ("GET", "/staff/publications"): WRITERS_ANYWHERE,
    ("POST", "/staff/publications"): ADMIN,
    ("GET", "/staff/publications/{slug}"): ADMIN,
    ("POST", "/staff/publications/{slug}"): ADMIN,
    ("GET", "/staff/publications/{slug}/sample"): ADMIN,
    ("GET", "/staff/sources"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources/link"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources/{source_id}/try"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources/{source_id}/ask"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources/{source_id}/pause"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources/{source_id}/resume"): WRITERS_ANYWHERE,
    ("POST", "/staff/sources/{source_id}/remove"): WRITERS_ANYWHERE,
    ("GET", "/staff/alerts"): SENDERS_ANYWHERE,
    ("POST", "/staff/alerts/{alert_id}/acknowledge"): SENDERS_ANYWHERE,
    ("GET", "/staff/lists"): KEEPERS | {"admin of one"},
    ("POST", "/staff/lists"): KEEPERS,
    ("GET", "/staff/lists/{slug}"): KEEPERS,
    ("POST", "/staff/lists/{slug}/form"): KEEPERS,
    ("POST", "/staff/lists/{slug}/topics"): KEEPERS,
    ("POST", "/staff/lists/{slug}/topics/{topic_id}"): KEEPERS,
    ("GET", "/staff/lists/{slug}/topics/{topic_id}/remove"): KEEPERS,
    ("POST", "/staff/lists/{slug}/topics/{topic_id}/remove"): KEEPERS,
    ("GET", "/staff/lists/{slug}/texts"): KEEPERS,
    ("GET", "/staff/lists/{slug}/texts/{place}"): KEEPERS,
    ("POST", "/staff/lists/{slug}/texts/{place}"): KEEPERS,
    ("GET", "/staff/lists/{slug}/texts/{place}/sample"): KEEPERS,
    ("GET", "/staff/issues/{issue_id}/edit"): WRITERS,
    ("POST", "/staff/issues/{issue_id}/edit"): WRITERS,
    ("POST", "/staff/issues/{issue_id}/here"): WRITERS,
    ("GET", "/staff/issues/{issue_id}/preview"): WRITERS,
    ("POST", "/staff/issues/{issue_id}/preview"): WRITERS,
    ("GET", "/staff/issues/{issue_id}/history"): WRITERS,
    ("GET", "/staff/issues/{issue_id}/send"): WRITERS,
    ("POST", "/staff/issues/{issue_id}/send/test"): WRITERS,
    ("POST", "/staff/issues/{issue_id}/send/state"): WRITERS,
    ("GET", "/staff/issues/{issue_id}/send/confirm"): SENDERS,
    ("POST", "/staff/issues/{issue_id}/send/schedule"): SENDERS,
    ("GET", "/staff/publications/{slug}/issues"): WRITERS,
    ("POST", "/staff/issues/{issue_id}/copy"): WRITERS,
    ("GET", "/staff/issues/{issue_id}/correct"): SENDERS,
    ("POST", "/staff/issues/{issue_id}/correct"): SENDERS,
    ("GET", "/staff/mailings/{mailing_id}"): WRITERS | {"list admin"},
    ("POST", "/staff/mailings/{mailing_id}/state"): SENDERS,
    ("GET", "/staff/mailings/{mailing_id}/stop"): SENDERS,
    ("GET", "/staff/mailings/{mailing_id}/recipients"): SENDERS | {"list admin"},
    ("POST", "/staff/mailings/{mailing_id}/recipients"): SENDERS | {"list admin"},
    ("POST", "/staff/mailings/{mailing_id}/recipients/export"): frozenset({"list admin", "admin"}),
    ("GET", "/staff/mailings/{mailing_id}/missed"): SENDERS,
    ("POST", "/staff/mailings/{mailing_id}/missed"): SENDERS,
    ("GET", "/staff/mailings/{mailing_id}/resend"): SENDERS,
    ("POST", "/staff/mailings/{mailing_id}/resend"): SENDERS,
    ("GET", "/staff/users"): ADMIN,
    ("GET", "/staff/users/invite"): ADMIN,
    ("POST", "/staff/users/invite"): ADMIN,
    ("GET", "/staff/users/{user_id}"): ADMIN,
    ("POST", "/staff/users/{user_id}/roles"): ADMIN,
    ("POST", "/staff/users/{user_id}/deactivate"): ADMIN,
    ("POST", "/staff/users/{user_id}/reactivate"): ADMIN,
    ("POST", "/staff/users/{user_id}/invite-again"): ADMIN,
    ("POST", "/staff/users/{user_id}/reset-second-factor"): ADMIN,
    ("GET", "/staff/audit"): ADMIN,
    ("POST", "/staff/audit/export"): ADMIN,
}
# Those that change who can get in, or how: only after a proof of the last minutes.
FRESH = {
    path
    for _, path in EXPECTED
    if path.startswith(("/staff/account/password", "/staff/account/codes", "/staff/account/passkeys", "/staff/users/"))
    and path != "/staff/users/{user_id}"
} | {"/staff/account/recovery-codes", "/staff/users/invite"}
OPEN_TO_STALE = {("GET", "/staff/users/{user_id}")}


def routes() -> Iterator[tuple[str, APIRoute]]:
    for router in ROUTERS:
        for route in router.routes:
            assert isinstance(route, APIRoute)
            for method in (route.methods or set()) - {"HEAD"}:
                yield method, route


@pytest.fixture
def database_url(migrated: Path, tmp_path: Path) -> str:
    """SQLite alone: who may does not depend on the database, and there is much to ask."""
    return sqlite_alone(migrated, tmp_path)


@pytest.fixture(autouse=True)
def _issue(app: App) -> None:
    """The issue that the addresses ask for, of the publication that not everybody writes for, and its mailing."""
    with app.writing() as session:
        content = to_stored(IssueContent("Neues"))
        session.add(Issue(id=99, publication_id=1, revision=1, created_at=NOW))
        session.flush()
        session.add(IssueRevision(issue_id=99, number=1, content=content, at=NOW, author="ana@example.org"))
        compiled = compilations.store(session, COMPILED, now=NOW)
        mailing = Mailing(id=99, kind="issue", name="Neues", issue_id=99, list_id=1, compiled=compiled)
        mailing.due_at = mailing.created_at = NOW
        mailing.created_by = "ana@example.org"
        session.add(mailing)


ROUTES = [(method, route.path) for method, route in routes()]


def who(app: App, role: str) -> Client:
    """A browser of somebody in that role."""
    match role:
        case "anonymous":
            return a_browser(app)
        case "nobody's":  # a staff user who holds no role on the publication that is asked for
            return seated(app, "nobody@example.org", Grant(Role.EDITOR, the_other(app))).client
        case "admin of one":
            return seated(app, "one@example.org", Grant(Role.ADMIN, the_other(app))).client
    return seated(app, f"{role.replace(' ', '-')}@example.org", Grant(Role(role))).client


def the_other(app: App) -> int:
    """A second publication."""
    with app.writing() as session:
        return a_publication(session, a_list(session, "other"), "other").id


def asked(client: Client, method: str, path: str) -> str:
    """What became of a request: `in`, `sign in`, `prove` or `refused`."""
    path = (
        re.sub(r"{\w+_id}", "99", path)
        .replace("{token}", "x")
        .replace("{slug}", "region" if path.startswith("/staff/lists/") else "aktuell")
    )
    answer = client.request(method, path, follow_redirects=False)
    assert answer.status_code < 500, path
    to = answer.headers.get("location", "")
    if answer.status_code == 403:
        return "refused"
    if to.startswith("/staff/again?"):
        return "prove"
    return "sign in" if to.startswith("/staff/sign-in") and "done=" not in to else "in"


def test_every_route_has_its_entry_and_every_entry_its_route() -> None:
    assert sorted(ROUTES) == sorted(EXPECTED)


@pytest.mark.parametrize("role", sorted(ANYBODY))
def test_everybody_gets_in_where_the_table_says(app: App, role: str) -> None:
    client = who(app, role)
    outside = "sign in" if role == "anonymous" else "refused"
    # Signing out comes last: nothing can be asked after it.
    for method, path in sorted(EXPECTED, key=lambda entry: entry[1] == "/staff/sign-out"):
        expected = "in" if role in EXPECTED[method, path] else outside
        assert (method, path, asked(client, method, path)) == (method, path, expected)


def test_what_changes_who_gets_in_asks_for_a_proof_of_the_last_minutes(app: App) -> None:
    client = seated(app, proven=dt.timedelta(minutes=16)).client

    for method, path in EXPECTED:
        if path == "/staff/sign-out":
            continue
        expected = "prove" if path in FRESH and (method, path) not in OPEN_TO_STALE else "in"
        assert (method, path, asked(client, method, path)) == (method, path, expected)


def test_the_application_serves_no_other_route_of_the_staff(app: App) -> None:
    served = {route.path for route in create(app).state.routes if route.path.startswith("/staff")}

    assert served == {path for _, path in EXPECTED}


def test_a_router_whose_route_declares_nothing_is_refused() -> None:
    router = APIRouter()

    @router.get("/staff/forgotten-guard")
    def open_door() -> Response:
        return PlainTextResponse("in")

    with pytest.raises(RuntimeError, match="/staff/forgotten-guard does not declare who may"):
        guards.require([router])


# Roles on one publication: routes as the composer will have them.


def a_room() -> APIRouter:
    router = APIRouter()

    def answer(staff: Staff) -> Response:
        return PlainTextResponse(f"{staff.by.may(MANAGE_STAFF)}")

    def add(path: str, guard: Allowed) -> None:
        def handler(staff: Annotated[Staff, Depends(guard)]) -> Response:
            return answer(staff)

        router.add_api_route(path, handler, methods=["GET"])

    add("/staff/try/p/{slug}", Allowed(WRITE_ISSUES, publication=of_publication("slug")))
    add("/staff/try/p/{slug}/approve", Allowed(APPROVE_ISSUES, publication=of_publication("slug")))
    add("/staff/try/p/{slug}/staff", Allowed(MANAGE_STAFF, publication=of_publication("slug")))
    add("/staff/try/i/{issue_id}", Allowed(WRITE_ISSUES, publication=of_issue("issue_id")))
    add("/staff/try/pool", Allowed(WRITE_NEWS))
    add("/staff/try/everywhere", Allowed(WRITE_ISSUES))
    guards.require([router])
    return router


def status(client: Client, path: str) -> int:
    return int(client.get(path, follow_redirects=False).status_code)


@pytest.mark.parametrize(
    ("role", "path", "mine", "others"),
    [
        (Role.EDITOR, "/staff/try/p/{}", 200, 403),
        (Role.EDITOR, "/staff/try/p/{}/approve", 403, 403),
        (Role.APPROVER, "/staff/try/p/{}/approve", 200, 403),
        (Role.LIST_ADMIN, "/staff/try/p/{}", 403, 403),
        (Role.ADMIN, "/staff/try/p/{}/approve", 200, 403),
        (Role.ADMIN, "/staff/try/p/{}/staff", 403, 403),
    ],
)
def test_a_role_on_one_publication_is_worth_nothing_on_another(
    app: App, role: Role, path: str, mine: int, others: int
) -> None:
    somebody = seated(app, "eva@example.org", Grant(role, the_other(app))).client
    somebody.app.include_router(a_room())  # type: ignore[attr-defined]  # it is FastAPI's

    assert status(somebody, path.format("other")) == mine
    assert status(somebody, path.format("aktuell")) == others
    assert status(somebody, path.format("nowhere")) == 404
    assert status(somebody, path.format("%00")) == 404
    assert status(somebody, "/staff/try/everywhere") == 403


def test_the_publication_of_an_issue_decides(app: App) -> None:
    other = the_other(app)
    with app.writing() as session:
        session.add_all(
            Issue(id=number, publication_id=publication, revision=1, created_at=NOW)
            for number, publication in ((1, 1), (2, other))
        )
    somebody = seated(app, "eva@example.org", Grant(Role.EDITOR, other)).client
    somebody.app.include_router(a_room())  # type: ignore[attr-defined]  # it is FastAPI's

    asked = {number: status(somebody, f"/staff/try/i/{number}") for number in ("1", "2", "3", "x", "²", "9" * 30)}

    assert asked == {"1": 403, "2": 200, "3": 404, "x": 404, "²": 404, "9" * 30: 404}
    assert status(somebody, "/staff/try/pool") == 200
