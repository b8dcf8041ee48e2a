"""The archive as an Atom feed (RFC 4287): each issue with its whole teaser, corrections first.

Its ids are made of the installation's secret and the numbers of list and issue, so they stay what they are when the
site moves, a list gets another name or an issue another subject.
"""

import datetime as dt
import hashlib
import hmac
import re
import uuid
from typing import Annotated
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from markupsafe import Markup

from newsletter.delivery.archive import reading
from newsletter.delivery.archive.reading import FeedEntry
from newsletter.i18n import translations
from newsletter.texts.naming import day
from newsletter.web.conditional import shared
from newsletter.web.public.offering import offer_of
from newsletter.web.public.shelf import Shelf, shelf_of
from newsletter.web.visit import Visit, visit_of
from subscribers import lists
from subscribers.secret import Secret

MEDIA_TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2

router = APIRouter()


@router.api_route("/archive/{slug}/feed.xml", methods=["GET", "HEAD"])
def show(slug: str, visit: Annotated[Visit, Depends(visit_of)]) -> Response:
    """The newest issues."""
    app = visit.app
    with app.reading() as session:
        shelf = shelf_of(session, slug)
        publisher = offer_of(session, slug).publisher
        created_at = lists.named(session, slug).created_at
        entries = reading.feed(session, shelf.list_id)
    updated_at = max((each.updated_at for each in entries), default=created_at)
    content = atom_of(
        shelf,
        entries,
        updated_at=updated_at,
        publisher=publisher,
        public_url=app.settings.public_url,
        secret=app.secret,
    )
    answer = Response(content, media_type=MEDIA_TYPE, headers={**shelf.headers, "Content-Language": shelf.language})
    return shared(visit.request, answer, modified=updated_at)


def atom_of(
    shelf: Shelf,
    entries: tuple[FeedEntry, ...],
    *,
    updated_at: dt.datetime,
    publisher: str,
    public_url: str,
    secret: Secret,
) -> bytes:
    """Write the feed."""
    archive = f"{public_url}/archive/{shelf.slug}"
    key = secret.derive("archive-feed")
    root = ET.Element("feed", {"xmlns": _ATOM, _LANGUAGE: shelf.language})
    _add(root, "id", _id(key, f"list:{shelf.list_id}"))
    _add(root, "title", shelf.name)
    _add(root, "updated", _moment(updated_at))
    _add(ET.SubElement(root, "author"), "name", publisher)
    _link(root, "self", f"{archive}/feed.xml", MEDIA_TYPE)
    _link(root, "alternate", archive, "text/html")
    for each in entries:
        _add_entry(root, each, address=f"{archive}/{each.entry.slug}", key=key)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(root: ET.Element, each: FeedEntry, *, address: str, key: bytes) -> None:
    entry = ET.SubElement(root, "entry", {_LANGUAGE: each.entry.language})
    _add(entry, "id", _id(key, f"issue:{each.entry.issue_id}"))
    _add(entry, "title", each.entry.subject)
    _link(entry, "alternate", address, "text/html")
    _add(entry, "published", _moment(each.entry.published_at))
    _add(entry, "updated", _moment(each.updated_at))
    if each.entry.preheader:
        _add(entry, "summary", each.entry.preheader)
    content = _add(entry, "content", str(_corrections(each)) + each.teaser)
    content.set("type", "html")


def _corrections(each: FeedEntry) -> Markup:
    """What was put right, as HTML above the teaser."""
    language = each.entry.language
    _ = translations(language).gettext
    parts = []
    for at, text in each.corrections:
        heading = _("Correction of %(day)s") % {"day": day(at, language=language)}
        paragraphs = Markup("").join(Markup("<p>{}</p>").format(line) for line in text.split("\n\n"))
        parts.append(Markup("<p><strong>{}</strong></p>{}<hr>").format(heading, paragraphs))
    return Markup("").join(parts)


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = _NO_XML.sub("", text)
    return child


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, "link", rel=relation, href=address, type=media_type)


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _id(key: bytes, name: str) -> str:
    return uuid.UUID(bytes=hmac.digest(key, name.encode(), hashlib.sha256)[:16], version=4).urn
