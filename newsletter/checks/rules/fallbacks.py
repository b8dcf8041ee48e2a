"""Is every merge field a sentence also for those of whom we know nothing?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject, all_words
from newsletter.content import merge

_ALWAYS_KNOWN = frozenset({"address"})


def check(subject: Subject) -> Iterable[Finding]:
    """Find merge fields without a fallback; an empty one counts as stated."""
    for words in all_words(subject.content):
        for field in merge.fields_in(words.text):
            if field.fallback is None and field.name not in _ALWAYS_KNOWN:
                yield Finding(
                    code="fallback_missing",
                    severity=Severity.ERROR,
                    block=words.block,
                    de=f"Das Feld [[{field.name}]] hat keinen Ersatz: "
                    f"Schreiben Sie [[{field.name}|…]] mit den Worten für alle, von denen wir es nicht wissen.",
                    en=f"The field [[{field.name}]] has no fallback: "
                    f"write [[{field.name}|…]] with the words for everybody of whom we do not know it.",
                )
