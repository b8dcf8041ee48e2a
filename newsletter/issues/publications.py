"""Publications: the newsletters as readers know them.

publications.create(session, "region", mailing_list=news, name="Region aktuell",
                    sender=("Presse", address), design="regional", by=by, now=now)
"""

import datetime as dt
import json
import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from newsletter.issues import approvals
from newsletter.issues.errors import BrandInvalid, PublicationExists, PublicationNameInvalid, PublicationNotFound
from newsletter.issues.models import Publication
from newsletter.issues.permissions import MANAGE_PUBLICATIONS
from subscribers import audit, lists
from subscribers.actor import Actor
from subscribers.address import EmailAddress
from subscribers.models import MailingList

NAME_LIMIT = 200  # characters, what the columns hold
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


def create(
    session: Session,
    slug: str,
    *,
    mailing_list: MailingList,
    name: str,
    sender: tuple[str, EmailAddress],
    design: str,
    by: Actor,
    now: dt.datetime,
) -> Publication:
    """Make a publication on a list; it speaks the list's language.

    Raises:
        SlugInvalid: the slug has other characters than small letters, digits and hyphens.
        PublicationNameInvalid: its name or the sender's is too long, has several lines, or is missing.
        PublicationExists: the slug is taken; nothing is changed.
    """
    by.require(MANAGE_PUBLICATIONS)
    lists.check_slug(slug)
    sender_name, sender_address = sender
    _check_names(slug, name, sender_name)
    publication = Publication(
        slug=slug,
        name=name,
        list_id=mailing_list.id,
        sender_name=sender_name,
        sender_address=sender_address.address,
        design=design,
        language=mailing_list.language,
        brand={},
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(publication)
    except IntegrityError:
        raise PublicationExists(slug) from None
    audit.record(session, "publication.create", f"publication:{publication.id}", by=by, now=now, slug=slug)
    return publication


def change(
    session: Session,
    publication: Publication,
    *,
    by: Actor,
    now: dt.datetime,
    name: str | None = None,
    sender: tuple[str, EmailAddress] | None = None,
    reply_to: EmailAddress | Literal[""] | None = None,
    imprint: str | None = None,
    design: str | None = None,
    brand: dict[str, str] | None = None,
    four_eyes: bool | None = None,
) -> tuple[int, ...]:
    """Change what is given (None: as it was); what its issues look like changes, so their approvals are void.

    With an empty `reply_to` answers go to the sender.

    Returns:
        The ids of the issues that went back to draft.

    Raises:
        PublicationNameInvalid: its name or the sender's is too long, has several lines, or is missing.
    """
    by.require(MANAGE_PUBLICATIONS)
    sender_name, sender_address = sender or (None, None)
    _check_names(publication.slug, publication.name if name is None else name, sender_name or "")
    wanted: dict[str, Any] = {
        "name": name,
        "sender_name": sender_name,
        "sender_address": sender_address.address if sender_address else None,
        "reply_to": reply_to.address if reply_to else reply_to,
        "imprint": imprint,
        "design": design,
        "brand": brand,
        "four_eyes": four_eyes,
    }
    changed = {key: value for key, value in wanted.items() if value not in (None, getattr(publication, key))}
    for key, value in changed.items():
        setattr(publication, key, value)
    if not changed:
        return ()
    subject = f"publication:{publication.id}"
    audit.record(session, "publication.change", subject, by=by, now=now, changed=sorted(changed))
    return approvals.void_all(session, publication, by=by, now=now)


def named(session: Session, slug: str) -> Publication:
    """Find a publication.

    Raises:
        PublicationNotFound: there is none of this slug.
    """
    found = session.scalar(select(Publication).where(Publication.slug == slug))
    if found is None:
        raise PublicationNotFound(slug)
    return found


def every(session: Session) -> list[Publication]:
    """All publications, by slug."""
    return list(session.scalars(select(Publication).order_by(Publication.slug)))


def colour_of(text: str) -> str:
    """A brand colour as it is kept, `#rrggbb` in small letters.

    Raises:
        BrandInvalid: it is none.
    """
    if not COLOUR.fullmatch(text):
        raise BrandInvalid(f"“{text}” is no colour; write it like #0a5c7a.")
    return text.lower()


def read_brand(path: Path) -> dict[str, str]:
    """Read a brand file: TOML or JSON, text values, such as `colour = "#0a5c7a"`.

    Raises:
        BrandInvalid: the file is missing or broken, or `colour` is not of the form #rrggbb.
    """
    try:
        text = path.read_text("utf-8")
        brand = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise BrandInvalid(f"The brand file {path} cannot be read: {error}") from error
    if not isinstance(brand, dict) or not all(isinstance(value, str) for value in brand.values()):
        raise BrandInvalid(f"The brand file {path} must hold names with texts, such as colour = “#0a5c7a”.")
    if not COLOUR.fullmatch(brand.get("colour", "#000000")):
        raise BrandInvalid(f"{path}: colour is “{brand['colour']}”; write it like #0a5c7a.")
    return brand


def as_json(publication: Publication) -> dict[str, object]:
    """The publication as `publication list --json` tells it."""
    return {
        "slug": publication.slug,
        "name": publication.name,
        "sender": {"name": publication.sender_name, "address": publication.sender_address},
        "reply_to": publication.reply_to or None,
        "imprint": publication.imprint,
        "design": publication.design,
        "language": publication.language,
        "brand": publication.brand,
        "four_eyes": publication.four_eyes,
    }


def _check_names(slug: str, name: str, sender_name: str) -> None:
    fits = all(len(text) <= NAME_LIMIT and text.isprintable() for text in (name, sender_name))
    if not fits or not name.strip():
        raise PublicationNameInvalid(slug)
