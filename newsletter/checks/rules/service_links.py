"""Can every reader leave, see the issue in a browser, and stop being measured, from either part of the mail?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject, links
from newsletter.rendering.compiled import Slot

_UNSUBSCRIBE, _VIEW, _MEASURING = "links.unsubscribe", "links.view", "links.measuring"


def check(subject: Subject) -> Iterable[Finding]:
    """Find parts without the links; the HTML part has one only where a link leads there."""
    targets = {link.target for link in links(subject.compiled)}
    viewing = {(target or "").partition("?")[0] for target in targets}  # in a second language it asks for that
    slots = {part.expression for part in subject.compiled.text if isinstance(part, Slot)}
    if f"{{{_UNSUBSCRIBE}}}" not in targets:
        yield _unsubscribe("HTML-Teil", "HTML part")
    if _UNSUBSCRIBE not in slots:
        yield _unsubscribe("Textteil", "text part")
    if f"{{{_VIEW}}}" not in viewing:
        yield _view("HTML-Teil", "HTML part")
    if _VIEW not in slots:
        yield _view("Textteil", "text part")
    if subject.measured and f"{{{_MEASURING}}}" not in targets:
        yield _measuring("HTML-Teil", "HTML part")
    if subject.measured and _MEASURING not in slots:
        yield _measuring("Textteil", "text part")


def _unsubscribe(de: str, en: str) -> Finding:
    return Finding(
        code="unsubscribe_missing",
        severity=Severity.ERROR,
        block=None,
        de=f"Im {de} fehlt der Link zum Abmelden: Ergänzen Sie ihn in der Gestaltung (links.unsubscribe).",
        en=f"The {en} has no link to unsubscribe: add it to the design (links.unsubscribe).",
    )


def _view(de: str, en: str) -> Finding:
    return Finding(
        code="view_missing",
        severity=Severity.ERROR,
        block=None,
        de=f"Im {de} fehlt der Link zur Ansicht im Browser: Ergänzen Sie ihn in der Gestaltung (links.view).",
        en=f"The {en} has no link to view the issue in a browser: add it to the design (links.view).",
    )


def _measuring(de: str, en: str) -> Finding:
    return Finding(
        code="measuring_missing",
        severity=Severity.ERROR,
        block=None,
        de=f"Im {de} fehlt der Link, um die Messung zu beenden: Ergänzen Sie ihn in der Gestaltung (links.measuring).",
        en=f"The {en} has no link to stop measuring: add it to the design (links.measuring).",
    )
