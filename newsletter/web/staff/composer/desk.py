"""Everything that the composer's page shows of an issue, gathered from one snapshot."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.app import App
from newsletter.checks.finding import Finding, Severity
from newsletter.content import merge, variants
from newsletter.content.blocks import Block, Button, IssueContent, LeadStory, Picture, Story, Text
from newsletter.content.characters import tidy
from newsletter.content.richtext import words_of
from newsletter.content.stored import kind_of
from newsletter.delivery import samples
from newsletter.errors import NewsletterError
from newsletter.issues import composing, editing, editions, overview, presence, revisions
from newsletter.issues.models import Issue, IssueRevision, IssueState, Publication
from newsletter.news import pool, searching
from newsletter.news.models import NewsItem
from newsletter.news.searching import Search
from newsletter.rendering.compiled import CompiledIssue
from newsletter.rendering.view import without_marks
from newsletter.web.staff.composer import acts
from newsletter.web.staff.composer.readers import Readers, readers, variant_of
from newsletter.web.staff.start import names_of
from subscribers import topics
from subscribers.models import MailingList

WRITABLE = frozenset({IssueState.DRAFT.value, IssueState.IN_REVIEW.value, IssueState.APPROVED.value})
ITEMS_AT_MOST = 60  # what somebody looks through; more is a matter of searching
TITLE_LENGTH = 60  # characters of a free text that stand for it


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What the pool is narrowed down to."""

    words: str = ""
    source: str = ""
    language: str = ""
    new: bool = False

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "PoolFilter":
        """Read it from a query or a form."""
        words, language = (tidy(asked.get(name, "")) for name in ("q", "language"))
        return cls(words.strip()[:200], asked.get("source", ""), language[:5], "new" in asked)

    @property
    def query(self) -> dict[str, str]:
        """As a query, without what says nothing."""
        said = {"q": self.words, "source": self.source, "language": self.language, "new": "1" if self.new else ""}
        return {name: value for name, value in said.items() if value}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has the issue open, too."""

    name: str

    @property
    def initials(self) -> str:
        """One or two letters that stand for the name."""
        words = self.name.partition("@")[0].split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """An item of the pool. `used_in` are the numbers of other issues that have it."""

    id: int
    title: str
    language: str
    source: str
    date: dt.date | None
    image: str
    used_in: tuple[int, ...]
    is_placed: bool


@dataclass(frozen=True, slots=True)
class TopicSeen:
    """A topic that a block can have. `is_gone` where the list no longer has it."""

    slug: str
    name: str
    is_chosen: bool
    is_gone: bool


@dataclass(frozen=True, slots=True)
class BlockSeen:
    """A block: what it is called, and whether its item can be asked again, and says something else by now."""

    id: str
    kind: str
    title: str
    place: int
    picture: Picture | None
    can_be_restored: bool
    is_outdated: bool
    topics: tuple[TopicSeen, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """The items shown, and what they can be narrowed down by."""

    items: tuple[ItemSeen, ...]
    has_more: bool
    is_empty: bool
    sources: tuple[tuple[int, str], ...]
    languages: tuple[str, ...]
    filter: PoolFilter


@dataclass(frozen=True, slots=True)
class Rendered:
    """The mail as a sample reader gets it, and what the checks found; `problem` where it cannot be made."""

    html: str = ""
    text: str = ""
    findings: tuple[Finding, ...] = ()
    problem: str = ""

    @property
    def errors(self) -> int:
        """How many findings stop the issue."""
        return sum(each.severity is Severity.ERROR for each in self.findings)


@dataclass(frozen=True, slots=True)
class Desk:
    """One issue on the desk. `submitted_by` is an address, `saved_by` a name, empty where no person of the staff.

    `reader` is for whom the preview is shown, as the first field of one of `readers`.
    """

    issue_id: int
    number: int
    state: str
    revision: int
    publication: str
    language: str
    four_eyes: bool
    submitted_by: str
    saved_at: dt.datetime
    saved_by: str
    content: IssueContent
    blocks: tuple[BlockSeen, ...]
    pool: Pool
    can_undo: bool
    can_redo: bool
    rendered: Rendered
    reader: str
    readers: tuple[Readers, ...]
    topic_names: Mapping[str, str]
    here: tuple[Person, ...]

    @property
    def is_writable(self) -> bool:
        """Tell whether the issue may still be changed."""
        return self.state in WRITABLE


def desk(
    session: Session, issue: Issue, *, app: App, author: str, language: str, wanted: PoolFilter, reader: str = ""
) -> Desk:
    """Gather it, for somebody whose own undo it shows, and whose language the names of topics are in."""
    publication = session.get_one(Publication, issue.publication_id)
    newest = session.get_one(IssueRevision, (issue.id, issue.revision))
    content = revisions.content_of(session, issue)
    steps = editing.steps(session, issue, author=author)
    numbers = overview.numbers(session, publication.id)
    names = topic_names(session, publication, language=language)
    differing = readers(app, content, list_id=publication.list_id)
    reader = reader if reader in {each.asked_by for each in differing} else ""
    return Desk(
        issue_id=issue.id,
        number=numbers[issue.id],
        state=issue.state,
        revision=issue.revision,
        publication=publication.name,
        language=publication.language,
        four_eyes=publication.four_eyes,
        submitted_by=issue.submitted_by,
        saved_at=newest.at,
        saved_by=names_of(session).get(newest.author, ""),
        content=content,
        blocks=_blocks(session, content, names),
        pool=_pool(session, issue, publication, content=content, numbers=numbers, wanted=wanted),
        can_undo=steps.undo is not None,
        can_redo=steps.redo is not None,
        rendered=rendered(session, issue, app=app, reader=reader),
        reader=reader,
        readers=differing,
        topic_names=names,
        here=here(session, issue.id, app=app, besides=author),
    )


def topic_names(session: Session, publication: Publication, *, language: str) -> dict[str, str]:
    """What the topics of its list are called, by their short names, in the order in which readers see them."""
    mailing_list = session.get_one(MailingList, publication.list_id)
    return {topic.slug: topics.name_of(topic, language=language) for topic in topics.of_list(session, mailing_list)}


def here(session: Session, issue_id: int, *, app: App, besides: str) -> tuple[Person, ...]:
    """Who else has the issue open now."""
    names = names_of(session)
    found = presence.others(session, issue_id, besides=besides, now=app.now())
    return tuple(Person(names.get(who, who)) for who in found)


def rendered(session: Session, issue: Issue, *, app: App, reader: str = "") -> Rendered:
    """Make the mail of an issue's newest words, for a reader of these topics; what is found is found in all of it."""
    try:
        edition = editions.edition_of(session, issue, app.site)
        everything = edition.compiled_as(variants.everything(variants.sections(edition.content)), marked=True)
        variant = variant_of(reader, edition.content)
        shown = everything if variant is None else edition.compiled_as(variant, marked=True)
        html, text = samples.preview(shown, secret=app.secret, public_url=app.site.public_url)
        return Rendered(html, text, edition.findings_in(_without_marks(everything)))
    except NewsletterError as error:
        return Rendered(problem=str(error))


