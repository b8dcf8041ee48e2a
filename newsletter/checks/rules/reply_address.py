"""Does an answer reach somebody?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject


def check(subject: Subject) -> Iterable[Finding]:
    """Find a publication whose readers' answers go nowhere in particular."""
    if subject.frame.reply_to is None or not subject.frame.reply_to.address:
        yield Finding(
            code="reply_address_missing",
            severity=Severity.ERROR,
            block=None,
            de="Die Antwortadresse fehlt: Tragen Sie bei der Publikation ein, wer Antworten liest.",
            en="The reply address is missing: enter in the publication who reads answers.",
        )
