"""The installation's secret, and the keys made of it, one for each purpose.

    key = secret.derive("leave-token")

The secret is never printed: its `repr` hides it. A key of one purpose tells nothing about
another, so a token made for one thing is worth nothing for another.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

LENGTH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Secret:
    """At least 32 random bytes."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < LENGTH_BYTES:
            raise ValueError(f"a secret has at least {LENGTH_BYTES} bytes")

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose (HMAC-SHA-256 as a pseudo-random function)."""
        return hmac.digest(self.value, purpose.encode(), hashlib.sha256)

    def fingerprint(self) -> str:
        """Tell two secrets apart without showing either: 16 hexadecimal digits."""
        return self.derive("fingerprint").hex()[:16]
