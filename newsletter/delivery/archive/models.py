"""The tables of the archive: who may see it, the issues in it, and what was put right afterwards."""

import datetime as dt
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from subscribers.orm import STAFF, Base


class Visibility(StrEnum):
    """Who finds a list's archive."""

    PUBLIC = "public"  # everybody: on the start page, in the site map, by search engines
    UNLISTED = "unlisted"  # who knows the address; nothing leads there and search engines are turned away
    OFF = "off"  # nobody: an issue is seen by its own “view in browser” link alone


# Nothing is made public by an upgrade, nor by making a list: somebody says so.
UNSAID = Visibility.UNLISTED


class ListArchive(Base):
    """Who finds the archive of a list; a list without a row is `UNSAID`."""

    __tablename__ = "list_archive"
    __table_args__ = (CheckConstraint("visibility IN ('public', 'unlisted', 'off')", name="visibility"),)

    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"), primary_key=True)
    visibility: Mapped[str] = mapped_column(String(10))


class ArchivedIssue(Base):
    """An issue that went out, as it is listed and found; what it looks like is in its mailing's compiled issue.

    `preheader` is one line about the issue, also where it has none of its own. `year` is that of `published_at`.
    Rows are short, so that thousands are counted and turned over in no time; what is long is in `ArchivedWords`.
    """

    __tablename__ = "archived_issue"
    __table_args__ = (
        UniqueConstraint("list_id", "slug"),
        Index("ix_archived_issue_list_id_published_at", "list_id", "published_at"),
    )

    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), primary_key=True, autoincrement=False)
    mailing_id: Mapped[int] = mapped_column(ForeignKey("mailing.id"), index=True)
    list_id: Mapped[int] = mapped_column(ForeignKey("mailing_list.id"))
    slug: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(5))
    published_at: Mapped[dt.datetime]
    year: Mapped[int]
    subject: Mapped[str] = mapped_column(Text)
    preheader: Mapped[str] = mapped_column(Text)


class ArchivedWords(Base):
    """The words of an archived issue: `teaser` is HTML, for feeds; `text` is all of it in reading order.

    `words` is subject, preheader and text, folded for searching (`folding`).
    """

    __tablename__ = "archived_words"

    issue_id: Mapped[int] = mapped_column(ForeignKey("archived_issue.issue_id"), primary_key=True, autoincrement=False)
    teaser: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)


class IssueCorrection(Base):
    """What was wrong in an issue that went out, and what is right; rows are only ever added.

    `text` is plain: paragraphs parted by empty lines. `author` is for the staff, not for readers.
    """

    __tablename__ = "issue_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    issue_id: Mapped[int] = mapped_column(ForeignKey("issue.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime]
    author: Mapped[str] = mapped_column(String(320), info=STAFF)
