"""Files that prove what people agreed to, such as scanned forms: kept whole, under the hash of their content.

    proofs.kept(Path("scan.pdf"), home / "proofs")  # ProofFile("scan.pdf", "3f9a…"), kept as proofs/3f9a….pdf

Each consent record that rests on one holds its name and hash, so that a file that was changed is found out.
"""

import datetime as dt
import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.errors import NewsletterError
from subscribers.holders import DataSubject, Found, Holder
from subscribers.importing import ProofFile
from subscribers.importing.sorting import SOURCE
from subscribers.models import ConsentEvidence, ConsentRecord

LARGEST_BYTES = 50_000_000
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


class ProofUnusable(NewsletterError):
    """A file cannot be kept as proof."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} cannot be kept as proof: {reason}")
        self.path = path


def kept(path: Path, folder: Path, *, dry_run: bool = False) -> ProofFile:
    """Keep a copy in the folder, readable by nobody else; what is there already stays. `dry_run` only looks.

    Raises:
        ProofUnusable: the file is empty, too large or cannot be read, or the copy cannot be written.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise ProofUnusable(path, f"it is larger than {LARGEST_BYTES // 1_000_000} MB.")
        octets = path.read_bytes()
        if not octets.strip():
            raise ProofUnusable(path, "it is empty.")
        found = ProofFile(path.name, hashlib.sha256(octets).hexdigest())
        if not dry_run:
            _write(octets, file_of(found, folder))
    except OSError as error:
        raise ProofUnusable(path, f"{error.strerror or error}.") from error
    return found


def file_of(proof: ProofFile, folder: Path) -> Path:
    """Where a proof is kept."""
    suffix = Path(proof.name).suffix.lower()
    return folder / (proof.sha256 + (suffix if _SUFFIX.fullmatch(suffix) else ""))


def holder(folder: Path, *, keep_evidence: bool = False) -> Holder:
    """The files that a person's consent rests on; one that others' rests on stays until the last of them is erased.

    `keep_evidence` leaves them to `sweep`, as their evidence.
    """

    def disclose(session: Session, of: DataSubject) -> Found:
        return [{"sha256": digest} for digest in _digests_of(session, of)]

    def erase(session: Session, of: DataSubject, *, now: dt.datetime) -> None:
        del now
        for digest in () if keep_evidence else _digests_of(session, of):
            if not _is_needed(session, digest, but_for=of.subscriber_id):
                _remove(folder, digest)

    return Holder("proofs", (), disclose, erase)


def sweep(session: Session, folder: Path, *, before: dt.datetime) -> int:
    """Remove the files that no evidence names; tell how many.

    What was kept since `before` stays: it may be of an import that still runs.
    """
    old = (path for path in folder.glob("[0-9a-f]*") if path.stat().st_mtime < before.timestamp())
    digests = {path.name.partition(".")[0] for path in old}
    needless = [digest for digest in digests if not _is_needed(session, digest)]
    for digest in needless:
        _remove(folder, digest)
    return len(needless)


_DIGEST = ConsentEvidence.data["proof"]["sha256"].as_string()


def _digests_of(session: Session, of: DataSubject) -> Sequence[str]:
    named = (
        select(_DIGEST)
        .join(ConsentRecord, ConsentRecord.id == ConsentEvidence.record_id)
        .where(ConsentRecord.subscriber_id == of.subscriber_id, _DIGEST.is_not(None))
    )
    return session.scalars(named.distinct().order_by(_DIGEST)).all()


def _is_needed(session: Session, digest: str, *, but_for: int = 0) -> bool:
    others = (
        select(ConsentEvidence.record_id)
        .join(ConsentRecord, ConsentRecord.id == ConsentEvidence.record_id)
        .where(ConsentRecord.source == SOURCE, ConsentRecord.subscriber_id != but_for, digest == _DIGEST)
    )
    return session.scalar(others.limit(1)) is not None


def _remove(folder: Path, digest: str) -> None:
    for path in folder.glob(f"{digest}*"):
        path.unlink(missing_ok=True)


def _write(octets: bytes, target: Path) -> None:
    if target.exists():
        os.utime(target)  # `sweep` does not take it from under an import
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(target)
