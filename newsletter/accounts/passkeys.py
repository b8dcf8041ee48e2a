"""Passkeys: a key pair of somebody's device, which proves itself without anything that could be fished for.

    options, challenge = passkeys.creation_options(user, known, site=site, secret=secret)   # to the browser
    passkeys.add(session, user, answer, challenge=challenge, site=site, name="Laptop", …)
    passkeys.used(session, answer, challenge=challenge, site=site, verified=True, now=now)  # gives whose it is

One that the device has verified its owner for (by finger, face or PIN) signs in by itself; after the password, having
the device is enough. No attestation is asked for: which make it is, is not our business.

Source: https://www.w3.org/TR/webauthn-3/, sections 7.1 and 7.2.
"""

import datetime as dt
import hashlib
import hmac
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from newsletter.accounts.errors import PasskeyNotFound, PasskeyRefused
from newsletter.accounts.models import StaffPasskey, StaffRecoveryCode, StaffUser
from newsletter.accounts.own_account import require_oneself, tell
from newsletter.mails.account_changed import Change
from newsletter.rendering.compiled import Mailbox
from subscribers import audit
from subscribers.actor import Actor
from subscribers.orm import current
from subscribers.secret import Secret

NAME_LIMIT = 100
_RP_NAME = "Newsletter"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the passkeys belong: the host that they are bound to, and the origin that must ask."""

    host: str
    origin: str

    @classmethod
    def of(cls, public_url: str) -> "Site":
        """The one of a public URL."""
        parts = urlsplit(public_url)
        return cls(parts.hostname or "", f"{parts.scheme}://{parts.netloc}")

    @property
    def can_have_passkeys(self) -> bool:
        """Whether browsers make passkeys for it: a name, not an address, and encrypted or this machine itself."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            local = self.host == "localhost" or self.host.endswith(".localhost")
            return local or self.origin.startswith("https://")
        return False


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created_at: dt.datetime
    used_at: dt.datetime | None


def of(session: Session, user_id: int) -> tuple[Passkey, ...]:
    """Somebody's passkeys, the oldest first."""
    rows = session.scalars(select(StaffPasskey).where(StaffPasskey.user_id == user_id).order_by(StaffPasskey.id))
    return tuple(Passkey(row.id, row.name, row.created_at, row.used_at) for row in rows)


def creation_options(
    user: StaffUser, known: Sequence[bytes], *, site: Site, secret: Secret
) -> tuple[dict[str, object], str]:
    """What the browser needs to make one, as JSON, and the challenge; `known` are the user's credential ids."""
    options = webauthn.generate_registration_options(
        rp_id=site.host,
        rp_name=_RP_NAME,
        user_id=_handle(user.id, secret),
        user_name=user.address,
        user_display_name=user.name or user.address,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
    )
    return json.loads(webauthn.options_to_json(options)), bytes_to_base64url(options.challenge)


def request_options(known: Sequence[bytes], *, site: Site, verified: bool) -> tuple[dict[str, object], str]:
    """What the browser needs to use one, as JSON, and the challenge; without `known` the person picks the account."""
    options = webauthn.generate_authentication_options(
        rp_id=site.host,
        allow_credentials=[PublicKeyCredentialDescriptor(id=each) for each in known],
        user_verification=UserVerificationRequirement.REQUIRED if verified else UserVerificationRequirement.PREFERRED,
    )
    return json.loads(webauthn.options_to_json(options)), bytes_to_base64url(options.challenge)


def credential_ids(session: Session, user_id: int) -> tuple[bytes, ...]:
    """The credential ids of somebody's passkeys."""
    return tuple(session.scalars(select(StaffPasskey.credential_id).where(StaffPasskey.user_id == user_id)))


