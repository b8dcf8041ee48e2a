"""What can be wrong with the proof, and how each is told in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class BreakKind(StrEnum):
    """What is wrong. `{seal}` is the number of the seal that tells."""

    # With a record.
    CHANGED = "a column was changed after it was sealed"
    FOREIGN_KEY = "it was sealed with another secret"
    EVIDENCE = "its evidence is not what was committed to"
    EVIDENCE_APART = "its evidence lies apart, under the number of no record"
    WORDING = "the wording it points to is missing or was changed"
    GAP = "records are missing before it"
    PREVIOUS = "it does not follow the record before it"
    REPLACED = "it is not the record that seal {seal} holds"
    CUT = "it is missing, and so is all that followed; seal {seal} holds it"
    MISSING = "it is missing; seal {seal} holds it"
    # With a person.
    CHAIN_MISSING = "the whole chain is missing; seal {seal} holds its last record"
    UNPROVEN = "the subscription is confirmed, but the last record of that list does not say so"
    UNPROVEN_MEASURING = "the reader may be measured, but the last record of that list on measuring does not say so"
    # With what belongs to nobody any more.
    EVIDENCE_OF_NOTHING = "it belongs to no record that there is"
    # With a wording.
    WORDING_CHANGED = "it is not as seal {seal} holds it"
    WORDING_MISSING = "it is missing; seal {seal} holds it"
    # With a seal.
    SEAL_CHANGED = "a column was changed after it was made"
    SEAL_FOREIGN_KEY = "it was made with another secret"
    SEAL_CONTENTS = "what it holds was changed, or parts of it are missing"
    SEAL_GAP = "seals are missing before it"
    SEAL_PREVIOUS = "it does not follow the seal before it"
    SEAL_MISSING = "it is missing, but there is what it held"
    SEAL_UNHEARD = "it is missing, but the audit log tells that it was made"
    SEAL_UNKNOWN = "no seal has this digest, which was kept outside: seals were deleted or made anew"


@dataclass(frozen=True, slots=True)
class Break:
    """Where the proof does not hold.

    `sequence` is 0 where no record can be named, `subscriber_id` where no person can. `seal` is the
    seal that tells, or the one that is broken itself. `name` is what else can be named: the digest of a
    wording or of a seal kept outside, the number of evidence.
    """

    subscriber_id: int
    sequence: int
    kind: BreakKind
    seal: int = 0
    name: str = ""

    def __str__(self) -> str:
        return f"{self._where()}: {self.kind.format(seal=self.seal)}."

    def _where(self) -> str:
        if self.subscriber_id:
            record = f", record {self.sequence}" if self.sequence else ""
            return f"Subscriber {self.subscriber_id}{record}"
        if self.kind is BreakKind.EVIDENCE_OF_NOTHING:
            return f"Evidence {self.name}"
        if self.kind is BreakKind.SEAL_UNKNOWN:
            return f"Digest {self.name}"
        if self.name:
            return f"Wording {self.name}"
        return f"Seal {self.seal}"


@dataclass(slots=True)
class Tally:
    """What was looked at so far.

    `without_evidence` counts records whose personal part was erased, `sealed` those that the seals hold.
    """

    records: int = 0
    chains: int = 0
    without_evidence: int = 0
    seals: int = 0
    sealed: int = 0

    @property
    def after_seal(self) -> int:
        """How many records no seal holds yet: the last ones of a chain among them could be cut off unseen."""
        return max(self.records - self.sealed, 0)


Progress = Callable[[int], object]
"""Told how many records were looked at."""