def drafted(session: Session, issue: Issue, content: IssueContent, *, app: App, reader: str = "") -> Rendered:
    """Make the mail that words which are not saved yet would give; the checks wait until they are."""
    try:
        edition = replace(editions.edition_of(session, issue, app.site), content=content)
        variant = variant_of(reader, content)
        number = variants.everything(variants.sections(content)) if variant is None else variant
        shown = edition.compiled_as(number, marked=True)
        return Rendered(*samples.preview(shown, secret=app.secret, public_url=app.site.public_url))
    except NewsletterError as error:
        return Rendered(problem=str(error))


def _without_marks(compiled: CompiledIssue) -> CompiledIssue:
    """The mail as it would be sent, for the checks: compiling it again would take as long as all else."""
    html = tuple(without_marks(part) if isinstance(part, str) else part for part in compiled.html)
    return replace(compiled, html=html)


def title_of(block: Block) -> str:
    """What a block is called in a list; empty where nothing is written yet."""
    match block:
        case LeadStory() | Story():
            return block.title
        case Text():
            pieces = merge.split(words_of(block.text))
            said = "".join(each if isinstance(each, str) else each.fallback or each.name for each in pieces)
            words = " ".join(said.split())
            return words if len(words) <= TITLE_LENGTH else f"{words[:TITLE_LENGTH].rstrip()} …"
        case Button():
            return block.label
        case _:
            return ""


def _blocks(session: Session, content: IssueContent, names: Mapping[str, str]) -> tuple[BlockSeen, ...]:
    asked = [block.origin.item_id for block in acts.stories(content) if block.origin]
    rows = session.execute(select(NewsItem.id, NewsItem.version).where(NewsItem.id.in_(asked)))
    versions = {item_id: version for item_id, version in rows}  # noqa: C416  # a row is no pair to the type checker
    return tuple(_block(block, place, versions, names) for place, block in enumerate(content.blocks, start=1))


def _block(block: Block, place: int, versions: Mapping[int, int], names: Mapping[str, str]) -> BlockSeen:
    origin = block.origin if isinstance(block, LeadStory | Story) else None
    version = versions.get(origin.item_id) if origin else None
    return BlockSeen(
        id=block.id,
        kind=kind_of(block),
        title=title_of(block),
        place=place,
        picture=block.picture if isinstance(block, LeadStory | Story) else None,
        can_be_restored=version is not None,
        is_outdated=version is not None and origin is not None and version > origin.item_version,
        topics=tuple(
            TopicSeen(slug, names.get(slug, slug), is_chosen=slug in block.topics, is_gone=slug not in names)
            for slug in (*names, *(each for each in block.topics if each not in names))
        ),
    )


def _pool(
    session: Session,
    issue: Issue,
    publication: Publication,
    *,
    content: IssueContent,
    numbers: Mapping[int, int],
    wanted: PoolFilter,
) -> Pool:
    sources = {source.id: source.title or source.url for source in pool.sources(session)}
    within = composing.unused(publication).with_only_columns(NewsItem.id) if wanted.new else None
    search = Search(wanted.words, acts.number(wanted.source), wanted.language, within)
    found = searching.find(session, search, limit=ITEMS_AT_MOST)
    return Pool(
        items=_items(session, found.items, issue, content=content, numbers=numbers, sources=sources),
        has_more=found.has_more,
        is_empty=session.scalar(select(NewsItem.id).limit(1)) is None,
        sources=tuple(sources.items()),
        languages=searching.languages(session),
        filter=wanted,
    )


def _items(
    session: Session,
    items: Sequence[NewsItem],
    issue: Issue,
    *,
    content: IssueContent,
    numbers: Mapping[int, int],
    sources: Mapping[int, str],
) -> tuple[ItemSeen, ...]:
    uses = revisions.uses(session)
    placed = {block.origin.item_id for block in acts.stories(content) if block.origin}
    return tuple(
        ItemSeen(
            id=item.id,
            title=item.title,
            language=item.language,
            source=sources.get(item.source_id or 0, ""),
            date=item.date,
            image=item.image or "",
            used_in=tuple(numbers[used] for used in uses.get(item.id, ()) if used in numbers and used != issue.id),
            is_placed=item.id in placed,
        )
        for item in items
    )
