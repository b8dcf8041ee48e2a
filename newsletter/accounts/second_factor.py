"""Codes: those of a generator (TOTP) on somebody's phone, and ten to keep in a drawer.

    secret_text = second_factor.new_secret()
    codes = second_factor.switch_on(session, user, secret_text, code="123456", …)  # the ten codes, shown once
    second_factor.check(session, user, "123456", secret=secret, now=now)

The generator's secret is kept encrypted with a key of the installation's secret, bound to its owner; of the ten codes
only keyed hashes are kept. A time step whose code was used, and every one before it, counts no more.

Source: RFC 6238, sections 4.2 and 5.2.
"""

import datetime as dt
import hashlib
import hmac
import os
import re
import secrets

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from newsletter.accounts.errors import SecondFactorRefused
from newsletter.accounts.models import StaffPasskey, StaffRecoveryCode, StaffUser
from newsletter.accounts.own_account import require_oneself, tell
from newsletter.mails.account_changed import Change
from newsletter.rendering.compiled import Mailbox
from subscribers import audit
from subscribers.actor import Actor
from subscribers.secret import Secret

STEP_S = 30
DIGITS = 6
TOLERANCE = 1  # steps a phone's clock may be off, either way
RECOVERY_CODES = 10
ISSUER = "Newsletter"

# Without what is mistaken for another letter or digit when it is read from paper: 50 bits in ten letters.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_HALF = 5
_NONCE_BYTES = 12


def new_secret() -> str:
    """A fresh secret for a generator: 160 bits in base32."""
    return pyotp.random_base32()


def uri(secret_text: str, *, address: str, host: str) -> str:
    """What a generator reads from a QR code."""
    return pyotp.TOTP(secret_text).provisioning_uri(name=address, issuer_name=f"{ISSUER} ({host})")


def sealed(secret_text: str, *, user_id: int, secret: Secret) -> bytes:
    """Encrypt a generator's secret for one user."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(secret).encrypt(nonce, secret_text.encode("ascii"), _owner(user_id))


def opened(hidden: bytes, *, user_id: int, secret: Secret) -> str:
    """Decrypt what `sealed` gave.

    Raises:
        SecondFactorRefused: it is another user's, or was written without the installation's secret.
    """
    nonce, rest = hidden[:_NONCE_BYTES], hidden[_NONCE_BYTES:]
    try:
        return _cipher(secret).decrypt(nonce, rest, _owner(user_id)).decode("ascii")
    except InvalidTag:
        raise SecondFactorRefused from None


def switch_on(
    session: Session,
    user: StaffUser,
    secret_text: str,
    *,
    code: str,
    secret: Secret,
    sender: Mailbox,
    by: Actor,
    now: dt.datetime,
) -> tuple[str, ...]:
    """Ask for codes of this generator from now on, once it has shown that it makes them; gives the recovery codes.

    Raises:
        SecondFactorRefused: the code is not of this generator; nothing is changed.
    """
    require_oneself(user, by=by)
    user.totp_step = _step_of(secret_text, code, after=0, now=now)
    user.totp_sealed = sealed(secret_text, user_id=user.id, secret=secret)
    audit.record(session, "staff.codes-on", f"staff:{user.id}", by=by, now=now)
    tell(session, user, Change.CODES_ON, sender=sender, by=by, now=now)
    return _fresh_codes(session, user, secret)


def switch_off(session: Session, user: StaffUser, *, sender: Mailbox, by: Actor, now: dt.datetime) -> None:
    """Ask for codes no longer. The recovery codes go with the last second factor."""
    require_oneself(user, by=by)
    if user.totp_sealed is None:
        return
    user.totp_sealed, user.totp_step = None, 0
    passkeys = select(func.count()).select_from(StaffPasskey).where(StaffPasskey.user_id == user.id)
    if not session.scalar(passkeys):
        session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.user_id == user.id))
    audit.record(session, "staff.codes-off", f"staff:{user.id}", by=by, now=now)
    tell(session, user, Change.CODES_OFF, sender=sender, by=by, now=now)


def new_codes(
    session: Session, user: StaffUser, *, secret: Secret, sender: Mailbox, by: Actor, now: dt.datetime
) -> tuple[str, ...]:
    """Make ten new recovery codes; the old ones count no more."""
    require_oneself(user, by=by)
    audit.record(session, "staff.recovery-codes", f"staff:{user.id}", by=by, now=now)
    tell(session, user, Change.RECOVERY_CODES, sender=sender, by=by, now=now)
    return _fresh_codes(session, user, secret)


def check(session: Session, user: StaffUser, code: str, *, secret: Secret, now: dt.datetime) -> str:
    """Take a code of the generator, or a recovery code, once; gives `code` or `recovery code`. `user` is locked.

    Raises:
        SecondFactorRefused: it is wrong, or was used already.
    """
    typed = re.sub(r"[\s-]", "", code).lower()
    if typed.isdecimal() and len(typed) == DIGITS and user.totp_sealed is not None:
        secret_text = opened(user.totp_sealed, user_id=user.id, secret=secret)
        user.totp_step = _step_of(secret_text, typed, after=user.totp_step, now=now)
        return "code"
    unused = (
        update(StaffRecoveryCode)
        .where(
            StaffRecoveryCode.user_id == user.id,
            StaffRecoveryCode.digest == _digest(typed, user.id, secret),
            StaffRecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(StaffRecoveryCode.id)
    )
    if session.execute(unused).first() is None:
        raise SecondFactorRefused
    return "recovery code"


def codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes somebody has not used."""
    unused = StaffRecoveryCode.user_id == user_id, StaffRecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(StaffRecoveryCode).where(*unused)) or 0


def _step_of(secret_text: str, code: str, *, after: int, now: dt.datetime) -> int:
    """The time step that a code is of, later than `after`."""
    generator = pyotp.TOTP(secret_text, interval=STEP_S, digits=DIGITS)
    today = generator.timecode(now)
    typed = re.sub(r"\s", "", code)
    for step in range(today - TOLERANCE, today + TOLERANCE + 1):
        if step > after and hmac.compare_digest(generator.generate_otp(step).encode(), typed.encode()):
            return step
    raise SecondFactorRefused


def _fresh_codes(session: Session, user: StaffUser, secret: Secret) -> tuple[str, ...]:
    session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.user_id == user.id))
    codes = tuple("".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF)) for _ in range(RECOVERY_CODES))
    session.add_all(StaffRecoveryCode(user_id=user.id, digest=_digest(code, user.id, secret)) for code in codes)
    session.flush()
    return tuple(f"{code[:_HALF]}-{code[_HALF:]}" for code in codes)


def _digest(code: str, user_id: int, secret: Secret) -> str:
    return hmac.new(secret.derive("staff-recovery-code"), f"{user_id}:{code}".encode(), hashlib.sha256).hexdigest()


def _cipher(secret: Secret) -> AESGCM:
    return AESGCM(secret.derive("staff-totp"))


def _owner(user_id: int) -> bytes:
    return f"staff:{user_id}".encode()
