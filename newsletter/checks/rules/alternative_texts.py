"""Do pictures say what they show to those who do not see them?

Source: WCAG 2.2, success criterion 1.1.1.
"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject, links, pictures
from newsletter.content.characters import is_blank


def check(subject: Subject) -> Iterable[Finding]:
    """Find pictures without a description, and links that are nothing but such a picture."""
    for block, picture in pictures(subject.content):
        if is_blank(picture.alt):
            yield Finding(
                code="alt_missing",
                severity=Severity.WARNING,
                block=block,
                de="Das Bild hat keinen Alternativtext: Beschreiben Sie, was es zeigt, falls es nicht nur schmückt.",
                en="The picture has no alternative text: describe what it shows, unless it only decorates.",
            )
    for link in links(subject.compiled):
        if link.has_picture and is_blank(link.words):
            yield Finding(
                code="linked_picture_without_alt",
                severity=Severity.ERROR,
                block=None,
                de=f"Der Link nach {link.target} besteht nur aus einem Bild ohne Alternativtext: "
                "Beschreiben Sie, wohin er führt.",
                en=f"The link to {link.target} is only a picture without alternative text: describe where it leads.",
            )
