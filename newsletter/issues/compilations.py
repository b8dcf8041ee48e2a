"""Compiled issues, stored under the hash of what they are and never changed."""

import datetime as dt

from sqlalchemy.orm import Session

from newsletter.issues.models import StoredCompiled
from newsletter.rendering.compiled import CompiledIssue
from subscribers.orm import upsert


def store(session: Session, compiled: CompiledIssue, *, now: dt.datetime) -> str:
    """Keep a compiled issue, once; give its digest."""
    digest = compiled.digest
    new = upsert(session, StoredCompiled).values(digest=digest, body=compiled.to_json(), created_at=now)
    session.execute(new.on_conflict_do_nothing())
    return digest


def load(session: Session, digest: str) -> CompiledIssue:
    """Read a stored compiled issue."""
    return CompiledIssue.from_json(session.get_one(StoredCompiled, digest).body)
