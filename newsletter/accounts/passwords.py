"""Passwords: which are taken, and how they are kept.

    stored = hashed("correct horse battery")
    fits(stored, "correct horse battery")  # True

They are at least `SHORTEST` characters long; nothing else is asked of them, since rules make them worse, and they never
expire. They are kept as argon2id, which takes 64 MiB of memory and a good deal of time on purpose, so only a few are
computed at once. Whoever has no password is checked against one that nobody has: it takes as long.

Source: NIST SP 800-63B, section 3.1.1; RFC 9106, section 4 (second recommended option).
"""

import base64
import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from newsletter.accounts.errors import PasswordRefused

PARAMETERS = RFC_9106_LOW_MEMORY
SHORTEST = 12
LONGEST = 1_000  # characters: beyond every password manager, and no burden to hash

# 64 MiB each: forty requests at once must not take the machine's memory, nor all of its cores from the senders.
_AT_ONCE = threading.BoundedSemaphore(2)


def check(password: str, *, address: str, name: str) -> None:
    """See that a password can be taken.

    Raises:
        PasswordRefused: it is too short, too long, or the person's own address or name.
    """
    length = len(_normal(password))
    if length < SHORTEST:
        raise PasswordRefused("short")
    if length > LONGEST:
        raise PasswordRefused("long")
    known = {address.casefold(), name.casefold(), address.casefold().partition("@")[0]}
    if password.casefold().strip() in known or len(set(password)) == 1:
        raise PasswordRefused("guessable")


def hashed(password: str) -> str:
    """A password as it is kept: argon2id in its usual notation, with a salt of its own."""
    with _AT_ONCE:
        return _hasher().hash(_normal(password))


def fits(stored: str, password: str) -> bool:
    """Tell whether it is the password that was kept; what is empty fits none, after the same time."""
    try:
        with _AT_ONCE:
            _hasher().verify(stored or _nobodys(), _normal(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def is_outdated(stored: str) -> bool:
    """Tell whether a password was kept with other parameters than are used today."""
    return _hasher().check_needs_rehash(stored)


def _normal(password: str) -> str:
    """One form of each character, however the keyboard composes it."""
    return unicodedata.normalize("NFKC", password)


def _hasher() -> PasswordHasher:
    return PasswordHasher.from_parameters(PARAMETERS)


@cache
def _nobodys() -> str:
    """What looks like a password that was kept, and is none."""
    salt, tag = (_base64(secrets.token_bytes(size)) for size in (PARAMETERS.salt_len, PARAMETERS.hash_len))
    costs = f"m={PARAMETERS.memory_cost},t={PARAMETERS.time_cost},p={PARAMETERS.parallelism}"
    return f"$argon2id$v={PARAMETERS.version}${costs}${salt}${tag}"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii").rstrip("=")
