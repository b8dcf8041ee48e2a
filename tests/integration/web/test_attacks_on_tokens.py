"""Tokens of readers that are forged, of another purpose, too old or used before: over every purpose there is.

The purposes are found, not listed: each `read_…` of `subscribers.tokens` with the function that makes what it
reads. So whoever adds one is asked the same questions.
"""

import datetime as dt
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from typing import Any

import pytest
from starlette.routing import Route

from newsletter.app import App
from subscribers import tokens
from subscribers.errors import TokenExpired, TokenInvalid
from subscribers.secret import Secret
from tests.support.kinds import on_sqlite
from tests.support.makers import SECRET
from tests.support.web import Client, a_reader, dump

OTHER = Secret(b"another secret of thirty-two byt")
NOW = dt.datetime(2026, 11, 23, 10, 0, tzinfo=dt.UTC)
ANNA = "anna@posteo.de"
# What every button of ours sends; a POST with all of them presses whatever there is to press.
BUTTONS = {
    "leave": "list",
    "List-Unsubscribe": "One-Click",
    "confirm": "yes",
    "undo": "yes",
    "save": "yes",
    "delete": "yes",
    "download": "yes",
    "change": "yes",
}
# Signs a key that is kept beside its life and its purpose: tried in `staff/test_links`.
OF_THE_STAFF = "read_staff_link"

# Links of every issue ever sent: they show and change choices alone, and must work in an old mail, too.
NEVER_EXPIRE = {"leave", "view", "preferences", "measuring"}


@dataclass(frozen=True, slots=True)
class Purpose:
    """One kind of token: how it is made and read. `given` is what both are told besides, such as what an errand is."""

    name: str
    make: Callable[..., str]
    read: Callable[..., Any]
    given: Mapping[str, object]

    def token(self, secret: Secret = SECRET, *, subject: int = 7, now: dt.datetime = NOW) -> str:
        """A token about a row, made now."""
        told = {dt.datetime: now, int: subject, str: ANNA}
        values = {
            name: told[parameter.annotation]
            for name, parameter in inspect.signature(self.make).parameters.items()
            if name not in {"secret", *self.given} and parameter.default is parameter.empty
        }
        return self.make(secret=secret, **values, **self.given)

    def reads(self, token: str, *, now: dt.datetime = NOW) -> Any:
        """What the token says."""
        clock = {"now": now} if self.has_clock else {}
        return self.read(secret=SECRET, token=token, **clock, **self.given)

    @property
    def has_clock(self) -> bool:
        """Whether a token of this purpose can be too old."""
        return "now" in inspect.signature(self.read).parameters


def _purposes() -> Iterator[Purpose]:
    for reader, read in inspect.getmembers(tokens, inspect.isfunction):
        if not reader.startswith("read_") or reader == OF_THE_STAFF:
            continue
        name = reader.removeprefix("read_")
        kinds = {
            parameter: annotation
            for parameter, annotation in inspect.get_annotations(read).items()
            if isinstance(annotation, type) and issubclass(annotation, Enum)
        }
        for members in product(*kinds.values()):
            called = " ".join((name, *map(str, members)))
            yield Purpose(called, getattr(tokens, name), read, dict(zip(kinds, members, strict=True)))


PURPOSES = {purpose.name: purpose for purpose in _purposes()}
every_purpose = pytest.mark.parametrize("purpose", PURPOSES.values(), ids=PURPOSES)


def test_the_purposes_are_found() -> None:
    assert set(PURPOSES) >= {"confirmation", "leave", "undo", "view"}


@every_purpose
def test_a_token_is_read_as_what_it_was_made_for(purpose: Purpose) -> None:
    assert purpose.reads(purpose.token()) == purpose.reads(purpose.token())
    assert purpose.reads(purpose.token(subject=7)) != purpose.reads(purpose.token(subject=8))


@every_purpose
def test_a_token_of_another_purpose_is_worth_nothing(purpose: Purpose) -> None:
    for other in PURPOSES.values():
        if other is not purpose:
            with pytest.raises(TokenInvalid):
                purpose.reads(other.token())


@every_purpose
def test_a_token_of_another_installation_is_worth_nothing(purpose: Purpose) -> None:
    with pytest.raises(TokenInvalid):
        purpose.reads(purpose.token(OTHER))


