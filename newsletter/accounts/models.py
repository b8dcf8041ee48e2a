"""The tables of staff users, and of the installation they run."""

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import STAFF, Base


class Installation(Base):
    """One row: what this database belongs to. `install_id` is a uuid that stands in the home, too."""

    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)  # so there is never a second one
    install_id: Mapped[str] = mapped_column(String(36))
    secret_fingerprint: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[dt.datetime]


class StaffUser(Base):
    """Somebody of the organisation. `role` is one of `accounts.roles.Role`, `language` what the system writes in."""

    __tablename__ = "staff_user"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(String(320), info=STAFF)
    address_key: Mapped[str] = mapped_column(String(320), unique=True, info=STAFF)
    role: Mapped[str] = mapped_column(String(20), info=STAFF)
    language: Mapped[str] = mapped_column(String(5), default="de", info=STAFF)
    active: Mapped[bool] = mapped_column(default=True, info=STAFF)
    created_at: Mapped[dt.datetime]
