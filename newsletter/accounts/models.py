"""The tables of staff users: who they are, how they sign in, what they may do; and of the installation they run."""

import datetime as dt
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import STAFF, Base


class LinkPurpose(StrEnum):
    """What a one-use link lets its bearer do."""

    INVITATION = "invitation"  # choose a name and a first way to sign in
    NEW_PASSWORD = "new password"  # noqa: S105  # the name of a purpose


class Installation(Base):
    """One row: what this database belongs to. `install_id` is a uuid that stands in the home, too."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)  # so there is never a second one
    install_id: Mapped[str] = mapped_column(String(36))
    secret_fingerprint: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[dt.datetime]


class StaffUser(Base):
    """Somebody of the organisation; `language` is what the system writes in.

    `accepted_at` is None until the invitation was accepted. `password_hash` is argon2id in its usual
    notation, empty without a password. `totp_sealed` is the encrypted secret of the code generator, `totp_step`
    the newest time step whose code was used. `oidc_subject` is who the provider says it is: issuer, a space, subject.
    """

    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), info=STAFF)
    address_key: Mapped[str] = mapped_column(String(320), unique=True, info=STAFF)
    name: Mapped[str] = mapped_column(String(120), default="", info=STAFF)
    language: Mapped[str] = mapped_column(String(5), default="de", info=STAFF)
    active: Mapped[bool] = mapped_column(default=True, info=STAFF)
    created_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None] = mapped_column(info=STAFF)
    signed_in_at: Mapped[dt.datetime | None] = mapped_column(info=STAFF)
    password_hash: Mapped[str] = mapped_column(String(200), default="", info=STAFF)
    totp_sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=STAFF)
    totp_step: Mapped[int] = mapped_column(BigInteger, default=0)
    oidc_subject: Mapped[str] = mapped_column(String(600), default="", info=STAFF)


class StaffGrant(Base):
    """A role that somebody holds: on one publication, or on all of them where `publication_id` is None."""

    __tablename__ = "staff_grant"
    __table_args__ = (
        Index("uq_staff_grant_user_id_publication_id_role", "user_id", "publication_id", "role", unique=True),
        Index(
            "uq_staff_grant_user_id_role_everywhere",
            "user_id",
            "role",
            unique=True,
            sqlite_where=text("publication_id IS NULL"),
            postgresql_where=text("publication_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"))
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publication.id"), index=True)
    role: Mapped[str] = mapped_column(String(20), info=STAFF)


class StaffPasskey(Base):
    """A passkey: what its authenticator is known by, and the public half of its key."""

    __tablename__ = "staff_passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True, info=STAFF)
    public_key: Mapped[bytes] = mapped_column(LargeBinary, info=STAFF)
    sign_count: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(100), info=STAFF)
    created_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class StaffRecoveryCode(Base):
    """A code that stands in for the second factor once; only its keyed hash is kept."""

    __tablename__ = "staff_recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[dt.datetime | None]


class StaffSession(Base):
    """Somebody signed in, on one device. `digest` is the SHA-256 of the cookie, which is kept nowhere.

    `proven_at` is when the person last proved who they are. `ip` is cut to a network.
    """

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime] = mapped_column(index=True)
    proven_at: Mapped[dt.datetime]
    user_agent: Mapped[str] = mapped_column(String(300), info=STAFF)
    ip: Mapped[str] = mapped_column(String(45), info=STAFF)


class StaffLink(Base):
    """A link that was mailed or printed, to be used once. Its token is `key`, signed; the signature is kept nowhere."""

    __tablename__ = "staff_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("staff_user.id"), index=True)
    key: Mapped[str] = mapped_column(String(32), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    used_at: Mapped[dt.datetime | None]


class StaffCeremony(Base):
    """Something between two requests, such as a challenge that waits for its answer; see `accounts.ceremonies`."""

    __tablename__ = "staff_ceremony"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("staff_user.id"), index=True)
    facts: Mapped[dict[str, Any]] = mapped_column(info=STAFF)
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
