"""The table of what a list says in its own words."""

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import STAFF, Base


class ListText(Base):
    """One version of one passage for one list and language; rows are only added, and the last one counts.

    An empty `text` goes back to the product's own words. `changed_by` is the name of an actor.
    """

    __tablename__ = "list_text"
    __table_args__ = (Index("ix_list_text_list_id_language_passage", "list_id", "language", "passage"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    passage: Mapped[str] = mapped_column(String(60))
    language: Mapped[str] = mapped_column(String(5))
    text: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str] = mapped_column(String(320), info=STAFF)
