"""Is everything said in both languages of the issue?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.content import translating
from newsletter.i18n import N_, spoken, translations

_CALLED = {
    "subject": N_("Subject"),
    "preheader": N_("Preheader"),
    "title": N_("Headline"),
    "text": N_("Text"),
    "link_text": N_("Link text"),
    "date": N_("Date line"),
    "label": N_("Words on the button"),
    "alt": N_("Alternative text"),
    "caption": N_("Caption"),
}


def check(subject: Subject) -> Iterable[Finding]:
    """Find what readers of the second language get in the first one: once for subject and preheader, and by block."""
    if subject.content.translation is None:
        return
    by_block: dict[str, list[str]] = {}
    for name in translating.missing(subject.content):
        by_block.setdefault(translating.block_of(name), []).append(name.rpartition(".")[2])
    first, second = subject.frame.language, subject.content.translation.language
    for block, fields in by_block.items():
        named_de, named_en = _names(fields, "de"), _names(fields, "en")
        yield Finding(
            code="words_missing" if block else f"{fields[0]}_words_missing",
            severity=Severity.WARNING,
            block=block or None,
            de=f"Wer {spoken(second, 'de')} liest, bekommt die Worte auf {spoken(first, 'de')}: {named_de}.",
            en=f"Readers of {spoken(second, 'en')} get the {spoken(first, 'en')} words: {named_en}.",
            language=second,
        )


def _names(fields: Iterable[str], language: str) -> str:
    return ", ".join(translations(language).gettext(_CALLED[field]) for field in fields)
