"""The tables of the news: sources and the items they gave."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import Base


class SourceKind(StrEnum):
    """How a source is read."""

    FEED = "feed"
    PAGE = "page"
    CALENDAR = "calendar"


class Source(Base):
    """An address that is asked for news again and again.

    `etag` and `last_modified` are sent back as they came (RFC 9110, section 13.1).
    `failure` is the sentence of the last failed attempt, empty after a good one; `trouble` and `detail` are the same
    for people, in any language (`troubles`). While `paused_at` is set it is not asked; with `wanted_at` it is its turn
    at once.
    """

    __tablename__ = "source"
    __table_args__ = (CheckConstraint("kind IN ('feed', 'page', 'calendar')", name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(String(2000), unique=True)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(300), default="")
    etag: Mapped[str] = mapped_column(String(300), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    created_at: Mapped[dt.datetime]
    checked_at: Mapped[dt.datetime | None]
    succeeded_at: Mapped[dt.datetime | None]
    failure: Mapped[str] = mapped_column(Text, default="")
    trouble: Mapped[str] = mapped_column(String(20), default="")
    detail: Mapped[str] = mapped_column(String(200), default="")
    paused_at: Mapped[dt.datetime | None]
    wanted_at: Mapped[dt.datetime | None]


class NewsItem(Base):
    """One story of the pool.

    `identity` tells whether a story was seen before: the feed's guid, the page's address or the
    file's name. `version` rises and `changed_at` is set when a story seen again has other words.
    `body` and `lead` are sanitised HTML and plain text; `credit` and `caption` are never in the body.
    """

    __tablename__ = "news_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id"))
    origin: Mapped[str] = mapped_column(String(2000))
    identity: Mapped[str] = mapped_column(String(2000), unique=True)
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    credit: Mapped[str] = mapped_column(Text, default="")
    caption: Mapped[str] = mapped_column(Text, default="")
    date: Mapped[dt.date | None]
    link: Mapped[str] = mapped_column(String(2000), default="")
    language: Mapped[str] = mapped_column(String(5), default="")
    image: Mapped[str | None] = mapped_column(String(200))
    image_alt: Mapped[str] = mapped_column(Text, default="")
    image_width: Mapped[int | None]
    image_height: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    content_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime]
    changed_at: Mapped[dt.datetime | None]
