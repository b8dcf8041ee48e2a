"""Is there a subject, and can it be read in a list of mails?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.content import merge
from newsletter.content.characters import is_blank

LONGEST = 70  # characters; wide windows show about as many, phones half of them


def check(subject: Subject) -> Iterable[Finding]:
    """Find a missing or long subject."""
    written = subject.content.subject
    shown = "".join(
        (piece.fallback or piece.name) if isinstance(piece, merge.Field) else piece for piece in merge.split(written)
    )
    if is_blank(written):
        yield Finding(
            code="subject_missing",
            severity=Severity.ERROR,
            block=None,
            de="Der Betreff fehlt: Schreiben Sie, worum es in dieser Ausgabe geht.",
            en="The subject is missing: write what this issue is about.",
        )
    elif len(shown) > LONGEST:
        yield Finding(
            code="subject_long",
            severity=Severity.WARNING,
            block=None,
            de=f"Der Betreff hat {len(shown)} Zeichen: Ab etwa {LONGEST} wird er abgeschnitten.",
            en=f"The subject has {len(shown)} characters: from about {LONGEST} on it is cut off.",
        )
