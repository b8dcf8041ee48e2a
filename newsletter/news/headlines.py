"""Which headline a page has, without the name of its site, and where it stands.

title, element = find(page, metadata, url=url)
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from newsletter.content.flow import Block, Paragraph
from newsletter.news import captions, dates, stopping
from newsletter.news.assembling import text_of as words_of
from newsletter.news.metadata import Metadata
from newsletter.news.pages import key, short_texts, tokens_of

_HEADINGS = ("h1", "h2", "h3", "h4")
_SEPARATOR = re.compile(r"\s+(?:[|–—·»«•:]{1,2}|-{1,2})\s+|\s*\|\s*|:\s+(?=\S)")
_SURE_SEPARATOR = re.compile(r"\s*(?:\||::|»|·)\s*\Z")
_SECTION = re.compile(
    r"(?:aktuell(?:es)?|news|presse|meldung(?:en)?|nachricht(?:en)?|presse-?(?:mitteilung|meldung|information|bereich)(?:en)?"
    r"(?:\s+(?:nr\.?\s*)?[\d/.-]+)?"
    r"|start(?:seite)?|home|blog|newsroom|press(?: releases?| room)?|detail(?:s|ansicht)?|artikel|article|themen|menü"
    r"|suche)",
    re.IGNORECASE,
)
_SITE_TOKEN = re.compile(r"(?:site|page|blog)-?(?:title|name|branding)|.*logo.*|brand|marke")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)\D{0,40}(?:19|20)\d\d|(?:19|20)\d\d\W{0,4}©", re.IGNORECASE)
_HOME = frozenset({"/", "./", "index.html", "index.htm", "index.php", "/index.html", "#"})
_SHORTEST = 4  # letters; less is no headline
_LEAST_COMMON = 12  # letters that a title cut off by dots must share with a heading
_LONGEST = 200  # characters
_SENTENCE_CHARACTERS = 60


def find(page: HtmlElement, facts: Metadata, *, url: str) -> tuple[str, HtmlElement | None]:
    """Find the headline; the element is None where the title stands nowhere in the text.

    Both are empty on a page that neither states a title nor has a heading, save the name of its site.
    """
    short = list(short_texts(page))
    sites = frozenset(_site_names(short, facts, url))
    texts = [(element, text) for element, text in short if _may_be_headline(element) and not _is_general(text, sites)]
    for stated in facts.titles:
        found = _standing(stated, texts)
        if found:
            return found[1], found[0]
    headings = [(element, text) for element, text in texts if element.tag in _HEADINGS]
    headings.sort(key=lambda pair: pair[0].tag)
    if headings and headings[0][0].tag == "h1":
        return headings[0][1], headings[0][0]
    stated_titles = [title for stated in facts.titles if not _is_general(title := _stripped(stated, sites), sites)]
    # What names a section beside something unknown (“Presse – Stadtwerke”) is rather a site's name than a story's.
    believed = [
        title for title in stated_titles if not any(_is_general(part, sites) for part in _SEPARATOR.split(title))
    ]
    if headings and not believed:
        return headings[0][1], headings[0][0]
    return next(iter([*believed, *stated_titles]), ""), None


def guess(blocks: Sequence[Block]) -> str:
    """The headline of a page that marks none: the last short line before the first sentences, or empty."""
    title = ""
    for block in blocks:
        words = words_of(block)
        if dates.is_date_line(words) or captions.is_credit(words) or not isinstance(block, Paragraph):
            continue
        if len(words) > _SENTENCE_CHARACTERS and words.endswith((".", "!", "?", "“", "”", "…")):
            return title
        linked = sum(len(run.text) for run in block.runs if run.marks.link)
        if len(words) <= _LONGEST and linked * 2 < len(words) and not _is_general(words, frozenset()):
            title = words
    return ""


def _site_names(short: list[tuple[HtmlElement, str]], facts: Metadata, url: str) -> Iterator[str]:
    """How the site calls itself: stated, in its host's name, on its logo, in the copyright line."""
    yield key(facts.site)
    yield key((urlsplit(url).hostname or "").removeprefix("www.").rpartition(".")[0])
    for element, text in short:
        is_logo = any(_SITE_TOKEN.fullmatch(token) for token in tokens_of(element))
        if is_logo or (element.tag == "a" and element.get("href", "") in _HOME) or _is_copyright(element, text):
            yield key(text)


def _is_copyright(element: HtmlElement, text: str) -> bool:
    return bool(_COPYRIGHT.search(text)) and len(text) <= _LONGEST and not any(True for _ in element.iter(*_HEADINGS))


def _is_general(text: str, sites: frozenset[str]) -> bool:
    """Tell whether a text names the site or one of its sections, not a story."""
    name = key(text)
    if len(name) < _SHORTEST or _SECTION.fullmatch(text.strip()) or stopping.is_tool(text):
        return True
    return any(site == name or (name in site and any(c.isdigit() for c in site)) for site in sites)


def _may_be_headline(element: HtmlElement) -> bool:
    if element.tag in {"title", "script", "style", "option", "a", "html", "body", "head", "li"}:
        return False
    return not any(parent.tag in {"nav", "footer", "head", "figure"} for parent in element.iterancestors())


def _standing(stated: str, texts: list[tuple[HtmlElement, str]]) -> tuple[HtmlElement, str] | None:
    """Where a stated title stands in the page, whole or without some of its parts.

    A heading is believed more than other text, the whole more than a part, a long part more than
    a short one; of elements inside each other the innermost is meant.
    """
    whole = key(stated)
    parts = {key(part) for part in _parts(stated)}
    is_cut = stated.rstrip().endswith(("…", "...")) and len(whole) >= _LEAST_COMMON

    def rank(pair: tuple[HtmlElement, str]) -> tuple[bool, bool, int]:
        name = key(pair[1])
        return pair[0].tag in _HEADINGS, name == whole, len(name)

    found = [pair for pair in texts if (name := key(pair[1])) in parts or (is_cut and name.startswith(whole))]
    if not found:
        return None
    best = max(found, key=rank)  # the first of equals
    same = [
        pair for pair in found if key(pair[1]) == key(best[1]) and any(up is best[0] for up in pair[0].iterancestors())
    ]
    return same[-1] if same and best[0].tag not in _HEADINGS else best


def _parts(stated: str) -> list[str]:
    """The title whole, and every run of its parts."""
    cuts = list(_SEPARATOR.finditer(stated))[:6]
    starts = [0, *(cut.end() for cut in cuts)]
    ends = [*(cut.start() for cut in cuts), len(stated)]
    return [stated[start:end] for index, start in enumerate(starts) for end in ends[index:]]


def _stripped(stated: str, sites: frozenset[str]) -> str:
    for cut in reversed(list(_SEPARATOR.finditer(stated))):
        if key(stated[cut.end() :]) in sites or _SURE_SEPARATOR.match(cut.group()):
            return _stripped(stated[: cut.start()], sites)
        if key(stated[: cut.start()]) in sites:
            return _stripped(stated[cut.end() :], sites)
    return stated
