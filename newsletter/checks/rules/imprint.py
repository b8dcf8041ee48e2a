"""Does the issue say who publishes it? German law asks it of every newsletter (§ 5 DDG)."""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.content.characters import is_blank


def check(subject: Subject) -> Iterable[Finding]:
    """Find a publication without an imprint."""
    if is_blank(subject.frame.imprint):
        yield Finding(
            code="imprint_missing",
            severity=Severity.ERROR,
            block=None,
            de="Das Impressum fehlt: Tragen Sie es bei der Publikation ein.",
            en="The imprint is missing: enter it in the publication.",
        )
