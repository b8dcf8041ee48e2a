"""What the archive shows: lists of issues, one issue with its neighbours, and which archives there are.

An issue whose mailing was cancelled is in none of it. Whether a list's archive may be seen at all is asked first,
of `visibility`.
"""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from newsletter.content import translating
from newsletter.delivery import neutral
from newsletter.delivery.archive import publishing, teasers
from newsletter.delivery.archive.folding import excerpt
from newsletter.delivery.archive.models import ArchivedIssue, ArchivedWords, IssueCorrection, ListArchive, Visibility
from newsletter.delivery.models import Mailing, MailingState
from newsletter.issues.models import Issue
from newsletter.rendering.compiled import CompiledIssue
from subscribers.models import MailingList

PER_PAGE = 20
IN_FEED = 30


@dataclass(frozen=True, slots=True)
class Entry:
    """One issue in a list. `found` are the words around what was searched; empty where nothing was."""

    issue_id: int
    mailing_id: int
    slug: str
    language: str
    published_at: dt.datetime
    subject: str
    preheader: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first, of `total`; `number` counts from 1 to `pages`."""

    entries: tuple[Entry, ...]
    number: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One issue as a feed tells it. `corrections` are dated texts, newest first."""

    entry: Entry
    teaser: str
    corrections: tuple[tuple[dt.datetime, str], ...]

    @property
    def updated_at(self) -> dt.datetime:
        """When it was last put right, else when it was published."""
        return max([self.entry.published_at, *(at for at, _ in self.corrections)])


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The issues before and after one in time, where there are any."""

    older: Entry | None
    newer: Entry | None


def page(session: Session, list_id: int, *, number: int = 1, year: int | None = None) -> Page | None:
    """A page of a list's issues, all or of one year; None where there is no such page."""
    wanted = [_of_list(list_id), *([] if year is None else [ArchivedIssue.year == year])]
    total = session.scalar(_shown(select(func.count())).where(*wanted)) or 0
    if not _is_there(number, total):
        return None
    rows = session.execute(
        _newest_first(_shown(select(*_COLUMNS)).where(*wanted)).limit(PER_PAGE).offset((number - 1) * PER_PAGE)
    )
    return Page(tuple(Entry(*row) for row in rows), number, total)


def search(session: Session, list_id: int, terms: tuple[str, ...], *, number: int = 1) -> Page | None:
    """A page of the issues that have all of these folded terms; None where there is no such page.

    All words are read once: of 2,000 issues ten megabytes, some hundredths of a second.
    """
    has_all = (ArchivedWords.words.contains(term, autoescape=True) for term in terms)
    found = session.scalars(
        _newest_first(
            _shown(select(ArchivedIssue.issue_id))
            .join(ArchivedWords, ArchivedWords.issue_id == ArchivedIssue.issue_id)
            .where(_of_list(list_id), *has_all)
        )
    ).all()
    if not _is_there(number, len(found)):
        return None
    shown = found[(number - 1) * PER_PAGE : number * PER_PAGE]
    rows = session.execute(
        _newest_first(
            select(*_COLUMNS, ArchivedWords.text)
            .join(ArchivedWords, ArchivedWords.issue_id == ArchivedIssue.issue_id)
            .where(ArchivedIssue.issue_id.in_(shown))
        )
    )
    entries = tuple(replace(Entry(*row[:-1]), found=excerpt(row[-1], terms)) for row in rows)
    return Page(entries, number, len(found))


def years(session: Session, list_id: int) -> tuple[int, ...]:
    """The years in which a list had issues, newest first."""
    counted = _shown(select(ArchivedIssue.year)).where(_of_list(list_id)).distinct()
    return tuple(session.scalars(counted.order_by(ArchivedIssue.year.desc())))


def entry(session: Session, list_id: int, slug: str) -> Entry | None:
    """The issue of that slug."""
    return _one(session, _shown(select(*_COLUMNS)).where(_of_list(list_id), ArchivedIssue.slug == slug))


def of_issue(session: Session, issue_id: int) -> tuple[Entry, int] | None:
    """The entry of an issue, and the id of its list; also of one that was cancelled it is None."""
    row = session.execute(
        _shown(select(*_COLUMNS, ArchivedIssue.list_id)).where(ArchivedIssue.issue_id == issue_id)
    ).first()
    return None if row is None else (Entry(*row[:-1]), row[-1])


def in_second(session: Session, entry: Entry, second: CompiledIssue) -> Entry:
    """The entry as it reads in the issue's second language, of which this is the mail."""
    content = publishing.content_of(session, session.get_one(Issue, entry.issue_id))
    return replace(
        entry,
        language=second.language,
        subject=neutral.subject(second),
        preheader=teasers.line_of(translating.translated(content)),
    )


