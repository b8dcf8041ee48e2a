"""Who runs what the engine hands out, and when each was last seen."""

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base


class EngineSeat(Base):
    """A process that runs things; `seen_at` is by the database's clock, as the machines' may differ."""

    __tablename__ = "engine_seat"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    seen_at: Mapped[dt.datetime]
