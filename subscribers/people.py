"""Finding the person behind an address, and what a person tells of themselves."""

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from subscribers.address import EmailAddress
from subscribers.errors import SubscriberNotFound
from subscribers.models import Subscriber, Subscription, SubscriptionState

# How many characters of each field are kept: as wide as the columns of `Subscriber`.
LIMITS = {
    "salutation": 40,
    "title": 60,
    "first_name": 120,
    "last_name": 120,
    "organisation": 200,
    "region": 120,
    "language": 5,
}
_LANGUAGE = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_JOINERS = "\u200c\u200d"  # parts of Persian words and of emoji


@dataclass(frozen=True, slots=True)
class Person:
    """What a person may tell of themselves; everything may be empty.

    Made fit to be stored and shown: one line each, no control or direction-changing characters, no
    longer than its column. A language that is none is dropped.
    """

    salutation: str = ""
    title: str = ""
    first_name: str = ""
    last_name: str = ""
    organisation: str = ""
    region: str = ""
    language: str = ""

    def __post_init__(self) -> None:
        """Clean every field."""
        for name, limit in LIMITS.items():
            value = getattr(self, name)
            if value:
                object.__setattr__(self, name, _one_line(value)[:limit].strip())
        if self.language and not _LANGUAGE.fullmatch(self.language):
            object.__setattr__(self, "language", "")

    def fields(self) -> dict[str, str]:
        """All fields by name, as the columns of `Subscriber` are called."""
        return {name: getattr(self, name) for name in LIMITS}

    def told(self) -> dict[str, str]:
        """The fields that are not empty."""
        return {name: value for name, value in self.fields().items() if value}


def find(session: Session, address: EmailAddress) -> Subscriber | None:
    """The person behind an address, however it is spelt; None where nobody is known."""
    return session.scalar(select(Subscriber).where(Subscriber.address_key == address.key))


def known(session: Session, address: EmailAddress) -> Subscriber:
    """The person behind an address.

    Raises:
        SubscriberNotFound: nobody is known under it.
    """
    found = find(session, address)
    if found is None:
        raise SubscriberNotFound(address.address)
    return found


def find_or_add(
    session: Session, address: EmailAddress, person: Person, *, suppression_key: str, now: dt.datetime
) -> Subscriber:
    """The person behind an address, made known where nobody was; who is known stays as they are.

    Whoever is found is locked. So who is being erased at this very moment is waited for, and then no longer found.
    """
    known_as = select(Subscriber).where(Subscriber.address_key == address.key)
    found = session.scalar(known_as.with_for_update(key_share=True).execution_options(populate_existing=True))
    if found is not None:
        return found
    added = Subscriber(
        address=address.address,
        address_key=address.key,
        suppression_key=suppression_key,
        provider=address.provider.value,
        created_at=now,
        **person.fields(),
    )
    try:
        with session.begin_nested():
            session.add(added)
    except IntegrityError:  # somebody else made the same person known in this very moment
        return known(session, address)
    return added


def is_confirmed_anywhere(session: Session, subscriber: Subscriber) -> bool:
    """Tell whether the person proved to own the address: then nobody else may describe them."""
    confirmed = select(Subscription.id).where(
        Subscription.subscriber_id == subscriber.id, Subscription.state == SubscriptionState.CONFIRMED.value
    )
    return session.scalar(confirmed.limit(1)) is not None


def describe(subscriber: Subscriber, address: EmailAddress, person: Person) -> None:
    """Take over the spelling of the address and the fields that a person told."""
    subscriber.address = address.address
    for name, value in person.told().items():
        setattr(subscriber, name, value)


def _one_line(text: str) -> str:
    if text.isprintable() and "  " not in text:
        return unicodedata.normalize("NFC", text.strip())  # nearly every name of an import
    shown = (
        character if character in _JOINERS or not unicodedata.category(character).startswith("C") else " "
        for character in text
    )
    return " ".join(unicodedata.normalize("NFC", "".join(shown)).split())
