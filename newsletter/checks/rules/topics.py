"""Do the topics on blocks make sense: few enough different mails, and topics that readers can choose?"""

from collections.abc import Iterable

from newsletter.checks.finding import Finding, Severity
from newsletter.checks.subject import Subject
from newsletter.content import variants


def check(subject: Subject) -> Iterable[Finding]:
    """Find too many combinations of topics, and topics that the list no longer has."""
    has_two = subject.content.translation is not None
    also_de, also_en = (" mit der zweiten Sprache", " with the second language") if has_two else ("", "")
    if len(variants.numbers_of(subject.content)) > variants.MOST:
        yield Finding(
            code="too_many_variants",
            severity=Severity.ERROR,
            block=None,
            de=f"Die Themen an den Blöcken ergeben{also_de} mehr als {variants.MOST} verschiedene E-Mails: Geben Sie "
            "mehreren Blöcken dieselben Themen, oder lassen Sie Themen weg.",
            en=f"The topics on the blocks make{also_en} more than {variants.MOST} different mails: give several blocks "
            "the same topics, or leave topics away.",
        )
    for block in subject.content.blocks:
        gone = [topic for topic in block.topics if topic not in subject.topics]
        if gone:
            yield Finding(
                code="topic_gone",
                severity=Severity.WARNING,
                block=block.id,
                de=f"Das Thema „{'“, „'.join(gone)}“ gibt es nicht mehr, niemand kann es wählen: Nehmen Sie es vom "
                "Block, damit nicht nur jene ihn bekommen, die alles lesen.",
                en=f"The topic “{'”, “'.join(gone)}” is gone, nobody can choose it: take it off the block, else only "
                "those who read everything get it.",
            )
