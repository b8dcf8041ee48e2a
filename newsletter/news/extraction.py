"""A web page becomes an article.

    article = extract(html, url="https://www.example.org/news/7", origin="https://www.example.org/news/7")

What a site says for machines is believed first (`metadata`). Then the page is cut down to what
may be the article (`pruning`), its picture's words are taken apart (`illustrations`), and
trafilatura judges which of the remaining blocks are the text. Its judgement only: the words
come from the page itself, so that quotation marks, links and emphasis stay as published.
"""

import datetime as dt
import logging
import re
from dataclasses import replace

import trafilatura
from lxml import etree
from lxml.html import HtmlElement

from newsletter.content import links
from newsletter.content.flow import Block, Listing, Paragraph, Quote
from newsletter.content.parsing import parse as parse_blocks
from newsletter.news import headlines, illustrations, metadata, pages, stamps, stopping
from newsletter.news.article import Article, NoArticle
from newsletter.news.assembling import assemble, is_heading, publication_date, text_of
from newsletter.news.illustrations import Illustration
from newsletter.news.metadata import Metadata
from newsletter.news.pages import key
from newsletter.news.pruning import prune

_NOT_FOUND = re.compile(
    r"(?:(?:diese|die|angeforderte|this|the)\s+)*(?:seite|page|datei|inhalt|dokument|document)\b.{0,40}"
    r"\b(?:nicht gefunden|existiert nicht|not found)\b.*|(?:fehler|error)?\s*404\b.*|not found",
    re.IGNORECASE,
)
_SENTENCE_CHARACTERS = 40  # what a paragraph has at least; shorter ones are captions, buttons and the like
_MOST_BLOCKS = 2_000
_MANY = 3  # teasers; fewer may be links inside an article
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it warns about what is an ordinary page to us


def extract(html: str, *, url: str, origin: str) -> Article:
    """Find the article of a page; `url` resolves relative links, and may be empty for a file.

    Raises:
        NoArticle: there is no headline, or not one paragraph under it.
    """
    page = pages.parse(html)
    if page is None:
        raise NoArticle(origin)
    facts = metadata.read(page)
    title, headline = headlines.find(page, facts, url=url)
    stamped = facts.date or stamps.nearest(page, headline)
    prune(page, headline)
    picture = illustrations.take(page, headline)
    blocks = parse_blocks(_source_of(page), base_url=url or links.resolve(facts.link) or "")[:_MOST_BLOCKS]
    title = title or headlines.guess(blocks)
    before, after = _at_headline(blocks, title)
    if _is_overview(after):
        raise NoArticle(origin)
    text = _main_text(after, judged=_judged(page))
    draft = _draft(title, facts, picture, url=url, date=stamped or publication_date(before, after))
    article = assemble(text, draft)
    if not title or _NOT_FOUND.fullmatch(title) or not (article.lead or article.body):
        raise NoArticle(origin)
    return article


def _source_of(page: HtmlElement) -> str:
    return etree.tostring(page, encoding="unicode", method="html")


def _judged(page: HtmlElement) -> str:
    """The letters of all that trafilatura takes for the text."""
    try:
        text = trafilatura.extract(
            _source_of(page), favor_recall=True, include_comments=False, include_tables=True, deduplicate=False
        )
    except (ValueError, RecursionError, etree.LxmlError):  # a page too odd for it
        text = None
    return key(text or "")


def _at_headline(blocks: tuple[Block, ...], title: str) -> tuple[list[Block], list[Block]]:
    """What stands before and after the headline; all is after it where it stands nowhere."""
    wanted = key(title)
    for index, block in enumerate(blocks):
        if wanted and key(text_of(block)) == wanted:
            return list(blocks[:index]), list(blocks[index + 1 :])
    return [], list(blocks)


def _is_overview(blocks: list[Block]) -> bool:
    """Tell whether a page only lists articles: its headings lead to them."""
    headings = [block for block in blocks if is_heading(block)]
    leading = [block for block in headings if _linked(block) * 2 > len(text_of(block))]
    return len(leading) >= _MANY and len(leading) * 2 > len(headings)


def _main_text(after: list[Block], *, judged: str) -> list[Block]:
    """The blocks from the first to the last that belong to the text; between them, what reads like text.

    A paragraph between headline and text is the teaser, which trafilatura likes to leave out.
    """
    chosen = [index for index, block in enumerate(after) if (k := key(text_of(block))) and k in judged]
    first = next((index for index, block in enumerate(after) if _reads_like_text(block)), None)
    if first is None:
        return []
    start = min([first, *chosen[:1]])
    end = max([first, *chosen[-1:]])
    return [
        block
        for index, block in enumerate(after[: end + 1])
        if index >= start and (index in chosen or _reads_like_text(block) or is_heading(block))
    ]


def _reads_like_text(block: Block) -> bool:
    text = text_of(block)
    return len(text) >= _SENTENCE_CHARACTERS and _linked(block) * 2 < len(text) and not stopping.ends_article(text)


def _linked(block: Block) -> int:
    """How many characters of a block lead elsewhere."""
    match block:
        case Paragraph(_, runs):
            return sum(len(run.text) for run in runs if run.marks.link)
        case Quote(blocks):
            return sum(_linked(inner) for inner in blocks)
        case Listing(_, items):
            own = sum(len(run.text) for item in items for run in item.runs if run.marks.link)
            return own + sum(_linked(inner) for item in items for inner in item.lists)


def _draft(title: str, facts: Metadata, picture: Illustration, *, url: str, date: dt.date | None) -> Article:
    link = links.resolve(facts.link, base_url=url) or url
    draft = Article(title=title, date=date, link=link, language=facts.language)
    if picture.url:
        return replace(
            draft,
            image_url=_located(picture.url, url),
            image_alt=picture.alt,
            credit=picture.credit,
            caption=picture.caption,
        )
    return replace(
        draft,
        image_url=_located(facts.image, url),
        image_alt=facts.image_alt,
        credit=picture.credit,
        caption=picture.caption,
    )


def _located(source: str, url: str) -> str:
    """The address of a picture; for a page on disk, its path as written."""
    return (links.resolve(source, base_url=url) or "") if url or ":" in source else source
