"""Files that prove what people agreed to, such as scanned forms: kept whole, under the hash of their content.

    proofs.kept(Path("scan.pdf"), home / "proofs")  # ProofFile("scan.pdf", "3f9a…"), kept as proofs/3f9a….pdf

Each consent record that rests on one holds its name and hash, so that a file that was changed is found out.
"""

import hashlib
import os
import re
import tempfile
from pathlib import Path

from newsletter.errors import NewsletterError
from subscribers.importing import ProofFile

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


def _write(octets: bytes, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(target)
