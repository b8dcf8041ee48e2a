"""The tables behind the rate limits and the proofs of work of the public pages."""

import datetime as dt

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base


class Rate(Base):
    """When somebody who asks too often is even again; a row of the past means nothing and is deleted.

    `key` is a keyed hash of whom the limit is on, so the table tells nothing about anybody.
    `even_at` is in microseconds since 1970: one statement must compute with it on every database.
    """

    __tablename__ = "rate"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    even_at: Mapped[int] = mapped_column(BigInteger, index=True)


class SpentProof(Base):
    """A proof of work that somebody has signed up with; it counts once, and is forgotten when it expires.

    `key` names the challenge. `spent_on` is a keyed hash of the address: a form that is sent twice by a
    double click is no replay.
    """

    __tablename__ = "spent_proof"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    spent_on: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
