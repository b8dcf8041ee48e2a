"""What a sign-up page offers: a list, who publishes on it, and the words a person agrees to."""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.i18n import translations
from newsletter.readers.signing_up import publication_of
from subscribers import lists
from subscribers.errors import ListNotFound


@dataclass(frozen=True, slots=True)
class Offer:
    """A list as visitors see it. `publisher` is who its readers see as the sender.

    Where it `asks_measuring`, its form asks whether the reader may be measured: a choice of its own.
    """

    slug: str
    name: str
    language: str
    publisher: str
    asks_measuring: bool = False


def offer_of(session: Session, slug: str) -> Offer:
    """Read what is offered under a list's short name.

    Raises:
        ListNotFound: no list has it.
        ListNotOpen: it has no publication yet.
    """
    if not slug.isprintable():  # PostgreSQL refuses even to be asked for NUL
        raise ListNotFound(slug)
    found = lists.named(session, slug)
    publication = publication_of(session, found)
    return Offer(
        found.slug, found.name, found.language, publication.sender_name or publication.name, found.asks_measuring
    )


def wording_of(offer: Offer, *, language: str) -> str:
    """The words beside the button, exactly as they are shown and kept with the consent."""
    catalogue = translations(language)
    _ = catalogue.gettext
    names = {"list": offer.name, "publisher": offer.publisher}
    agreed = _("I would like to receive “%(list)s” from %(publisher)s by e-mail.") % names
    withdrawn = _("I can withdraw my consent at any time, with the link in every issue.")
    return f"{agreed} {withdrawn}"


def wording_of_measuring(offer: Offer, *, language: str) -> str:
    """The words beside the box on measuring: never part of the words one has to agree to for the newsletter."""
    _ = translations(language).gettext
    names = {"list": offer.name, "publisher": offer.publisher}
    agreed = _("%(publisher)s may measure which issues of “%(list)s” I open and which links I click, to improve them.")
    voluntary = _("This is voluntary: I receive the newsletter without it too, and can stop it in every issue.")
    return f"{agreed % names} {voluntary}"


def digest_of(wording: str) -> str:
    """The name a form gives the words it shows, so that only words that were shown are agreed to."""
    return hashlib.sha256(wording.encode()).hexdigest()
