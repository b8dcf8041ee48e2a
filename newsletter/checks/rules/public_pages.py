"""Can readers reach the public pages, and are these lawful?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject


def check(subject: Subject) -> Iterable[Finding]:
    """Pass on what the installation's settings lack."""
    for problem in subject.public_problems:
        yield Finding(
            code="public_url",
            severity=Severity.ERROR,
            block=None,
            de=f"Die öffentlichen Seiten sind nicht bereit: {problem}",
            en=f"The public pages are not ready: {problem}",
        )
