"""How one consent record is sealed to the one before, and what its evidence is held to.

Pure: no database, no clock. A record's `digest` is an HMAC over all its columns and the digest
before it, so that a change, a cut or a swap anywhere breaks every check after it. The personal part
is not in the chain; only its salted hash is, the `commitment`, so that it can be erased and the
chain still holds.
"""

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subscribers.secret import Secret

START = ""  # the `previous` of a chain's first record
SALT_BYTES = 16
_KEY_ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Key:
    """What seals a chain. `id` begins every digest, so that a foreign key is told from a change."""

    id: str
    value: bytes

    @classmethod
    def of(cls, secret: Secret) -> "Key":
        """The installation's key for consent records."""
        value = secret.derive("consent-chain")
        return cls(hashlib.sha256(value).hexdigest()[:_KEY_ID_DIGITS], value)


@dataclass(frozen=True, slots=True)
class Link:
    """All columns of a record that its digest covers."""

    subscriber_id: int
    sequence: int
    list_id: int
    kind: str
    at: dt.datetime
    actor: str
    source: str
    wording: str | None
    commitment: str
    previous: str

    def columns(self) -> dict[str, Any]:
        """The columns by name, as `ConsentRecord` calls them."""
        return {
            "subscriber_id": self.subscriber_id,
            "sequence": self.sequence,
            "list_id": self.list_id,
            "kind": self.kind,
            "at": self.at,
            "actor": self.actor,
            "source": self.source,
            "wording": self.wording,
            "commitment": self.commitment,
            "previous": self.previous,
        }


def commitment(salt: bytes, evidence: Mapping[str, Any]) -> str:
    """Hash the evidence with its salt: SHA-256 over salt and canonical JSON, hexadecimal."""
    return hashlib.sha256(salt + canonical(evidence)).hexdigest()


def digest(key: Key, link: Link) -> str:
    """Seal a record: the key's id and 224 bits of HMAC-SHA-256, 64 hexadecimal digits together."""
    at = link.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    columns = {**link.columns(), "at": at}
    mac = hmac.digest(key.value, canonical(columns), hashlib.sha256).hex()
    return key.id + mac[: 64 - _KEY_ID_DIGITS]


def is_sealed_by(key: Key, sealed: str) -> bool:
    """Tell whether a digest says that this key made it."""
    return sealed.startswith(key.id)


def canonical(value: object) -> bytes:
    """Give equal values equal bytes: JSON with sorted keys, no spaces, ASCII only."""
    return _ENCODER.encode(value).encode("ascii")


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
