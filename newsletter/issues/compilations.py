"""Compiled issues, stored under the hash of what they are and never changed."""

import datetime as dt

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.issues.models import StoredCompiled
from newsletter.rendering.compiled import CompiledIssue


def store(session: Session, compiled: CompiledIssue, *, now: dt.datetime) -> str:
    """Keep a compiled issue, once; give its digest."""
    digest = compiled.digest
    if session.get(StoredCompiled, digest) is None:
        try:
            with session.begin_nested():
                session.add(StoredCompiled(digest=digest, body=compiled.to_json(), created_at=now))
        except IntegrityError:  # somebody stored the same at the same moment
            session.expire_all()
    return digest


def load(session: Session, digest: str) -> CompiledIssue:
    """Read a stored compiled issue."""
    return CompiledIssue.from_json(session.get_one(StoredCompiled, digest).body)