def neighbours(session: Session, list_id: int, entry: Entry) -> Neighbours:
    """The issues of the list just before and just after."""
    place = (entry.published_at, entry.issue_id)
    older = _newest_first(_shown(select(*_COLUMNS)).where(_of_list(list_id), _before(*place))).limit(1)
    newer = (
        _shown(select(*_COLUMNS))
        .where(_of_list(list_id), _after(*place))
        .order_by(ArchivedIssue.published_at, ArchivedIssue.issue_id)
        .limit(1)
    )
    return Neighbours(_one(session, older), _one(session, newer))


def newest(session: Session, list_id: int) -> Entry | None:
    """The issue that went out last."""
    return _one(session, _newest_first(_shown(select(*_COLUMNS)).where(_of_list(list_id))).limit(1))


def feed(session: Session, list_id: int) -> tuple[FeedEntry, ...]:
    """The newest issues with all that a feed tells of them."""
    rows = session.execute(
        _newest_first(
            _shown(select(*_COLUMNS, ArchivedWords.teaser))
            .join(ArchivedWords, ArchivedWords.issue_id == ArchivedIssue.issue_id)
            .where(_of_list(list_id))
        ).limit(IN_FEED)
    ).all()
    corrections: dict[int, list[tuple[dt.datetime, str]]] = {row[0]: [] for row in rows}
    of_these = (
        select(IssueCorrection)
        .where(IssueCorrection.issue_id.in_(corrections))
        .order_by(IssueCorrection.at.desc(), IssueCorrection.id.desc())
    )
    for correction in session.scalars(of_these):
        corrections[correction.issue_id].append((correction.at, correction.text))
    return tuple(FeedEntry(Entry(*row[:-1]), row[-1], tuple(corrections[row[0]])) for row in rows)


def public_lists(session: Session) -> tuple[MailingList, ...]:
    """The lists that everybody may find, by name."""
    public = (
        select(MailingList)
        .join(ListArchive, ListArchive.list_id == MailingList.id)
        .where(ListArchive.visibility == Visibility.PUBLIC.value)
        .order_by(MailingList.name, MailingList.id)
    )
    return tuple(session.scalars(public))


def public_pages(session: Session, *, most: int) -> tuple[tuple[str, str, dt.datetime], ...]:
    """Every issue that everybody may find, newest first: its list's slug, its own, and when it last changed."""
    corrected = (
        select(func.max(IssueCorrection.at)).where(IssueCorrection.issue_id == ArchivedIssue.issue_id).scalar_subquery()
    )
    rows = session.execute(
        _newest_first(
            _shown(select(MailingList.slug, ArchivedIssue.slug, ArchivedIssue.published_at, corrected))
            .join(MailingList, MailingList.id == ArchivedIssue.list_id)
            .join(ListArchive, ListArchive.list_id == ArchivedIssue.list_id)
            .where(ListArchive.visibility == Visibility.PUBLIC.value)
        ).limit(most)
    )
    return tuple((list_slug, slug, max(at, later or at)) for list_slug, slug, at, later in rows)


def _is_there(number: int, total: int) -> bool:
    """Tell whether there is a page of that number; the first one there always is."""
    return number == 1 or 1 < number <= -(-total // PER_PAGE)


_COLUMNS = (
    ArchivedIssue.issue_id,
    ArchivedIssue.mailing_id,
    ArchivedIssue.slug,
    ArchivedIssue.language,
    ArchivedIssue.published_at,
    ArchivedIssue.subject,
    ArchivedIssue.preheader,
)


def _shown(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Leave out what was cancelled."""
    cancelled = select(Mailing.id).where(Mailing.state == MailingState.CANCELLED.value)
    return query.select_from(ArchivedIssue).where(ArchivedIssue.mailing_id.not_in(cancelled))


def _of_list(list_id: int) -> ColumnElement[bool]:
    return ArchivedIssue.list_id == list_id


def _newest_first(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.order_by(ArchivedIssue.published_at.desc(), ArchivedIssue.issue_id.desc())


def _before(at: dt.datetime, issue_id: int) -> ColumnElement[bool]:
    same_moment = and_(ArchivedIssue.published_at == at, ArchivedIssue.issue_id < issue_id)
    return or_(ArchivedIssue.published_at < at, same_moment)


def _after(at: dt.datetime, issue_id: int) -> ColumnElement[bool]:
    same_moment = and_(ArchivedIssue.published_at == at, ArchivedIssue.issue_id > issue_id)
    return or_(ArchivedIssue.published_at > at, same_moment)


def _one(session: Session, query: Select[*tuple[Any, ...]]) -> Entry | None:
    row = session.execute(query).first()
    return None if row is None else Entry(*row)
