r"""Which texts a passage takes, and why not another.

    accepted("Please confirm: {list}\r\n", passage=CONFIRMATION.passage("subject"))  # 'Please confirm: {list}'

A text is words and placeholders: never a template, never markup. `<b>` is shown as it is typed.
"""

import re
import unicodedata

from newsletter.content.characters import is_blank, tidy
from newsletter.errors import NewsletterError
from newsletter.texts.passages import LINK, Passage, Placeholder
from newsletter.texts.prose import PLACEHOLDER, paragraphs_of

_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# What turns the reading order around can make a text say something else than it holds.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN = re.compile("[\u200b\ufeff]")
# A placeholder, or what looks like one: also as other systems write it, {{ list }} and {% if %}.
_BRACKETS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[^{}\n]*\}|[{}]")
# What mail programs make a link of: https://…, www.…, example.org, name@example.org.
_WEB = re.compile(r"(?<![\w-])(?:\w+://\S*|www\.\S+|(?:[\w-]+[.。@])+[^\W\d_]{2,}(?:/\S*)?)", re.IGNORECASE)


class TextRefused(NewsletterError):
    """A text cannot stand in a passage; nothing was changed."""

    def __init__(self, passage: Passage, reason: str) -> None:
        super().__init__(f"The text for {passage.name} cannot stand there: {reason}")
        self.passage = passage.name
        self.reason = reason


def accepted(text: str, *, passage: Passage) -> str:
    """Tidy a text: composed accents, plain line ends, one empty line between paragraphs.

    Accepting what was accepted changes nothing.

    Raises:
        TextRefused: with the reason, in a sentence.
    """
    tidied = _tidied(text)
    reason = _reason(tidied, passage)
    if reason:
        raise TextRefused(passage, reason)
    return tidied


def _tidied(text: str) -> str:
    lines = _LINE_ENDS.sub("\n", _UNSEEN.sub("", text)).replace("\t", " ").split("\n")
    joined = re.sub("\n{3,}", "\n\n", "\n".join(line.strip() for line in lines)).strip("\n")
    return unicodedata.normalize("NFC", joined)


def _reason(text: str, passage: Passage) -> str:
    """The first thing that is wrong with a text, or nothing."""
    shape = passage.shape
    if is_blank(text):
        return "it is empty. Reset it, and the product's own text stands there again."
    if len(text) > shape.limit:
        return f"it has {len(text)} characters, and {shape.limit} are the most."
    if "\n" in text and not shape.has_lines:
        return "it has to be one line."
    unprintable = _unprintable(text)
    if unprintable:
        return f"it holds a character that nobody sees (U+{ord(unprintable):04X})."
    return _wrong_placeholder(text, passage) or _wrong_link(text) or (_web_address(text) if passage.plain else "")


def _unprintable(text: str) -> str:
    return next((character for character in text if not tidy(character) or _TURNING.match(character)), "")


def _wrong_placeholder(text: str, passage: Passage) -> str:
    known = {placeholder.written for placeholder in passage.knows}
    used = _BRACKETS.findall(text)
    strange = next((found for found in used if found not in known), "")
    if strange:
        return f"{_told(strange)} means nothing here; {_offer(passage.knows)}."
    missing = [placeholder for placeholder in passage.needs if placeholder.written not in used]
    if missing:
        return f"{missing[0].written} is missing, {missing[0].meaning}: no reader could do without it."
    return ""


def _told(strange: str) -> str:
    return f"“{strange}”" if len(strange) > 1 else f"A single “{strange}”"


def _offer(knows: tuple[Placeholder, ...]) -> str:
    if not knows:
        return "this text has no placeholders, and no curly brackets"
    return f"in curly brackets there is {', '.join(placeholder.written for placeholder in knows)}"


def _wrong_link(text: str) -> str:
    if text.count(LINK.written) > paragraphs_of(text).count(LINK.written):
        return f"{LINK.written} stands in a paragraph of its own, with an empty line before and after it."
    if text.count(LINK.written) > 1:
        return f"{LINK.written} stands there twice; once is enough."
    return ""


def _web_address(text: str) -> str:
    # The way a mail program would see it: full-width letters and dots are as good as plain ones.
    found = _WEB.search(unicodedata.normalize("NFKC", PLACEHOLDER.sub("x", text)))
    if not found:
        return ""
    return (
        f"mail programs make a link of “{found[0]}”. This mail has no link but its own: anything more is advertising "
        "to somebody who has not asked for it (Landgericht Stendal, 22 S 87/20)."
    )
