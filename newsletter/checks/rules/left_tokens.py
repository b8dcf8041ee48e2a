"""Was a placeholder forgotten? Of ours, of another system's, or of whoever drafted the text."""

import re
from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject, all_words
from newsletter.content import merge

_TOKENS = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}"  # Jinja2, Handlebars, Keila
    r"|%%\w+%%"  # classic ASP-like merge codes
    r"|\*\|.+?\|\*"  # Mailchimp
    r"|\[\[.*?\]\]",  # ours, misspelt: the right ones are taken out before
    re.DOTALL,
)
_DRAFT = re.compile(r"(?i:lorem ipsum)|\bTODO\b|\bTBD\b|\bXXX\b")


def check(subject: Subject) -> Iterable[Finding]:
    """Find placeholders of templates (errors) and of drafts (warnings)."""
    for words in all_words(subject.content):
        text = "\0".join(piece for piece in merge.split(words.text) if isinstance(piece, str))
        for token in _TOKENS.findall(text):
            yield Finding(
                code="token_left",
                severity=Severity.ERROR,
                block=words.block,
                de=f"„{token[:60]}“ ist ein Platzhalter, den niemand füllt: Ersetzen Sie ihn durch Worte "
                f"oder ein Feld wie [[first_name|…]] (möglich: {', '.join(merge.RECIPIENT_FIELDS)}).",
                en=f"“{token[:60]}” is a placeholder that nobody fills: replace it by words "
                f"or a field such as [[first_name|…]] (there are: {', '.join(merge.RECIPIENT_FIELDS)}).",
            )
        for token in _DRAFT.findall(text):
            yield Finding(
                code="draft_left",
                severity=Severity.WARNING,
                block=words.block,
                de=f"„{token}“ sieht nach einem Entwurf aus: Ist der Text fertig?",
                en=f"“{token}” looks like a draft: is the text finished?",
            )
