r"""Which texts a passage takes, and why not another.

    accepted("Please confirm: {list}\r\n", passage=CONFIRMATION.passage("subject"))  # 'Please confirm: {list}'

A text is words and placeholders: never a template, never markup. `<b>` is shown as it is typed.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from newsletter.content.characters import is_blank, tidy
from newsletter.errors import NewsletterError
from newsletter.i18n import N_, translations
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


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a text is not taken: a sentence that is still to be translated, and what stands in it.

    A `meaning` among the facts is that of a placeholder, and translated, too.
    """

    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def said(self, language: str) -> str:
        """The sentence in a language."""
        _ = translations(language).gettext
        told = {name: _(str(fact)) if name == "meaning" else fact for name, fact in self.facts.items()}
        return _(self.sentence) % told


class TextRefused(NewsletterError):
    """A text cannot stand in a passage; nothing was changed. `reason` is `why` in English."""

    def __init__(self, passage: Passage, why: Reason) -> None:
        self.passage = passage.name
        self.why = why
        self.reason = why.said("en")
        super().__init__(f"The text for {passage.name} cannot stand there: {self.reason}")


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


def _reason(text: str, passage: Passage) -> Reason | None:
    """The first thing that is wrong with a text, or nothing."""
    shape = passage.shape
    if is_blank(text):
        return Reason(N_("it is empty. Reset it, and the product's own text stands there again."))
    if len(text) > shape.limit:
        facts = {"number": len(text), "limit": shape.limit}
        return Reason(N_("it has %(number)s characters, and %(limit)s are the most."), facts)
    if "\n" in text and not shape.has_lines:
        return Reason(N_("it has to be one line."))
    unprintable = _unprintable(text)
    if unprintable:
        code = f"U+{ord(unprintable):04X}"
        return Reason(N_("it holds a character that nobody sees (%(code)s)."), {"code": code})
    return _wrong_placeholder(text, passage) or _wrong_link(text) or (_web_address(text) if passage.plain else None)


def _unprintable(text: str) -> str:
    return next((character for character in text if not tidy(character) or _TURNING.match(character)), "")


def _wrong_placeholder(text: str, passage: Passage) -> Reason | None:
    known = {placeholder.written for placeholder in passage.knows}
    used = _BRACKETS.findall(text)
    strange = next((found for found in used if found not in known), "")
    if strange:
        return _meaningless(strange, passage.knows)
    missing = [placeholder for placeholder in passage.needs if placeholder.written not in used]
    if missing:
        facts = {"written": missing[0].written, "meaning": missing[0].meaning}
        return Reason(N_("%(written)s is missing, %(meaning)s: no reader could do without it."), facts)
    return None


def _meaningless(strange: str, knows: tuple[Placeholder, ...]) -> Reason:
    known = ", ".join(placeholder.written for placeholder in knows)
    if len(strange) > 1:
        told = N_("“%(strange)s” means nothing here; in curly brackets there is %(known)s.")
        bare = N_("“%(strange)s” means nothing here; this text has no placeholders, and no curly brackets.")
    else:
        told = N_("A single “%(strange)s” means nothing here; in curly brackets there is %(known)s.")
        bare = N_("A single “%(strange)s” means nothing here; this text has no placeholders, and no curly brackets.")
    return Reason(told if knows else bare, {"strange": strange, "known": known})


def _wrong_link(text: str) -> Reason | None:
    facts = {"written": LINK.written}
    if text.count(LINK.written) > paragraphs_of(text).count(LINK.written):
        told = N_("%(written)s stands in a paragraph of its own, with an empty line before and after it.")
        return Reason(told, facts)
    if text.count(LINK.written) > 1:
        return Reason(N_("%(written)s stands there twice; once is enough."), facts)
    return None


def _web_address(text: str) -> Reason | None:
    # The way a mail program would see it: full-width letters and dots are as good as plain ones.
    found = _WEB.search(unicodedata.normalize("NFKC", PLACEHOLDER.sub("x", text)))
    if not found:
        return None
    told = N_(
        "mail programs make a link of “%(address)s”. This mail has no link but its own: anything more is advertising "
        "to somebody who has not asked for it (Landgericht Stendal, 22 S 87/20)."
    )
    return Reason(told, {"address": found[0]})
