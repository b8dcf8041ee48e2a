"""Any HTML in, rich text as values out: what a mail can show stays, the rest falls away.

nh3 parses as browsers do and takes scripts, styles, comments and unknown tags out; what it
leaves is read here into `flow` values. Tags that only lay out a page (div, table cells, …)
part paragraphs, so no two words are glued together.
"""

import re
from collections import Counter
from html.parser import HTMLParser

import nh3

from newsletter.content import characters, links
from newsletter.content.flow import BREAK, Block, Item, Listing, Marks, Paragraph, Quote, Run, tidy_lines

_HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}
_STRONG = {"strong", "b"}
_EMPHASIS = {"em", "i", "cite"}
_INLINE = _STRONG | _EMPHASIS | {"a"}
_LISTS = {"ul", "ol"}
_LAYOUT = "div section article aside header footer main nav address figure figcaption center fieldset legend details"
_TABLES = "table caption thead tbody tfoot tr td th"
_PARTING = {"p", "pre", "hr", "summary", "dl", "dt", "dd", *_LAYOUT.split(), *_TABLES.split()}
_TAGS = set(_HEADINGS) | _INLINE | _LISTS | _PARTING | {"br", "li", "blockquote"}
_NO_WORDS = "script style template noscript iframe object svg math head title textarea select button audio video canvas"
_DEEPEST_LIST = 6  # deeper items join the sixth level; a hundred levels would end the MJML compiler's process
_LONGEST = 2_000_000  # characters; no issue is near it, and parsers downstream need not meet it
_DEEPEST = 200  # open tags; a browser's tree builder looks through all of them at each tag, so depth costs its square
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)[^>]*>")
_VOID = "area base br col embed hr img input link meta source track wbr"
_CLOSED_BY_THE_NEXT = "p li dt dd tr td th thead tbody tfoot option"
_NEVER_NESTED = {*_VOID.split(), *_CLOSED_BY_THE_NEXT.split()}


def parse(html: str, *, base_url: str = "") -> tuple[Block, ...]:
    """Read HTML of any quality; never fails."""
    cleaned = nh3.clean(
        _shallow(html[:_LONGEST].encode("utf-8", "ignore").decode()),
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes=set(links.SCHEMES),
        url_relative="pass_through" if base_url else "deny",
        link_rel=None,
        clean_content_tags=set(_NO_WORDS.split()),
        strip_comments=True,
    )
    reader = _Reader(base_url)
    reader.feed(cleaned)
    reader.close()
    return reader.blocks()


class _OpenList:
    """A list being read."""

    def __init__(self, *, ordered: bool) -> None:
        self.ordered = ordered
        self.items: list[Item] = []

    def close(self) -> Listing | None:
        return Listing(self.ordered, tuple(self.items)) if self.items else None


