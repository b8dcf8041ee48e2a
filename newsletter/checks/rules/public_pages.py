"""Can readers reach the public pages, and are these lawful?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.i18n import retold
from newsletter.settings import NOT_LINKED, NOT_REACHABLE


def check(subject: Subject) -> Iterable[Finding]:
    """Pass on what the installation's settings lack."""
    for problem in subject.public_problems:
        told = retold(problem, (NOT_REACHABLE, NOT_LINKED), language="de")
        yield Finding(
            code="public_url",
            severity=Severity.ERROR,
            block=None,
            de=f"Die öffentlichen Seiten sind nicht bereit: {told}",
            en=f"The public pages are not ready: {problem}",
        )