def add(
    session: Session,
    user: StaffUser,
    answer: str,
    *,
    challenge: str,
    site: Site,
    name: str,
    sender: Mailbox | None,
    by: Actor,
    now: dt.datetime,
) -> StaffPasskey:
    """Take a new passkey; `answer` is what the browser gave, as JSON. They are told by mail where `sender` is given.

    Raises:
        PasskeyRefused: the answer is not one to this challenge, or the passkey is known already.
    """
    require_oneself(user, by=by)
    try:
        verified = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
        )
    except _BAD as error:
        raise PasskeyRefused(_reason(error)) from error
    made = StaffPasskey(
        user_id=user.id,
        credential_id=verified.credential_id,
        public_key=verified.credential_public_key,
        sign_count=verified.sign_count,
        name=_shown(name) or f"{now:%Y-%m-%d}",
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError as error:
        raise PasskeyRefused("it is known already") from error
    audit.record(session, "staff.passkey-add", f"staff:{user.id}", by=by, now=now)
    if sender is not None:
        tell(session, user, Change.PASSKEY_ADDED, sender=sender, by=by, now=now)
    return made


def remove(session: Session, user: StaffUser, passkey_id: int, *, sender: Mailbox, by: Actor, now: dt.datetime) -> None:
    """Take a passkey away; with the last second factor go the recovery codes.

    Raises:
        PasskeyNotFound: the user has none of this number.
    """
    require_oneself(user, by=by)
    theirs = StaffPasskey.id == passkey_id, StaffPasskey.user_id == user.id
    if session.execute(delete(StaffPasskey).where(*theirs).returning(StaffPasskey.id)).first() is None:
        raise PasskeyNotFound(passkey_id)
    if user.totp_sealed is None and not credential_ids(session, user.id):
        session.execute(delete(StaffRecoveryCode).where(StaffRecoveryCode.user_id == user.id))
    audit.record(session, "staff.passkey-remove", f"staff:{user.id}", by=by, now=now)
    tell(session, user, Change.PASSKEY_REMOVED, sender=sender, by=by, now=now)


def used(
    session: Session,
    answer: str,
    *,
    challenge: str,
    site: Site,
    verified: bool,
    now: dt.datetime,
    owner_id: int | None = None,
) -> StaffUser:
    """Check that a passkey was used for this challenge, and tell whose it is.

    `verified` asks that the device has verified its owner, `owner_id` that it is that user's.

    Raises:
        PasskeyRefused: it is not known, its owner is not active, or it did not prove what it must.
    """
    passkey = _named(session, answer)
    user = current(session, StaffUser, passkey.user_id)
    if user is None or not user.active:
        raise PasskeyRefused("its owner is not active")
    if owner_id is not None and owner_id != user.id:
        raise PasskeyRefused("it is another's")
    try:
        proof = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=verified,
        )
    except _BAD as error:
        raise PasskeyRefused(_reason(error)) from error
    passkey.sign_count, passkey.used_at = proof.new_sign_count, now
    return user


# What the library lets through for an answer that is made up: its own errors, and those of what it reads with.
_BAD = (WebAuthnException, ValueError, KeyError, TypeError, AttributeError, IndexError)


def _named(session: Session, answer: str) -> StaffPasskey:
    try:
        credential_id = base64url_to_bytes(json.loads(answer)["rawId"])
    except _BAD as error:
        raise PasskeyRefused("the browser's answer cannot be read") from error
    passkey_id = session.scalar(select(StaffPasskey.id).where(StaffPasskey.credential_id == credential_id))
    found = None if passkey_id is None else current(session, StaffPasskey, passkey_id)
    if found is None:
        raise PasskeyRefused("it is not known here")
    return found


def _handle(user_id: int, secret: Secret) -> bytes:
    """What the device keeps of whom it belongs to: nothing that names anybody."""
    return hmac.digest(secret.derive("staff-passkey-handle"), str(user_id).encode(), hashlib.sha256)


def _shown(name: str) -> str:
    return "".join(each for each in name.strip() if each.isprintable())[:NAME_LIMIT]


def _reason(error: Exception) -> str:
    return str(error).rstrip(".") if isinstance(error, WebAuthnException) else "the browser's answer cannot be read"
