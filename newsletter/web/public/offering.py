"""What a sign-up page offers: a list, who publishes on it, what it asks, and the words a person agrees to."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from newsletter.delivery.archive import reading
from newsletter.i18n import LANGUAGES, translations
from newsletter.readers.errors import ListNotOpen
from newsletter.readers.signing_up import publication_of
from subscribers import form_fields, lists, topics, wordings
from subscribers.errors import ListNotFound
from subscribers.form_fields import Asked
from subscribers.models import MailingList


@dataclass(frozen=True, slots=True)
class OfferedTopic:
    """A topic to tick: its short name, and its name by language."""

    slug: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Offer:
    """A list as visitors see it.

    `publisher` is who its readers see as the sender, `contact` the address that answers people.
    `fields` are what the form asks, in order; `topics` are empty where it does not ask for them.
    `words` by language are the ones beside the button, exactly as they are shown and kept with the consent.
    Where it `asks_measuring`, its form asks whether the reader may be measured: a choice of its own.
    """

    slug: str
    name: str
    language: str
    publisher: str
    contact: str
    fields: Mapping[str, Asked]
    topics: tuple[OfferedTopic, ...]
    words: Mapping[str, str]
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
    publisher = publication.sender_name or publication.name
    offered = _topics(session, found)
    asked = {name: asked for name, asked in form_fields.of_list(found).items() if asked is not Asked.OFF}
    if not offered:
        asked.pop("topics", None)
    return Offer(
        slug=found.slug,
        name=found.name,
        language=found.language,
        publisher=publisher,
        contact=publication.reply_to or publication.sender_address,
        fields=asked,
        topics=offered if "topics" in asked else (),
        words={language: words_of(session, found, language=language, publisher=publisher) for language in LANGUAGES},
        asks_measuring=found.asks_measuring,
    )


def public_offers(session: Session) -> tuple[Offer, ...]:
    """What everybody may find, by name; other lists are not told to who happens to have a broken link."""
    found = []
    for each in reading.public_lists(session):
        try:
            found.append(offer_of(session, each.slug))
        except ListNotOpen:
            continue
    return tuple(found)


def words_of(session: Session, mailing_list: MailingList, *, language: str, publisher: str) -> str:
    """The words of a list's form in a language, names filled in: its own, else the shipped ones."""
    own = wordings.in_force(session, mailing_list, language=language)
    text = own.text if own is not None else shipped_words(language)
    return wordings.filled(text, list_name=mailing_list.name, publisher=publisher)


def shipped_words(language: str) -> str:
    """The words of a list that has none of its own, with the placeholders of `wordings`."""
    catalogue = translations(language)
    _ = catalogue.gettext
    agreed = _("I would like to receive “%(list)s” from %(publisher)s by e-mail.")
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


def _topics(session: Session, mailing_list: MailingList) -> tuple[OfferedTopic, ...]:
    return tuple(
        OfferedTopic(topic.slug, {language: topics.name_of(topic, language=language) for language in LANGUAGES})
        for topic in topics.of_list(session, mailing_list)
    )
