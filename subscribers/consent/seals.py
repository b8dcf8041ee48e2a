"""What a seal is made of: hashes over what it holds, and an HMAC that ties it to the seal before.

Pure: no database, no clock. Whoever has the digest of one seal can tell whether that seal, and with
it all before, are still the ones that were made.
"""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass

from subscribers.consent.chain import Key, canonical
from subscribers.secret import Secret

START = ""  # the `previous` of the first seal
_KEY_ID_DIGITS = 8


def key_of(secret: Secret) -> Key:
    """The installation's key for seals; it is another one than that of the records."""
    value = secret.derive("consent-seal")
    return Key(hashlib.sha256(value).hexdigest()[:_KEY_ID_DIGITS], value)


@dataclass(frozen=True, slots=True)
class Seal:
    """All columns of a seal that its digest covers."""

    number: int
    at: dt.datetime
    records: int
    chains: int
    contents: str
    previous: str


def digest(key: Key, seal: Seal) -> str:
    """Seal the seal: the key's id and 224 bits of HMAC-SHA-256, 64 hexadecimal digits together."""
    at = _moment(seal.at)
    covered = canonical([seal.number, at, seal.records, seal.chains, seal.contents, seal.previous])
    return key.id + hmac.digest(key.value, covered, hashlib.sha256).hex()[: 64 - _KEY_ID_DIGITS]


class Contents:
    """The hash over what one seal holds: its heads by subscriber, then its wordings by digest."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._hash = hashlib.sha256()

    def add_head(self, subscriber_id: int, sequence: int, digest: str) -> None:
        """Add the head of a chain."""
        self._hash.update(canonical(["head", subscriber_id, sequence, digest]) + b"\n")

    def add_wording(self, digest: str, content: str) -> None:
        """Add a wording."""
        self._hash.update(canonical(["wording", digest, content]) + b"\n")

    def hexdigest(self) -> str:
        """What was added so far, as 64 hexadecimal digits."""
        return self._hash.hexdigest()


def content_of_wording(digest: str, language: str, text: str, created_at: dt.datetime) -> str:
    """Hash all columns of a wording: its own digest covers the text alone."""
    return hashlib.sha256(canonical([digest, language, text, _moment(created_at)])).hexdigest()


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")
