"""The smallest valid things, made by the use-cases that make them in life."""

import datetime as dt
from pathlib import Path

from sqlalchemy.orm import Session

from newsletter.issues import publications
from newsletter.issues.models import Publication
from newsletter.issues.site import Site
from newsletter.news.models import NewsItem
from newsletter.settings import templates_folder
from subscribers import lists
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import MailingList
from subscribers.secret import Secret

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
SECRET = Secret(bytes(range(32)))
BY = Actor.command_line()
SITE = Site(public_url="https://news.example.org", folders=(templates_folder() / "email",), media_folder=Path("media"))


def a_list(session: Session, slug: str = "region", *, language: str = "de") -> MailingList:
    """A list without anybody on it."""
    return lists.create(session, slug, name="Region aktuell", language=language, by=BY, now=NOW)


def a_publication(session: Session, mailing_list: MailingList, slug: str = "aktuell") -> Publication:
    """A publication that passes the checks."""
    made = publications.create(
        session,
        slug,
        mailing_list=mailing_list,
        name="Region aktuell",
        sender=("Presse", EmailAddress.parse("presse@example.org")),
        design="regional",
        by=BY,
        now=NOW,
    )
    publications.change(
        session,
        made,
        imprint="Region GmbH\nHafenstraße 4, 04999 Weidenfurt",
        reply_to=EmailAddress.parse("presse@example.org"),
        by=BY,
        now=NOW,
    )
    return made


def an_item(session: Session, title: str = "Der Park ist fertig", **fields: object) -> NewsItem:
    """A news item with a link, in German, of 2026-11-20."""
    values: dict[str, object] = {
        "origin": "test",
        "identity": f"test:{title}",
        "title": title,
        "lead": "Nach sechs Jahren ist der Weg am Fluss begehbar.",
        "body": "<p>„Ein Fluss für alle“, sagt die Planerin.</p>",
        "date": dt.date(2026, 11, 20),
        "link": "https://example.org/park",
        "language": "de",
        "content_digest": "0" * 64,
        "created_at": NOW,
        **fields,
    }
    made = NewsItem(**values)
    session.add(made)
    session.flush()
    return made


def assets() -> Path:
    """The folder of test files."""
    return Path(__file__).parent.parent / "assets"
