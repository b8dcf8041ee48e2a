"""Will Gmail show the whole issue? It clips a mail whose HTML is over 102 KB, and drops its styles.

Counted is the HTML that arrives: after slots are filled, before transfer encoding.
"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.rendering.compiled import Part, Slot

CLIPPED_BYTES = 102 * 1024
CLOSE_BYTES = 90 * 1024
_LINK_BYTES = 220  # a signed link on a long host name
_FIELD_BYTES = 60  # a long name


def check(subject: Subject) -> Iterable[Finding]:
    """Find an issue that is clipped, or soon will be."""
    size = size_bytes(subject.compiled.html)
    kilobytes = round(size / 1024)
    if size > CLIPPED_BYTES:
        yield Finding(
            code="too_large",
            severity=Severity.ERROR,
            block=None,
            de=f"Die E-Mail hat {kilobytes} KB; ab 102 KB schneidet Gmail sie ab: Kürzen Sie, oder bilden Sie zwei.",
            en=f"The mail has {kilobytes} KB; Gmail clips it from 102 KB on: shorten it, or make two of it.",
        )
    elif size > CLOSE_BYTES:
        yield Finding(
            code="nearly_too_large",
            severity=Severity.WARNING,
            block=None,
            de=f"Die E-Mail hat {kilobytes} KB; ab 102 KB schneidet Gmail sie ab. Viel passt nicht mehr hinein.",
            en=f"The mail has {kilobytes} KB; Gmail clips it from 102 KB on. There is little room left.",
        )


def size_bytes(parts: tuple[Part, ...]) -> int:
    """The bytes of the filled HTML, with generous values for the slots."""
    return sum(_slot_bytes(part) if isinstance(part, Slot) else len(part.encode()) for part in parts)


def _slot_bytes(slot: Slot) -> int:
    return _LINK_BYTES if slot.expression.startswith("links.") else max(_FIELD_BYTES, len(slot.expression.encode()))
