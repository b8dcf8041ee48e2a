"""Issues that went out, for the archive."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.content.blocks import IssueContent, Story
from newsletter.content.stored import to_stored
from newsletter.delivery import mailings, planning
from newsletter.delivery.archive import visibility
from newsletter.delivery.archive.models import Visibility
from newsletter.delivery.models import Mailing
from newsletter.issues import compilations
from newsletter.issues.models import Issue, IssueRevision, IssueState, Publication
from newsletter.rendering.compiled import CompiledIssue
from newsletter.rendering.compiling import compile_issue
from subscribers.models import MailingList
from tests.support.editions import a_frame, the_design
from tests.support.makers import BY, NOW


def a_content(subject: str = "Der Park ist fertig", preheader: str = "Und ein Fest dazu.") -> IssueContent:
    """A greeting by name and one story."""
    story = Story(
        "s",
        "Ein Fluss für alle",
        "<p>Guten Tag [[first_name|liebe Leserin]], der Weg am Ufer ist <strong>begehbar</strong>.</p>",
        link="https://example.org/park?a=1&b=2",
    )
    return IssueContent(subject, preheader, (story,))


def compiled_of(content: IssueContent, *, public_url: str = "https://news.example.org") -> CompiledIssue:
    """The mail, made by the real design."""
    return compile_issue(content, frame=a_frame(public_url=public_url), design=the_design())


def scheduled(
    session: Session,
    content: IssueContent | None = None,
    *,
    at: dt.datetime = NOW,
    compiled: CompiledIssue | None = None,
    mailing_list: MailingList | None = None,
) -> Mailing:
    """An issue of the first publication of a list, on its way, and not yet planned."""
    content = content or a_content()
    publications = select(Publication).order_by(Publication.id)
    if mailing_list is not None:
        publications = publications.where(Publication.list_id == mailing_list.id)
    publication = session.scalars(publications.limit(1)).one()
    issue = Issue(publication_id=publication.id, state=IssueState.SCHEDULED.value, revision=1, created_at=at)
    session.add(issue)
    session.flush()
    session.add(IssueRevision(issue_id=issue.id, number=1, content=to_stored(content), at=at, author="x"))
    return mailings.send_issue(
        session,
        issue_id=issue.id,
        compiled_digest=compilations.store(session, compiled or compiled_of(content), now=at),
        list_id=publication.list_id,
        name=publication.name,
        due_at=at,
        by=BY,
        now=at,
    )


def sent(
    session: Session,
    content: IssueContent | None = None,
    *,
    at: dt.datetime = NOW,
    compiled: CompiledIssue | None = None,
    mailing_list: MailingList | None = None,
) -> Mailing:
    """The same, and its mailing has begun."""
    mailing = scheduled(session, content, at=at, compiled=compiled, mailing_list=mailing_list)
    while planning.plan_chunk(session, mailing.id, now=at):
        pass
    return mailing


def shown_to(session: Session, who: Visibility, *, slug: str = "region") -> MailingList:
    """Say who finds the archive of a list."""
    mailing_list = session.scalars(select(MailingList).where(MailingList.slug == slug)).one()
    visibility.show_to(session, mailing_list, visibility=who, by=BY, now=NOW)
    return mailing_list
