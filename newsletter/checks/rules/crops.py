"""Can the pictures be cut to the shape that was chosen?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject


def check(subject: Subject) -> Iterable[Finding]:
    """Find pictures of which the mail would show nothing, as their part could not be made."""
    for block in sorted(subject.uncut):
        yield Finding(
            code="picture_uncut",
            severity=Severity.ERROR,
            block=block,
            de="Das Bild lässt sich nicht zuschneiden, seine Datei fehlt oder ist beschädigt: Stellen Sie das Original "
            "der Meldung wieder her, oder lassen Sie das Bild weg.",
            en="The picture cannot be cropped, its file is missing or broken: restore the original of the item, or "
            "leave the picture out.",
        )
