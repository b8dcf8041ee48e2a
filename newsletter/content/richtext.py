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

from newsletter.content.flow import to_html, to_words
from newsletter.content.parsing import parse

_TAG = re.compile("(<[^>]*>)")  # rich text escapes every other angle bracket


def clean(html: str, *, base_url: str = "") -> str:
    """Make rich text of HTML from anywhere; cleaning twice changes nothing.

    Bare text becomes paragraphs, lower and higher headings h3 or h4, and what lays out a page
    parts paragraphs. Relative links are resolved against `base_url`; without it they lose
    their target and keep their words. Scripts, styles, comments and pictures are dropped.
    """
    return to_html(parse(html, base_url=base_url))


def words_of(html: str) -> str:
    """Write HTML as plain text of unwrapped lines, with `- ` or `1. ` before items and targets as `words (url)`.

    Soft hyphens and zero-width spaces are dropped.
    """
    return to_words(parse(html))


def with_words(rich_text: str, replace: Callable[[str], str]) -> str:
    """Pass the words between the tags of a *clean* text through `replace`, which gets text and gives HTML."""
    pieces = _TAG.split(rich_text)
    return "".join(piece if index % 2 else replace(entities.unescape(piece)) for index, piece in enumerate(pieces))
