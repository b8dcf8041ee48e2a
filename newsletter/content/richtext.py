"""Rich text: the small HTML that a block's text may be, and its plain words.

    clean('<div>Ein <b>Fest</b><script>…</script>')  # '<p>Ein <strong>Fest</strong></p>'
    words_of('<p>Zum <a href="https://example.org">Programm</a></p>')  # 'Zum Programm (https://example.org)'

Rich text has the tags p, br, strong, em, a (with href), ul, ol, li, blockquote, h3 and h4, one
spelling for one meaning, and is well-formed for every parser behind it. Merge fields are words
like others here (`content.merge`).
"""

import html as entities
import re
from collections.abc import Callable
from functools import lru_cache

from newsletter.content.flow import Block, targets_in, to_html, to_words
from newsletter.content.parsing import parse

_TAG = re.compile("(<[^>]*>)")  # rich text escapes every other angle bracket
_LONGEST_KEPT = 20_000  # characters; 256 such texts are a few megabytes


def clean(html: str, *, base_url: str = "") -> str:
    """Make rich text of HTML from anywhere; cleaning twice changes nothing.

    Bare text becomes paragraphs, lower and higher headings h3 or h4, and what lays out a page
    parts paragraphs. Relative links are resolved against `base_url`; without it they lose
    their target and keep their words. Scripts, styles, comments and pictures are dropped.
    """
    return to_html(_parsed(html, base_url))


def words_of(html: str) -> str:
    """Write HTML as plain text of unwrapped lines, with `- ` or `1. ` before items and targets as `words (url)`.

    Soft hyphens and zero-width spaces are dropped.
    """
    return to_words(_parsed(html, ""))


def links_in(html: str) -> tuple[str, ...]:
    """List the link targets of HTML, in order."""
    return targets_in(_parsed(html, ""))


def with_words(rich_text: str, replace: Callable[[str], str]) -> str:
    """Pass the words between the tags of a *clean* text through `replace`, which gets text and gives HTML."""
    pieces = _TAG.split(rich_text)
    return "".join(piece if index % 2 else replace(entities.unescape(piece)) for index, piece in enumerate(pieces))


def _parsed(html: str, base_url: str) -> tuple[Block, ...]:
    """An issue's blocks are read by both parts of the mail and by several checks; whole pages only once."""
    return _parsed_lately(html, base_url) if len(html) <= _LONGEST_KEPT else parse(html, base_url=base_url)


@lru_cache(maxsize=256)
def _parsed_lately(html: str, base_url: str) -> tuple[Block, ...]:
    return parse(html, base_url=base_url)
