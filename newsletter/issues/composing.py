"""Composing: news items become the blocks of a new issue.

    issue = composing.create(session, publication, items=composing.suggested(session, publication), by=by, now=now)

Placing an item copies its words; what the source says later never flows in.
"""

import datetime as dt
from collections.abc import Sequence
from textwrap import shorten

from babel.dates import format_date
from markupsafe import escape
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from newsletter.content import translating
from newsletter.content.blocks import IssueContent, LeadStory, Origin, Picture, Story, Text
from newsletter.content.merge import literal
from newsletter.i18n import translations
from newsletter.issues import revisions
from newsletter.issues.errors import NothingNew
from newsletter.issues.models import Issue, IssueItem, Publication
from newsletter.issues.permissions import WRITE_ISSUES
from newsletter.news.models import NewsItem
from subscribers import audit
from subscribers.actor import Actor

PREHEADER_AT_MOST = 140  # characters; what inboxes show at the widest
SUGGESTED_AT_MOST = 8  # a lead and seven: what readers scan in two minutes, far below Gmail's 102 KB


def create(
    session: Session,
    publication: Publication,
    *,
    items: Sequence[NewsItem],
    by: Actor,
    now: dt.datetime,
    subject: str = "",
) -> Issue:
    """Make a draft: a greeting, the first item as lead story, the others as stories.

    Without a subject the lead story's title is taken; the preheader names the stories that follow. It has a second
    language where the publication's newest issue has one.
    """
    by.require(WRITE_ISSUES)
    second = _second_language(session, publication)
    issue = Issue(publication_id=publication.id, revision=0, created_at=now)
    session.add(issue)
    session.flush()
    audit.record(session, "issue.create", f"issue:{issue.id}", by=by, now=now, items=[item.id for item in items])
    content = _first_content(publication, items, subject)
    if second:
        content = also_in(session, content, second, first=publication.language)
    revisions.save(session, issue, content, by=by, now=now)
    return issue


def copy(session: Session, issue: Issue, *, by: Actor, now: dt.datetime) -> Issue:
    """Make a draft of the same publication with the same words; the other issue stays as it is.

    Raises:
        NotPermitted: the actor may not write.
    """
    by.require(WRITE_ISSUES)
    made = Issue(publication_id=issue.publication_id, revision=0, created_at=now)
    session.add(made)
    session.flush()
    audit.record(session, "issue.copy", f"issue:{made.id}", by=by, now=now, of=issue.id)
    revisions.save(session, made, revisions.content_of(session, issue), by=by, now=now)
    return made


def suggested(session: Session, publication: Publication) -> list[NewsItem]:
    """The newest items in the publication's language that none of its issues has used, newest first.

    Raises:
        NothingNew: there is no such item.
    """
    newest_first = (NewsItem.date.desc().nulls_last(), NewsItem.id.desc())
    items = list(session.scalars(unused(publication).order_by(*newest_first).limit(SUGGESTED_AT_MOST)))
    if not items:
        raise NothingNew(publication.slug, publication.language)
    return items


def unused(publication: Publication) -> Select[NewsItem]:
    """The items in the publication's language that none of its issues has used, in no order."""
    used = (
        select(IssueItem.item_id)
        .join(Issue, Issue.id == IssueItem.issue_id)
        .where(Issue.publication_id == publication.id)
    )
    return select(NewsItem).where(NewsItem.id.not_in(used), NewsItem.language.in_((publication.language, "")))


def placed(kind: type[LeadStory | Story], item: NewsItem, *, block: str, language: str) -> LeadStory | Story:
    """Copy an item into the block of that id. An item without a link is placed whole, for nobody could read on."""
    return kind(
        id=block,
        title=literal(item.title),
        text=literal(_teaser(item)),
        link=item.link,
        date=date_line(item, language),
        picture=_picture(item),
        origin=Origin(item.id, item.version),
    )


def date_line(item: NewsItem, language: str) -> str:
    """The date of an item as a block has it; empty without one."""
    return format_date(item.date, format="long", locale=language) if item.date else ""


def also_in(session: Session, content: IssueContent, language: str, *, first: str) -> IssueContent:
    """The content with a second language, in which greeting and dates are written where they are as they began.

    A content that has one already stays as it is.
    """
    if content.translation:
        return content
    words = {f"{block.id}.text": _greeting(language).text for block in content.blocks if block == _greeting(first)}
    for block in content.blocks:
        if isinstance(block, LeadStory | Story) and block.origin:
            item = session.get(NewsItem, block.origin.item_id)
            if item and block.date == date_line(item, first):
                words[f"{block.id}.date"] = date_line(item, language)
    return translating.with_words(translating.begun(content, language), words)


def _second_language(session: Session, publication: Publication) -> str:
    """The second language of the publication's newest issue; empty where it has none, or there is no issue."""
    of_it = select(Issue).where(Issue.publication_id == publication.id)
    newest = session.scalar(of_it.order_by(Issue.id.desc()).limit(1))
    translation = revisions.content_of(session, newest).translation if newest else None
    return translation.language if translation and translation.language != publication.language else ""


def _first_content(publication: Publication, items: Sequence[NewsItem], subject: str) -> IssueContent:
    teasers = [
        placed(Story if index else LeadStory, item, block=f"b{index + 2}", language=publication.language)
        for index, item in enumerate(items)
    ]
    titles = [literal(item.title) for item in items]
    return IssueContent(
        subject=subject or (titles[0] if titles else ""),
        preheader=shorten(" · ".join(titles if subject else titles[1:]), PREHEADER_AT_MOST, placeholder=" …"),
        blocks=(_greeting(publication.language), *teasers),
    )


def _greeting(language: str) -> Text:
    _ = translations(language).gettext
    hello, opening = _("Hello"), _("these are the news of this issue.")
    return Text(id="b1", text=f"<p>[[salutation|{hello}]],</p><p>{opening}</p>")


def _teaser(item: NewsItem) -> str:
    lead = f"<p>{escape(item.lead)}</p>" if item.lead else ""
    if item.link and lead:
        return lead
    return lead + item.body


def _picture(item: NewsItem) -> Picture | None:
    if not (item.image and item.image_width and item.image_height):
        return None
    return Picture(
        name=item.image,
        alt=item.image_alt or item.caption,
        width=item.image_width,
        height=item.image_height,
        credit=item.credit,
        caption=item.caption,
    )
