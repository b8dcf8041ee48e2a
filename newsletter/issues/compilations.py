"""Compiled issues, stored under the hash of what they are and never changed."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from newsletter.content.variants import Sections
from newsletter.issues.models import StoredCompiled
from newsletter.rendering.compiled import Choices, CompiledIssue
from subscribers.orm import upsert


def store(session: Session, compiled: CompiledIssue, *, now: dt.datetime) -> str:
    """Keep a compiled issue, once; give its digest."""
    digest = compiled.digest
    new = upsert(session, StoredCompiled).values(digest=digest, body=compiled.to_json(), created_at=now)
    session.execute(new.on_conflict_do_nothing())
    return digest


def store_with_variants(
    session: Session,
    everything: CompiledIssue,
    variants: Mapping[int, CompiledIssue],
    *,
    sections: Sections,
    language: str = "",
    now: dt.datetime,
) -> str:
    """Keep the mail of an issue with those of readers who chose topics; give the digest that stands for all of them.

    `sections` and the numbers of `variants` are those of `content.variants`, `language` is the second one.
    """
    if not sections and not language:
        return store(session, everything, now=now)
    digests = tuple((number, store(session, compiled, now=now)) for number, compiled in variants.items())
    return store(session, replace(everything, choices=Choices(sections, digests, language)), now=now)


def load(session: Session, digest: str) -> CompiledIssue:
    """Read a stored compiled issue."""
    return CompiledIssue.from_json(session.get_one(StoredCompiled, digest).body)


def load_in(session: Session, compiled: CompiledIssue, language: str) -> CompiledIssue | None:
    """Read the mail that a stored one has beside it in its second language; None where that is another one."""
    digest = compiled.choices.digest_in(language) if compiled.choices else None
    return None if digest is None else load(session, digest)
