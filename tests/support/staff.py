"""Staff users for tests: made quickly, signed in without a password, and forms that come from a page of ours."""

import datetime as dt
import shutil
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from argon2.profiles import CHEAPEST, RFC_9106_LOW_MEMORY
from sqlalchemy.orm import Session

from newsletter.accounts import passwords, sessions
from newsletter.accounts.models import StaffGrant, StaffUser
from newsletter.accounts.roles import Grant, Role
from newsletter.accounts.sessions import Device
from newsletter.app import App
from subscribers.address import EmailAddress
from tests.support.makers import NOW
from tests.support.web import PUBLIC_URL, Client, a_client

PASSWORD = "richtig pferd batterie"
DEVICE = Device("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "192.0.2.0/24")
COOKIE = "__Host-newsletter-session"


def a_staff_user(
    session: Session,
    address: str = "ana@example.org",
    *grants: Grant,
    language: str = "de",
    active: bool = True,
    accepted: bool = True,
    password: str = "",
    name: str = "",
) -> StaffUser:
    """Somebody of the staff who has come; without grants they hold no role."""
    user = StaffUser(
        address=address,
        address_key=EmailAddress.parse(address).key,
        name=name,
        language=language,
        active=active,
        created_at=NOW,
        accepted_at=NOW if accepted else None,
        password_hash=passwords.hashed(password) if password else "",
    )
    session.add(user)
    session.flush()
    session.add_all(
        StaffGrant(user_id=user.id, publication_id=grant.publication_id, role=grant.role.value) for grant in grants
    )
    session.flush()
    return user


@dataclass(frozen=True, slots=True)
class Seated:
    """Somebody's browser in which they are signed in."""

    client: Client
    user_id: int
    address: str


def seated(
    app: App,
    address: str = "ana@example.org",
    *grants: Grant,
    proven: dt.timedelta = dt.timedelta(),
    password: str = "",
) -> Seated:
    """Make a user, an admin where nothing else is said, and sign them in; `proven` is how long ago."""
    with app.writing() as session:
        user = a_staff_user(session, address, *(grants or (Grant(Role.ADMIN),)), password=password)
        token = sessions.begin(session, user, device=DEVICE, now=app.now() - proven)
        user_id = user.id
    return Seated(with_session(app, token), user_id, address)


def a_browser(app: App, **headers: str) -> Client:
    """A German browser that says, as all do, that its forms come from a page of ours."""
    return a_client(app, **{"Accept-Language": "de", "Sec-Fetch-Site": "same-origin", **headers})


def with_session(app: App, token: str) -> Client:
    """A browser with the cookie of a session."""
    client = a_browser(app)
    client.cookies.set(COOKIE, token, domain=PUBLIC_URL.removeprefix("https://"))
    return client


def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep passwords in a hurry; that it takes long in life is another test's business."""
    cheap = replace(RFC_9106_LOW_MEMORY, time_cost=1, memory_cost=CHEAPEST.memory_cost, parallelism=1)
    monkeypatch.setattr(passwords, "PARAMETERS", cheap)
    monkeypatch.setattr(passwords, "_nobodys", cache(passwords._nobodys.__wrapped__))


def sqlite_alone(migrated: Path, folder: Path) -> str:
    """The URL of an empty SQLite database, for tests of what does not depend on the database."""
    path = folder / "newsletter.db"
    shutil.copyfile(migrated, path)
    return f"sqlite:///{path}"
