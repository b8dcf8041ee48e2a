"""A proof of work with each sign-up, in the form of ALTCHA: no third party, no cookie, no picture puzzle.

    challenge = proof_of_work.challenge(secret=app.secret, subject="news", now=now)  # into the page
    proof = proof_of_work.judged(payload, secret=app.secret, subject="news", now=now)  # what the browser sent
    proof is not None and proof_of_work.spend(session, proof, on=address, secret=app.secret, now=now)

The browser searches the number whose PBKDF2 key begins as told, for half a second or so; checking costs one HMAC.
Each challenge is signed, is for one list, expires, and counts for one address. That it was spent is kept until it
expires.

Source: https://altcha.org/docs/, version 2 of its challenges.
"""

import datetime as dt
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass

import altcha
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from newsletter.web.models import SpentProof
from subscribers.orm import upsert
from subscribers.secret import Secret

LIFETIME = dt.timedelta(hours=1)
PAYLOAD_LIMIT = 4_000  # characters; an honest one has about 900
# What one try costs, and how many are needed: at least the first, and less than both together.
COST, TRIES_AT_LEAST, TRIES_MORE = 2_000, 250, 250
_ALGORITHM = "PBKDF2/SHA-256"


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge that somebody has solved."""

    key: str
    expires_at: dt.datetime


def challenge(*, secret: Secret, subject: str, now: dt.datetime) -> str:
    """A challenge as JSON, for the script of the page; `subject` is what it is good for."""
    made = altcha.create_challenge(
        _ALGORITHM,
        COST,
        counter=TRIES_AT_LEAST + secrets.randbelow(TRIES_MORE),
        # Not the library's own field, which it compares to a clock of its own.
        data={"for": subject, "until": int((now + LIFETIME).timestamp())},
        hmac_secret=secret.derive("proof-of-work"),
        hmac_key_secret=secret.derive("proof-of-work-key"),
    )
    return json.dumps(made.to_dict(), separators=(",", ":"))


def judged(payload: str, *, secret: Secret, subject: str, now: dt.datetime) -> Proof | None:
    """Tell whether a payload solves a challenge of ours that is still good for the subject."""
    try:
        read = altcha.Payload.from_base64(payload)
        result = altcha.verify_solution(
            read, secret.derive("proof-of-work"), hmac_key_secret=secret.derive("proof-of-work-key")
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):  # no payload at all
        return None
    data, key = read.challenge.parameters.data, read.challenge.signature
    if not result.verified or data is None or key is None:
        return None
    expires_at = dt.datetime.fromtimestamp(data["until"], dt.UTC)  # signed, so it is ours
    return Proof(key, expires_at) if data["for"] == subject and now < expires_at else None


def spend(session: Session, proof: Proof, *, on: str, secret: Secret, now: dt.datetime) -> bool:
    """Let a proof count for one address; False where it has counted for another already."""
    past = select(SpentProof.key).where(SpentProof.expires_at < now).with_for_update(skip_locked=True)
    session.execute(delete(SpentProof).where(SpentProof.key.in_(past)).execution_options(synchronize_session=False))
    spent_on = hmac.new(secret.derive("proof-of-work-spent"), on.encode(), hashlib.sha256).hexdigest()
    row = {"key": proof.key, "spent_on": spent_on, "expires_at": proof.expires_at}
    session.execute(upsert(session, SpentProof).values(row).on_conflict_do_nothing(index_elements=[SpentProof.key]))
    return session.scalar(select(SpentProof.spent_on).where(SpentProof.key == proof.key)) == spent_on
