"""Does every link lead somewhere, and safely?"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject, links
from newsletter.content import links as targets
from newsletter.content.blocks import Block, Button, LeadStory, Story, Text
from newsletter.content.richtext import links_in


def check(subject: Subject) -> Iterable[Finding]:
    """Find empty, malformed and unencrypted targets, in the blocks and in what the design made of them."""
    for block in subject.content.blocks:
        if isinstance(block, Button) and not block.link.strip():
            yield _empty(block.id, block.label)
        for target in _targets(block):
            yield from _about(target, block.id)
    for link in links(subject.compiled):
        if link.target is None or link.target.strip() in {"", "#"}:
            yield _empty(_block_of(link.words, subject), link.words)


def _targets(block: Block) -> Iterable[str]:
    if isinstance(block, LeadStory | Story | Button) and block.link.strip():
        yield block.link.strip()
    if isinstance(block, LeadStory | Story | Text):
        yield from links_in(block.text)


def _about(target: str, block: str) -> Iterable[Finding]:
    if target == "#":
        yield _empty(block, target)
    elif targets.resolve(target) is None or not _has_host(target):
        yield Finding(
            code="link_malformed",
            severity=Severity.ERROR,
            block=block,
            de=f"„{target[:80]}“ ist kein Link, den eine E-Mail tragen kann: "
            "Schreiben Sie die ganze Adresse, beginnend mit https://.",
            en=f"“{target[:80]}” is no link a mail can carry: write the whole address, beginning with https://.",
        )
    elif target.lower().startswith("http://"):
        yield Finding(
            code="link_unencrypted",
            severity=Severity.WARNING,
            block=block,
            de=f"Der Link {target[:80]} ist unverschlüsselt: Nehmen Sie https://, wenn die Seite es anbietet.",
            en=f"The link {target[:80]} is not encrypted: use https:// if the page offers it.",
        )


def _has_host(target: str) -> bool:
    """A web address names a host with a dot; `https://www` and `https://a b` are slips of the hand."""
    parts = urlsplit(target)
    if parts.scheme.lower() not in {"http", "https"}:
        return True
    host = parts.hostname or ""
    return ("." in host.strip(".") or ":" in host) and not any(character.isspace() for character in host)


def _block_of(words: str, subject: Subject) -> str | None:
    wanted = words.strip()
    return next(
        (block.id for block in subject.content.blocks if isinstance(block, Button) and block.label.strip() == wanted),
        None,
    )


def _empty(block: str | None, words: str) -> Finding:
    return Finding(
        code="link_empty",
        severity=Severity.ERROR,
        block=block,
        de=f"Der Link „{words.strip()[:60]}“ führt nirgendwohin: Tragen Sie sein Ziel ein.",
        en=f"The link “{words.strip()[:60]}” leads nowhere: enter its target.",
    )
