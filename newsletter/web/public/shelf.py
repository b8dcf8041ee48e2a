"""A list's archive as its visitors may see it: everybody's, of those who know the address, or nobody's."""

from dataclasses import dataclass

from fastapi import HTTPException
from sqlalchemy.orm import Session

from newsletter.delivery.archive import visibility
from newsletter.delivery.archive.models import Visibility
from newsletter.web.visit import PRIVATE
from subscribers import lists
from subscribers.models import MailingList


@dataclass(frozen=True, slots=True)
class Shelf:
    """A list whose archive can be seen; `is_public` where also search engines may."""

    list_id: int
    slug: str
    name: str
    language: str
    is_public: bool

    @property
    def headers(self) -> dict[str, str]:
        """What keeps search engines out where they are not wanted."""
        return {} if self.is_public else dict(PRIVATE)


def shelf_of(session: Session, slug: str) -> Shelf:
    """Find a list whose archive may be seen.

    Raises:
        ListNotFound: there is no such list.
        HTTPException: 404 where its archive is off.
    """
    found = lists.named(session, slug)
    shown_to = visibility.of(session, found.id)
    if shown_to is Visibility.OFF:
        raise HTTPException(404)
    return _shelf(found, shown_to)


def public_shelf(session: Session, list_id: int) -> Shelf | None:
    """The archive of a list where everybody may see it."""
    shown_to = visibility.of(session, list_id)
    return _shelf(session.get_one(MailingList, list_id), shown_to) if shown_to is Visibility.PUBLIC else None


def _shelf(found: MailingList, shown_to: Visibility) -> Shelf:
    return Shelf(found.id, found.slug, found.name, found.language, shown_to is Visibility.PUBLIC)