class _Reader(HTMLParser):
    """Collects runs, and sets a paragraph or item down whenever a tag ends one."""

    def __init__(self, base_url: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base_url = base_url
        self._done: list[Block] = []
        self._quoted: list[Paragraph | Listing] = []
        self._quotes = 0
        self._heading = ""
        self._runs: list[Run] = []
        self._marks: list[tuple[str, str]] = []
        self._lists: list[_OpenList] = []
        self._depth = 0

    def blocks(self) -> tuple[Block, ...]:
        """Everything read."""
        self._set_down()
        while self._lists:
            self._close_list()
        self._quotes = 0
        self._end_quote()
        return tuple(self._done)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _INLINE:
            self._marks.append((tag, dict(attrs).get("href") or ""))
        elif tag == "br":
            self._runs.append(BREAK)
        elif self._lists and tag not in _LISTS and tag != "li":
            self._runs.append(BREAK)  # an item holds lines, not paragraphs
        else:
            self._set_down()
            self._open(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _INLINE:
            self._drop_mark(tag)
        elif self._lists and tag not in _LISTS and tag != "li":
            self._runs.append(BREAK)
        else:
            self._set_down()
            self._close(tag)

    def handle_data(self, data: str) -> None:
        text = characters.tidy(data)
        if text:
            self._runs.append(Run(characters.collapse(text), self._current_marks()))

    def _open(self, tag: str) -> None:
        if tag in _LISTS:
            self._depth += 1
            if self._depth <= _DEEPEST_LIST:
                self._lists.append(_OpenList(ordered=tag == "ol"))
        elif tag == "blockquote":
            self._quotes += 1
        elif tag in _HEADINGS:
            self._heading = _HEADINGS[tag]

    def _close(self, tag: str) -> None:
        if tag in _LISTS:
            self._depth -= 1
            if self._depth < len(self._lists):
                self._close_list()
        elif tag == "blockquote":
            self._quotes -= 1
            if not self._quotes:
                self._end_quote()
        elif tag in _HEADINGS:
            self._heading = ""

    def _set_down(self) -> None:
        """End the paragraph or item that the runs so far make."""
        lines = tidy_lines(self._runs)
        self._runs = []
        if self._lists:
            self._add_item(_joined([line for line in lines if line]))
            return
        for paragraph in _paragraphs(lines):
            self._add(Paragraph("h3" if self._heading == "h3" else "h4" if self._heading else "p", paragraph))

    def _add_item(self, runs: tuple[Run, ...]) -> None:
        if runs:
            self._lists[-1].items.append(Item(runs))

    def _close_list(self) -> None:
        listing = self._lists.pop().close()
        if listing is None:
            return
        if not self._lists:
            self._add(listing)
        elif self._lists[-1].items:
            above = self._lists[-1].items.pop()
            self._lists[-1].items.append(Item(above.runs, (*above.lists, listing)))
        else:
            self._lists[-1].items.extend(listing.items)  # a list inside a list without an item above it

    def _add(self, block: Paragraph | Listing) -> None:
        if self._quotes:
            self._quoted.append(block)
        else:
            self._done.append(block)

    def _end_quote(self) -> None:
        if self._quoted:
            self._done.append(Quote(tuple(self._quoted)))
            self._quoted = []

    def _drop_mark(self, tag: str) -> None:
        for index in range(len(self._marks) - 1, -1, -1):
            if self._marks[index][0] == tag:
                del self._marks[index]
                return

    def _current_marks(self) -> Marks:
        tags = {tag for tag, _ in self._marks}
        targets = (links.resolve(target, base_url=self._base_url) for tag, target in self._marks if tag == "a")
        return Marks(bool(tags & _STRONG), bool(tags & _EMPHASIS), next((target for target in targets if target), ""))


def _shallow(html: str) -> str:
    """Take out the tags that open deeper than any page means; their words stay, parted as they were."""
    if html.count("<") <= _DEEPEST:
        return html
    open_tags: Counter[str] = Counter()
    depth = 0

    def without_the_deepest(match: re.Match[str]) -> str:
        nonlocal depth
        closing, name = match[1], match[2].lower()
        if name in _NEVER_NESTED:
            return match[0]
        if closing:
            depth -= 1 if open_tags[name] else 0
            open_tags[name] -= 1 if open_tags[name] else 0
        elif depth < _DEEPEST:
            depth += 1
            open_tags[name] += 1
        else:
            return "" if name in _INLINE else "<br>"
        return match[0]

    return _TAG.sub(without_the_deepest, html)


def _joined(lines: list[tuple[Run, ...]]) -> tuple[Run, ...]:
    joined: list[Run] = []
    for line in lines:
        joined += [BREAK, *line] if joined else line
    return tuple(joined)


def _paragraphs(lines: list[tuple[Run, ...]]) -> list[tuple[Run, ...]]:
    """An empty line, however it was made, parts two paragraphs."""
    paragraphs: list[list[tuple[Run, ...]]] = [[]]
    for line in lines:
        if line:
            paragraphs[-1].append(line)
        else:
            paragraphs.append([])
    return [_joined(group) for group in paragraphs if group]
