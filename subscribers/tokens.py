"""What a link in a mail may do: signed tokens, one purpose each.

    token = tokens.leave(secret, subscription_id=7)  # "7.<25 letters>"
    tokens.read_leave(secret, token)  # Leave(subscription_id=7)

Each purpose signs with its own key, so a token of one is worth nothing for another. A token says
which row it is about and nothing of the person. Leave, preference, measuring and view tokens never expire. The
moment that the life of another one is counted from stands inside it, because only the caller knows the clock.
"""

import datetime as dt
import functools
import hashlib
import hmac
import re
from dataclasses import dataclass

from itsdangerous import BadSignature, Signer
from itsdangerous.signer import HMACAlgorithm

from subscribers.errors import TokenExpired, TokenInvalid
from subscribers.models import Errand
from subscribers.secret import Secret

CONFIRMATION_LIFETIME = dt.timedelta(days=14)
ERRAND_LIFETIME = dt.timedelta(hours=1)
UNDO_LIFETIME = dt.timedelta(days=30)
LENGTH_LIMIT = 120  # the longest token made here is shorter


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Leave to confirm one subscription, as long as it belongs to the address it was mailed to."""

    subscription_id: int
    address_digest: str
    issued_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Leave:
    """Leave to end one subscription; None in a test mail, which nobody can leave."""

    subscription_id: int | None


@dataclass(frozen=True, slots=True)
class Preferences:
    """Leave to see and change one reader's choices; None in a test mail, which nobody has."""

    subscription_id: int | None


@dataclass(frozen=True, slots=True)
class Measuring:
    """Leave to say whether one reader may be measured; None in a test mail, which measures nobody."""

    subscription_id: int | None


@dataclass(frozen=True, slots=True)
class ErrandLink:
    """Leave to run one errand, while it is the last link of its kind and belongs to the address it was mailed to."""

    subscription_id: int
    number: int
    address_digest: str


@dataclass(frozen=True, slots=True)
class Undo:
    """Leave to take back one leaving, as long as nothing has happened since, for the address it was mailed to.

    `left_at`, to the microsecond, says which leaving: a later one has a token of its own.
    """

    subscription_id: int
    left_at: dt.datetime
    address_digest: str


@dataclass(frozen=True, slots=True)
class View:
    """Leave to see a mailing in the browser."""

    mailing_id: int


def confirmation(secret: Secret, subscription_id: int, *, address_key: str, now: dt.datetime) -> str:
    """Make the token of a confirmation mail; it counts for `CONFIRMATION_LIFETIME`."""
    digest = address_digest(secret, address_key)
    return _signed(secret, "confirm", f"{subscription_id}-{int(now.timestamp())}-{digest}")


def read_confirmation(secret: Secret, token: str, *, now: dt.datetime) -> Confirmation:
    """Read the token of a confirmation mail.

    Raises:
        TokenInvalid: it was not made here for this purpose.
        TokenExpired: it is older than `CONFIRMATION_LIFETIME`.
    """
    subscription_id, issued, digest = _read(secret, "confirm", token, shape=_CONFIRMATION)
    issued_at = dt.datetime.fromtimestamp(int(issued), dt.UTC)
    if now - issued_at > CONFIRMATION_LIFETIME:
        raise TokenExpired(int(subscription_id))
    return Confirmation(int(subscription_id), digest, issued_at)


def address_digest(secret: Secret, address_key: str) -> str:
    """What a token says of the address it was mailed to: 16 hexadecimal digits."""
    return hmac.digest(secret.derive("confirmation-address"), address_key.encode(), hashlib.sha256).hex()[:16]


def leave(secret: Secret, subscription_id: int) -> str:
    """Make the token of an issue's unsubscribe link."""
    return _signed(secret, "leave", str(subscription_id))


def leave_test(secret: Secret) -> str:
    """Make the token of a test mail's unsubscribe link: a real link that changes nothing."""
    return _signed(secret, "leave", _TEST)


def read_leave(secret: Secret, token: str) -> Leave:
    """Read the token of an unsubscribe link.

    Raises:
        TokenInvalid: it was not made here for this purpose.
    """
    (subject,) = _read(secret, "leave", token, shape=_LEAVE)
    return Leave(None if subject == _TEST else int(subject))


def measuring(secret: Secret, subscription_id: int) -> str:
    """Make the token of the link by which a measured reader stops that."""
    return _signed(secret, "measuring", str(subscription_id))


def measuring_test(secret: Secret) -> str:
    """Make the token of a test mail's link on measuring: a real link that changes nothing."""
    return _signed(secret, "measuring", _TEST)


def read_measuring(secret: Secret, token: str) -> Measuring:
    """Read the token of a link on measuring.

    Raises:
        TokenInvalid: it was not made here for this purpose.
    """
    (subject,) = _read(secret, "measuring", token, shape=_LEAVE)
    return Measuring(None if subject == _TEST else int(subject))


def preferences(secret: Secret, subscription_id: int) -> str:
    """Make the token of an issue's link to the reader's choices."""
    return _signed(secret, "preferences", str(subscription_id))


def preferences_test(secret: Secret) -> str:
    """Make the token of a test mail's link to choices: a real link to nobody's."""
    return _signed(secret, "preferences", _TEST)


