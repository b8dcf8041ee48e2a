"""All holders of what is kept of readers: those of the tables, and those of the files that `app` binds to sessions.

holders_of(session)
"""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from newsletter.database import HOLDERS
from newsletter.delivery.holding import ledger_holder, maildir_holders
from newsletter.readers import proofs
from subscribers import holding
from subscribers.holders import Holder
from subscribers.importing import leftovers


def holders(
    *,
    keep_evidence: bool = False,
    imports: Path | None = None,
    proof_files: Path | None = None,
    relay_urls: Sequence[str] = (),
) -> tuple[Holder, ...]:
    """Every holder there is: that of people first.

    Args:
        keep_evidence: leaves the evidence of consent to its own clock.
        imports: the folder of bad rows.
        proof_files: the folder of files that consent rests on.
        relay_urls: where mail goes; those that are folders hold it.
    """
    files = [leftovers.holder(imports)] if imports else []
    named_by_evidence = [proofs.holder(proof_files, keep_evidence=keep_evidence)] if proof_files else []
    person, *others = holding.holders(keep_evidence=keep_evidence)
    return (
        person,
        *named_by_evidence,
        *others,
        ledger_holder(),
        *files,
        *maildir_holders(relay_urls),
    )


def holders_of(session: Session) -> tuple[Holder, ...]:
    """Those that `app` bound to the sessions of its database; without it those of the tables."""
    bound = session.info.get(HOLDERS)
    found: tuple[Holder, ...] = bound() if bound else holders()
    return found
