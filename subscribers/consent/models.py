"""The tables of the seals: what was there when somebody last looked, so that what is gone is missed.

All three are append-only, by trigger. None holds anything personal, and none points to another table
by a foreign key: a seal has to outlive what it seals.
"""

import datetime as dt

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base


class ConsentSeal(Base):
    """One seal: what all chains were at `at`, as far as it differs from the seal before.

    `records` and `chains` count what all seals up to this one hold. `contents` is a hash of the heads
    and wordings that this one adds (`seals.Contents`), `previous` the digest of the seal before, and
    `digest` an HMAC over all columns.
    """

    __tablename__ = "consent_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    records: Mapped[int]
    chains: Mapped[int]
    contents: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class ConsentSealHead(Base):
    """The last record of a chain that grew since the seal before: its sequence and its digest."""

    __tablename__ = "consent_seal_head"
    __table_args__ = (UniqueConstraint("subscriber_id", "sequence"),)

    seal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    subscriber_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


class ConsentSealWording(Base):
    """A wording that is new since the seal before; `content` is a hash of all its columns."""

    __tablename__ = "consent_seal_wording"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    seal: Mapped[int]
    content: Mapped[str] = mapped_column(String(64))
