"""Putting an issue into the archive, when its mailing begins; whatever the list's archive is shown to.

A mailing that is cancelled takes its issue out again: `reading` looks at the mailing's state.
"""

import re
from itertools import count

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from newsletter.content.blocks import IssueContent
from newsletter.content.stored import from_stored
from newsletter.delivery import neutral
from newsletter.delivery.archive import teasers
from newsletter.delivery.archive.folding import fold
from newsletter.delivery.archive.models import ArchivedIssue, ArchivedWords
from newsletter.delivery.archive.slugs import slug_of
from newsletter.delivery.assembly import SlotInvalid
from newsletter.delivery.models import Mailing, MailingKind
from newsletter.issues import compilations
from newsletter.issues.models import Issue, IssueRevision, Publication
from newsletter.rendering.compiled import CompiledIssue

_ADDRESS = re.compile(r"\(?\b(?:https?://|mailto:)\S+")


def publish(session: Session, mailing: Mailing) -> None:
    """Archive the issue of a mailing that begins; a test, and what goes to the missed, changes nothing."""
    is_the_full_one = mailing.kind == MailingKind.ISSUE and mailing.parent_id is None
    if not is_the_full_one or mailing.issue_id is None or session.get(ArchivedIssue, mailing.issue_id) is not None:
        return
    issue = session.get_one(Issue, mailing.issue_id)
    content = content_of(session, issue)
    compiled = compilations.load(session, mailing.compiled)
    try:
        subject, words = neutral.subject(compiled), _words_of(compiled)
        in_second = _words_in_second(session, compiled)
    except SlotInvalid:  # it cannot become a message either: whoever sends it pauses the mailing, and says why
        return
    preheader = teasers.line_of(content)
    list_id = mailing.list_id or session.get_one(Publication, issue.publication_id).list_id
    session.add(
        ArchivedIssue(
            issue_id=issue.id,
            mailing_id=mailing.id,
            list_id=list_id,
            slug=_free_slug(session, list_id, slug_of(mailing.due_at.date(), subject)),
            language=compiled.language,
            published_at=mailing.due_at,
            year=mailing.due_at.year,
            subject=subject,
            preheader=preheader,
        )
    )
    session.flush()
    folded = fold(f"{subject} {preheader} {words} {in_second}")
    session.add(ArchivedWords(issue_id=issue.id, teaser=teasers.html_of(content), text=words, words=folded))
    session.flush()


def publish_earlier(session: Session) -> int:
    """Archive what went out before there was an archive; tell how many issues that were."""
    begun = (
        select(Mailing)
        .where(
            Mailing.kind == MailingKind.ISSUE.value,
            Mailing.parent_id.is_(None),
            Mailing.planned_at.is_not(None),
            ~exists().where(ArchivedIssue.issue_id == Mailing.issue_id),
        )
        .order_by(Mailing.id)
    )
    mailings = session.scalars(begun).all()
    for mailing in mailings:
        publish(session, mailing)
    return len(mailings)


def content_of(session: Session, issue: Issue) -> IssueContent:
    """The words that were approved: an issue that goes out can no longer be changed."""
    revision = session.get(IssueRevision, (issue.id, issue.revision))
    return from_stored(revision.content) if revision is not None else IssueContent(subject="")


def _words_in_second(session: Session, compiled: CompiledIssue) -> str:
    """Subject and words in the second language, so that the issue is found by them too; empty where there is none."""
    second = compilations.load_in(session, compiled, compiled.choices.language) if compiled.choices else None
    return f"{neutral.subject(second)} {_words_of(second)}" if second else ""


def _words_of(compiled: CompiledIssue) -> str:
    """The words of the text part, as one line without addresses of the web."""
    filled = neutral.text(compiled, view_url="", public_url="https://public.invalid")  # its links are cut out again
    return " ".join(_ADDRESS.sub(" ", filled).split())


def _free_slug(session: Session, list_id: int, wanted: str) -> str:
    """The slug, or with a number behind it where the list has it already."""
    begun_so = select(ArchivedIssue.slug).where(
        ArchivedIssue.list_id == list_id, ArchivedIssue.slug.startswith(wanted, autoescape=True)
    )
    taken = set(session.scalars(begun_so))
    numbered = (f"{wanted}-{number}" for number in count(2))
    return wanted if wanted not in taken else next(slug for slug in numbered if slug not in taken)
