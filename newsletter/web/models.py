"""The table behind the rate limits of the public pages."""

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
