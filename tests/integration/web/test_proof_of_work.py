"""Sign-up with a proof of work: asked where it is switched on, taken once."""

import html
import json
import re
from pathlib import Path

import altcha
import pytest
from sqlalchemy import func, select

from newsletter.app import App
from newsletter.database import Database
from newsletter.web.models import SpentProof
from tests.support.kinds import on_sqlite
from tests.support.web import Client, a_client, an_app, dump, hidden_fields, mails_to, state_of

pytestmark = on_sqlite

FORM = "/lists/region"


@pytest.fixture
def app(database: Database, tmp_path: Path) -> App:
    return an_app(database, tmp_path, altcha=True)


def solved(page: str) -> str:
    """What the script of the page would send."""
    found = re.search(r'<proof-of-work challenge="([^"]+)"', page)
    assert found is not None
    challenge = altcha.Challenge.from_dict(json.loads(html.unescape(found[1])))
    solution = altcha.solve_challenge(challenge)
    assert solution is not None
    return altcha.Payload(challenge, solution).to_base64()


def filled_in(page: str, email: str = "anna@posteo.de", **more: str) -> dict[str, str]:
    return {**hidden_fields(page), "email": email, **more}


@pytest.mark.parametrize("path", [FORM, f"{FORM}/frame"])
def test_with_a_proof_a_sign_up_is_taken(app: App, client: Client, path: str) -> None:
    page = client.get(path).text

    answer = client.post(path, data=filled_in(page, altcha=solved(page)))

    assert answer.status_code == 200
    assert state_of(app, "anna@posteo.de") == "pending"


@pytest.mark.parametrize("proof", ["", "nonsense", "e30="])
def test_without_one_the_form_is_shown_again_with_what_was_typed(app: App, client: Client, proof: str) -> None:
    page = client.get(FORM).text
    before = dump(app)

    answer = client.post(FORM, data=filled_in(page, first_name="Anna", altcha=proof))

    assert answer.status_code == 400
    assert "Noch ein Schritt" in answer.text
    assert 'value="Anna"' in answer.text
    assert dump(app) == before
    assert client.post(FORM, data=filled_in(answer.text, altcha=solved(answer.text))).status_code == 200


def test_the_copied_form_of_another_site_gets_the_page_that_asks_for_the_proof(app: App, client: Client) -> None:
    copied = client.get(f"{FORM}/embed").text

    answer = client.post(FORM, data=filled_in(copied, last_name="Winter"))

    assert answer.status_code == 400
    assert "<proof-of-work" not in copied
    assert "<proof-of-work" in answer.text
    assert 'value="Winter"' in answer.text
    assert state_of(app, "anna@posteo.de") is None


def test_a_proof_counts_for_one_address(app: App, client: Client) -> None:
    page = client.get(FORM).text
    proof = solved(page)
    first = client.post(FORM, data=filled_in(page, altcha=proof))

    replayed = client.post(FORM, data=filled_in(page, "bert@posteo.de", altcha=proof))

    assert first.status_code == 200
    assert replayed.status_code == 400
    assert state_of(app, "bert@posteo.de") is None
    with app.reading() as session:
        assert session.scalar(select(func.count()).select_from(SpentProof)) == 1


def test_a_double_click_is_answered_alike_and_mails_once(app: App, client: Client) -> None:
    page = client.get(FORM).text
    form = filled_in(page, altcha=solved(page))

    first, second = client.post(FORM, data=form), client.post(FORM, data=form)

    assert first.content == second.content
    assert len(mails_to(app, "anna@posteo.de")) == 1


def test_a_proof_for_another_list_or_of_another_installation_is_none(app: App, client: Client) -> None:
    page = client.get(FORM).text
    forged = altcha.create_challenge("PBKDF2/SHA-256", 1, data={"for": "region", "until": 2**40}, hmac_secret="x")
    solution = altcha.solve_challenge(forged)
    assert solution is not None

    answer = client.post(FORM, data=filled_in(page, altcha=altcha.Payload(forged, solution).to_base64()))

    assert answer.status_code == 400
    assert state_of(app, "anna@posteo.de") is None


def test_only_its_own_scripts_may_run_and_only_where_they_are_needed(client: Client) -> None:
    page = client.get(FORM)
    policy = page.headers["Content-Security-Policy"]

    assert "script-src 'self'; worker-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    (script,) = re.findall(r"<script[^>]*>", page.text)
    assert re.fullmatch(r'<script type="module" src="/static/[0-9a-f]{12}/proof-of-work\.js">', script)
    for path in (f"{FORM}/embed", "/leave"):
        assert "script-src" not in client.get(path).headers["Content-Security-Policy"]
    for name in re.findall(r"/static/[0-9a-f]{12}/proof-of-work[a-z-]*\.js", page.text):
        assert "javascript" in client.get(name).headers["Content-Type"]


def test_without_javascript_the_page_tells_whom_to_write_to(client: Client) -> None:
    page = client.get(FORM).text

    assert re.search(r"<noscript>.*mailto:presse@example.org.*</noscript>", page, re.DOTALL)


def test_each_visit_gets_a_challenge_of_its_own(client: Client) -> None:
    challenges = [re.findall(r'challenge="([^"]+)"', client.get(FORM).text) for _ in range(3)]

    assert len({challenge for (challenge,) in challenges}) == 3


def test_where_it_is_off_nothing_is_asked_and_no_script_runs(database: Database, tmp_path: Path) -> None:
    page = a_client(an_app(database, tmp_path)).get(FORM)

    assert "proof-of-work" not in page.text
    assert "script-src" not in page.headers["Content-Security-Policy"]
