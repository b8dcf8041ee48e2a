import base64
import datetime as dt
import json
from typing import Any

import altcha
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from newsletter.web import proof_of_work
from newsletter.web.models import SpentProof
from newsletter.web.proof_of_work import LIFETIME, PAYLOAD_LIMIT, Proof
from subscribers.secret import Secret
from tests.support.makers import NOW, SECRET

OTHER_SECRET = Secret(b"another secret of thirty-two byt")


def solved(*, secret: Secret = SECRET, subject: str = "news") -> dict[str, Any]:
    made = altcha.Challenge.from_dict(json.loads(proof_of_work.challenge(secret=secret, subject=subject, now=NOW)))
    solution = altcha.solve_challenge(made)
    assert solution is not None
    return altcha.Payload(made, solution).to_dict()


def coded(payload: object) -> str:
    return base64.b64encode(json.dumps(payload).encode()).decode()


def judged(payload: str, *, subject: str = "news", now: dt.datetime = NOW) -> Proof | None:
    return proof_of_work.judged(payload, secret=SECRET, subject=subject, now=now)


@pytest.fixture(scope="module")
def payload() -> dict[str, Any]:
    return solved()


def test_a_solution_is_a_proof_until_it_expires(payload: dict[str, Any]) -> None:
    proof = judged(coded(payload))

    assert proof == Proof(payload["challenge"]["signature"], NOW + LIFETIME)
    assert judged(coded(payload), now=NOW + LIFETIME - dt.timedelta(seconds=1)) == proof
    assert judged(coded(payload), now=NOW + LIFETIME) is None


def test_a_payload_fits_where_it_is_read(payload: dict[str, Any]) -> None:
    assert len(coded(payload)) < PAYLOAD_LIMIT / 2


def test_a_proof_is_for_one_list(payload: dict[str, Any]) -> None:
    assert judged(coded(payload), subject="other") is None


def test_a_challenge_of_another_secret_proves_nothing() -> None:
    assert judged(coded(solved(secret=OTHER_SECRET))) is None


def test_a_made_up_key_proves_nothing(payload: dict[str, Any]) -> None:
    solution = payload["solution"]
    for forged in ({"derivedKey": "00" * 32}, {"derivedKey": ""}, {"derivedKey": None}, {"derivedKey": 7}):
        assert judged(coded({**payload, "solution": {**solution, **forged}})) is None


@pytest.mark.parametrize(
    "change",
    [
        {"cost": 1},
        {"keyPrefix": ""},
        {"keyPrefix": "0"},
        {"keySignature": None},
        {"data": {"for": "news", "until": 2**40}},
        {"data": None},
        {"expiresAt": 2**40},
        {"algorithm": "SHA-256"},
    ],
)
def test_an_easier_challenge_than_ours_proves_nothing(payload: dict[str, Any], change: dict[str, Any]) -> None:
    parameters = {**payload["challenge"]["parameters"], **change}

    assert judged(coded({**payload, "challenge": {**payload["challenge"], "parameters": parameters}})) is None


def test_an_unsigned_challenge_proves_nothing(payload: dict[str, Any]) -> None:
    for signature in (None, "", "00", 7, ["x"]):
        assert judged(coded({**payload, "challenge": {**payload["challenge"], "signature": signature}})) is None


@pytest.mark.parametrize(
    "text",
    ["", "x", "AAAA", coded([]), coded({}), coded(None), coded({"challenge": [], "solution": []}), coded("x" * 100)],
)
def test_what_is_no_payload_proves_nothing(text: str) -> None:
    assert judged(text) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60)
@given(st.data())
def test_a_payload_with_anything_anywhere_is_refused_calmly(data: st.DataObject) -> None:
    parameters = data.draw(st.fixed_dictionaries(dict.fromkeys(("algorithm", "nonce", "salt", "cost"), _JSON)))
    challenge = data.draw(
        _JSON | st.fixed_dictionaries({"parameters": st.just(parameters) | _JSON, "signature": _JSON})
    )
    solution = data.draw(_JSON | st.fixed_dictionaries({"counter": _JSON, "derivedKey": _JSON}))

    assert judged(coded({"challenge": challenge, "solution": solution})) is None


@given(st.text(max_size=60))
def test_any_text_is_refused_calmly(text: str) -> None:
    assert judged(text) is None


def spent(session: Session, proof: Proof, *, on: str = "anna@example.org", now: dt.datetime = NOW) -> bool:
    return proof_of_work.spend(session, proof, on=on, secret=SECRET, now=now)


def test_a_proof_counts_once_and_for_the_same_address_again(session: Session) -> None:
    proof = Proof("a" * 64, NOW + LIFETIME)

    assert spent(session, proof)
    assert spent(session, proof)  # a double click
    assert not spent(session, proof, on="bert@example.org")


def test_what_has_expired_is_forgotten(session: Session) -> None:
    for number in range(3):
        spent(session, Proof(str(number), NOW + LIFETIME))

    later = NOW + LIFETIME + dt.timedelta(seconds=1)
    spent(session, Proof("new", later + LIFETIME), now=later)

    assert session.scalar(select(func.count()).select_from(SpentProof)) == 1


def test_the_table_tells_nobody_who_signed_up(session: Session) -> None:
    spent(session, Proof("a" * 64, NOW + LIFETIME))

    row = session.scalars(select(SpentProof)).one()
    assert "anna" not in f"{row.key}{row.spent_on}"
    assert len(row.spent_on) == 64
