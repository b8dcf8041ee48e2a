"""What a sign-up form asks, and what a visitor answered: read, judged, and kept for when it is shown again."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.i18n import LANGUAGES
from newsletter.web.forms import Form
from newsletter.web.public.offering import Offer
from subscribers.address import ADDRESS_LIMIT, EmailAddress
from subscribers.errors import AddressInvalid
from subscribers.form_fields import Asked
from subscribers.people import LIMITS, Person

EMAIL, TOPICS, LANGUAGE, SALUTATION = "email", "topics", "language", "salutation"
# The box on measuring, and the digest of the words beside it, which says that the form asked.
MEASURING, MEASURING_WORDING = "measuring", "measuring_wording"
# How a box to tick is called in a form: a plain field each, as any HTML form can send.
TOPIC_PREFIX = "topic-"
# A way to answer a required salutation without having one: nobody has to be a Mr or a Ms.
NO_SALUTATION = "-"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a visitor typed; `address` is None where it is none. `topics` are short names the list has.

    `measured` is None where the form did not ask; an empty box is a no.
    `problems` names the fields that are missing or wrong, in the order in which the form shows them.
    """

    email: str
    address: EmailAddress | None
    told: Mapping[str, str]
    topics: frozenset[str]
    measured: bool | None
    problems: tuple[str, ...]

    @property
    def is_more_told(self) -> bool:
        """Whether there is something to see among the folded fields; a language is always chosen."""
        return any(value for name, value in self.told.items() if name != LANGUAGE)

    def person(self, *, language: str) -> Person:
        """What the visitor told of themselves; `language` where they were not asked for theirs."""
        told = {name: value for name, value in self.told.items() if value != NO_SALUTATION}
        return Person(**{LANGUAGE: language, **told})


def fields_in_order(offer: Offer) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields a form shows openly, and those it keeps folded because they are optional."""
    openly = tuple(name for name, asked in offer.fields.items() if asked is Asked.REQUIRED or name == TOPICS)
    folded = tuple(name for name in offer.fields if name not in openly)
    return openly, folded


def no_answers(offer: Offer) -> Answers:
    """Those of a form that nobody has filled in yet."""
    return Answers("", None, _told(Form(), offer), frozenset(), None, ())


def answers_of(form: Form, offer: Offer) -> Answers:
    """Read a form that somebody sent; what the list does not ask is not looked at."""
    email = form.text(EMAIL, most=ADDRESS_LIMIT)
    told = _told(form, offer)
    topics = frozenset(topic.slug for topic in offer.topics if form.text(TOPIC_PREFIX + topic.slug))
    answered = {name for name, value in told.items() if value} | ({TOPICS} if topics else set())
    openly, _ = fields_in_order(offer)
    missing = [name for name in openly if offer.fields[name] is Asked.REQUIRED and name not in answered]
    address = _address(email)
    asked_measuring = offer.asks_measuring and form.text(MEASURING_WORDING)
    measured = bool(form.text(MEASURING)) if asked_measuring else None
    return Answers(email, address, told, topics, measured, (*(() if address else (EMAIL,)), *missing))


def _told(form: Form, offer: Offer) -> dict[str, str]:
    told = {name: form.text(name, most=LIMITS[name]) for name in offer.fields if name != TOPICS}
    if told.get(LANGUAGE, "") not in LANGUAGES:
        told.pop(LANGUAGE, None)  # then it is the form's
    return told


def _address(text: str) -> EmailAddress | None:
    try:
        return EmailAddress.parse(text)
    except AddressInvalid:
        return None