@every_purpose
def test_a_token_with_one_character_changed_cut_or_added_is_worth_nothing(purpose: Purpose) -> None:
    token = purpose.token()
    changed = [
        token[:at] + other + token[at + 1 :] for at in range(len(token)) for other in "0aA-_." if other != token[at]
    ]
    cut = [token[:at] for at in range(len(token))] + [token[at:] for at in range(1, len(token))]
    added = [token + more for more in ("z", "0", "\n", " ", "%00", "=")] + [more + token for more in "01 "]

    for forged in (*changed, *cut, *added, token.upper(), token + token, "", "ü", "\0", "9" * 10_000):
        with pytest.raises(TokenInvalid):
            purpose.reads(forged)


@every_purpose
def test_the_signature_of_one_row_does_not_sign_another(purpose: Purpose) -> None:
    seven, eight = purpose.token(subject=7), purpose.token(subject=8)

    with pytest.raises(TokenInvalid):
        purpose.reads(seven.partition(".")[0] + "." + eight.partition(".")[2])


@every_purpose
def test_a_token_with_a_life_ends_it(purpose: Purpose) -> None:
    if purpose.name in NEVER_EXPIRE:
        assert not purpose.has_clock
        return
    with pytest.raises(TokenExpired):
        purpose.reads(purpose.token(), now=NOW + dt.timedelta(days=366))


@every_purpose
def test_nobody_is_named_by_a_token(purpose: Purpose) -> None:
    token = purpose.token()

    assert not any(part in token.casefold() for part in ("anna", "posteo", "@"))
    assert re.fullmatch(r"[A-Za-z0-9._-]+", token), "fits an address of the web as it is"


def _token_routes(client: Client) -> list[Route]:
    application: Any = client.app
    return [route for route in application.state.routes if "{token}" in route.path and "/staff/" not in route.path]


@on_sqlite
def test_no_page_takes_a_token_of_another_purpose_nor_one_that_is_made_up(app: App, client: Client) -> None:
    reader = a_reader(app, ANNA, confirmed=True)
    routes = _token_routes(client)
    assert {route.path for route in routes} >= {"/confirm/{token}", "/leave/{token}", "/undo/{token}", "/view/{token}"}
    made = {name: purpose.token(subject=reader.subscription_id, now=app.now()) for name, purpose in PURPOSES.items()}
    strange = {**{f"forged {name}": f"9{token}" for name, token in made.items()}, "nonsense": "nonsense"}
    taken_by: dict[str, set[str]] = {}
    before = dump(app)

    for route in routes:
        path = re.sub(r"\{(?!token)\w+\}", "x", route.path)
        for name, token in (made | strange).items():
            answer = client.get(path.replace("{token}", token))
            assert answer.status_code in (200, 404, 405, 410), (route.path, name)
            assert ANNA not in answer.text
            if answer.status_code == 200:
                taken_by.setdefault(route.path, set()).add(name)

    assert dump(app) == before
    assert {path: len(names) for path, names in taken_by.items()} == dict.fromkeys(taken_by, 1), taken_by


def test_no_press_with_a_foreign_token_changes_anything(app: App, client: Client) -> None:
    reader = a_reader(app, ANNA, confirmed=True)
    made = {name: purpose.token(subject=reader.subscription_id, now=app.now()) for name, purpose in PURPOSES.items()}
    paths = {re.sub(r"\{(?!token)\w+\}", "x", route.path) for route in _token_routes(client)}
    own = {
        (path.split("/")[1], name)
        for path in paths
        for name, token in made.items()
        if client.get(path.replace("{token}", token)).status_code == 200
    }
    before = dump(app)

    for path in paths:
        for name, token in made.items():
            if (path.split("/")[1], name) not in own:
                answer = client.post(path.replace("{token}", token), data=BUTTONS)
                assert answer.status_code in (404, 405, 410), (path, name)
    assert dump(app) == before


def test_a_confirmation_used_again_after_leaving_brings_nobody_back(app: App, client: Client) -> None:
    reader = a_reader(app, ANNA)
    client.post(f"/confirm/{reader.confirm_token}", data=BUTTONS)
    client.post(f"/leave/{reader.leave_token}", data={"leave": "list"})
    before = dump(app)

    answer = client.post(f"/confirm/{reader.confirm_token}", data=BUTTONS)

    assert answer.status_code == 410
    assert dump(app) == before
