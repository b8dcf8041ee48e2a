"""Is there any news in it?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.content.blocks import LeadStory, Story


def check(subject: Subject) -> Iterable[Finding]:
    """Find an issue without a story."""
    if not any(isinstance(block, LeadStory | Story) for block in subject.content.blocks):
        yield Finding(
            code="no_stories",
            severity=Severity.WARNING,
            block=None,
            de="Die Ausgabe enthält keine Meldung: Ist das gewollt?",
            en="The issue has no story: is that meant?",
        )