def read_preferences(secret: Secret, token: str) -> Preferences:
    """Read the token of a link to a reader's choices.

    Raises:
        TokenInvalid: it was not made here for this purpose.
    """
    (subject,) = _read(secret, "preferences", token, shape=_LEAVE)
    return Preferences(None if subject == _TEST else int(subject))


def errand(
    secret: Secret, kind: Errand, subscription_id: int, *, number: int, address_key: str, now: dt.datetime
) -> str:
    """Make the token of the link to one errand; it counts for `ERRAND_LIFETIME`."""
    digest = address_digest(secret, address_key)
    return _signed(secret, f"errand-{kind.value}", f"{subscription_id}-{number}-{int(now.timestamp())}-{digest}")


def read_errand(secret: Secret, kind: Errand, token: str, *, now: dt.datetime) -> ErrandLink:
    """Read the token of the link to an errand of this kind.

    Raises:
        TokenInvalid: it was not made here for this errand.
        TokenExpired: it is older than `ERRAND_LIFETIME`.
    """
    found = _read(secret, f"errand-{kind.value}", token, shape=_ERRAND)
    subscription_id, number, issued, digest = found
    if now - dt.datetime.fromtimestamp(int(issued), dt.UTC) > ERRAND_LIFETIME:
        raise TokenExpired(int(subscription_id))
    return ErrandLink(int(subscription_id), int(number), digest)


def undo(secret: Secret, subscription_id: int, *, address_key: str, left_at: dt.datetime) -> str:
    """Make the token of the mail that follows a leaving; it counts for `UNDO_LIFETIME` after that."""
    digest = address_digest(secret, address_key)
    return _signed(secret, "undo", f"{subscription_id}-{(left_at - _EPOCH) // _MICROSECOND}-{digest}")


def read_undo(secret: Secret, token: str, *, now: dt.datetime) -> Undo:
    """Read the token of the mail that follows a leaving.

    Raises:
        TokenInvalid: it was not made here for this purpose.
        TokenExpired: the leaving is longer ago than `UNDO_LIFETIME`.
    """
    subscription_id, left, digest = _read(secret, "undo", token, shape=_UNDO)
    left_at = _EPOCH + int(left) * _MICROSECOND
    if now - left_at > UNDO_LIFETIME:
        raise TokenExpired(int(subscription_id))
    return Undo(int(subscription_id), left_at, digest)


def view(secret: Secret, mailing_id: int) -> str:
    """Make the token of a mailing's page in the browser."""
    return _signed(secret, "view", str(mailing_id))


def read_view(secret: Secret, token: str) -> View:
    """Read the token of a mailing's page in the browser.

    Raises:
        TokenInvalid: it was not made here for this purpose.
    """
    (mailing_id,) = _read(secret, "view", token, shape=_VIEW)
    return View(int(mailing_id))


def staff_link(secret: Secret, key: str) -> str:
    """Make the token of a link to somebody of the staff; `key` is 32 hexadecimal digits that tell nothing."""
    return _signed(secret, "staff", key)


def read_staff_link(secret: Secret, token: str) -> str:
    """Read the key of a link to somebody of the staff.

    Raises:
        TokenInvalid: it was not made here for this purpose.
    """
    (key,) = _read(secret, "staff", token, shape=_STAFF)
    return key


_TEST = "test"
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
# Mail programs that make links of plain text leave out a hyphen or underscore at the end of one.
_END = "z"
_CONFIRMATION = re.compile(r"(\d+)-(\d+)-([0-9a-f]{16})")
_UNDO = _CONFIRMATION
_LEAVE = re.compile(rf"(\d+|{_TEST})")
_ERRAND = re.compile(r"(\d+)-(\d+)-(\d+)-([0-9a-f]{16})")
_VIEW = re.compile(r"(\d+)")
_STAFF = re.compile(r"([0-9a-f]{32})")


class _ShortHmac(HMACAlgorithm):
    """HMAC-SHA-256, cut to 144 bits: beyond guessing, and 24 letters without a spare bit.

    A spare bit in the last letter would make two texts one token.
    """

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Sign, and keep the first 18 bytes."""
        return super().get_signature(key, value)[:18]


@functools.lru_cache(maxsize=16)  # a token is made for every recipient; its key only once
def _signer(secret: Secret, purpose: str) -> Signer:
    algorithm = _ShortHmac(hashlib.sha256)
    return Signer(secret.derive(f"{purpose}-token"), key_derivation="none", algorithm=algorithm)


def _signed(secret: Secret, purpose: str, value: str) -> str:
    return _signer(secret, purpose).sign(value).decode("ascii") + _END


def _read(secret: Secret, purpose: str, token: str, *, shape: re.Pattern[str]) -> tuple[str, ...]:
    if len(token) > LENGTH_LIMIT or not token.isascii() or not token.endswith(_END):
        raise TokenInvalid
    try:
        value = _signer(secret, purpose).unsign(token.removesuffix(_END)).decode("ascii")
    except BadSignature as error:
        raise TokenInvalid from error
    match = shape.fullmatch(value)
    if match is None:
        raise TokenInvalid
    return match.groups()
