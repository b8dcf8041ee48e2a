"""What can be wrong with people, lists and consent: one base, data as attributes, the message made here.

Each message is one sentence for a person: what is wrong, where, what to do.
"""

import datetime as dt


class SubscribersError(Exception):
    """Something a person asked of the subscribers package cannot be done."""


class NotPermitted(SubscribersError):
    """The actor lacks a permission."""

    def __init__(self, actor: str, permission: str) -> None:
        super().__init__(f"{actor} lacks the permission “{permission}”.")
        self.actor = actor
        self.permission = permission


class AddressInvalid(SubscribersError):
    """A text is not an e-mail address; `reason` says why in a sentence."""

    def __init__(self, text: str, reason: str) -> None:
        cut = text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004  # what fits a line
        shown = "".join(each if each.isprintable() else "�" for each in cut)
        super().__init__(f"“{shown}” is not an e-mail address: {reason}")
        self.text = text
        self.reason = reason


class ListNotFound(SubscribersError):
    """No list has this slug."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is no list “{slug}”. `newsletter list create {slug} --name …` makes one.")
        self.slug = slug


class ListExists(SubscribersError):
    """A list has this slug already."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"There is a list “{slug}” already.")
        self.slug = slug


class SlugInvalid(SubscribersError):
    """A slug is not made of small letters, digits and hyphens."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"“{slug}” cannot be a short name: use small letters, digits and hyphens, beginning with a letter."
        )
        self.slug = slug


class ListNameInvalid(SubscribersError):
    """A list's name is empty, has several lines or is too long."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The list “{slug}” needs a name as readers know it: one line of at most 200 characters.")
        self.slug = slug


class FormFieldInvalid(SubscribersError):
    """A sign-up form has no such field, or cannot ask for it so."""

    def __init__(self, name: str, value: str, *, fields: tuple[str, ...]) -> None:
        super().__init__(
            f"“{name}={value}” is nothing a sign-up form can ask: "
            f"the fields are {', '.join(fields)}, each off, optional or required."
        )
        self.name = name
        self.value = value


class WordingInvalid(SubscribersError):
    """Nobody could consent by these words; `reason` says why in a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"These words cannot stand beside the button: {reason}")
        self.reason = reason


class TopicNotFound(SubscribersError):
    """A list has no topic of this slug."""

    def __init__(self, slug: str, list_slug: str) -> None:
        super().__init__(
            f"The list “{list_slug}” has no topic “{slug}”. `newsletter topic list {list_slug}` shows what it has."
        )
        self.slug = slug
        self.list_slug = list_slug


class TopicExists(SubscribersError):
    """A list has a topic of this slug already."""

    def __init__(self, slug: str, list_slug: str) -> None:
        super().__init__(f"The list “{list_slug}” has a topic “{slug}” already.")
        self.slug = slug
        self.list_slug = list_slug


class TopicNameInvalid(SubscribersError):
    """A topic has no name, or one that is empty or too long."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"The topic “{slug}” needs a name as readers know it: one line of at most 120 characters.")
        self.slug = slug


class SubscriberNotFound(SubscribersError):
    """Nobody is known under this address."""

    def __init__(self, address: str) -> None:
        super().__init__(f"Nobody is known under the address {address}.")
        self.address = address


class PersonGone(SubscribersError):
    """Nothing is kept of this person: there never was one of this number, or they were erased."""

    def __init__(self, subscriber_id: int) -> None:
        super().__init__(f"Nothing is kept of subscriber {subscriber_id}.")
        self.subscriber_id = subscriber_id


class RequestUnproven(SubscribersError):
    """Staff signs somebody up without saying who asked for it."""

    def __init__(self) -> None:
        super().__init__(
            "Say who asked for the newsletter, when and how: asking somebody who did not ask is itself advertising."
        )


class OnlyTheReaders(SubscribersError):
    """Staff lifts a suppression that only the reader's own sign-up ends."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"“{reason}” is ended by the reader's own sign-up alone; if it was set by mistake, say so with --because."
        )
        self.reason = reason


class WrongMove(SubscribersError):
    """A subscription cannot make this move from the state it is in."""

    def __init__(self, subscription_id: int, current: str, wanted: str) -> None:
        super().__init__(f"Subscription {subscription_id} is {current}; it cannot become {wanted}.")
        self.subscription_id = subscription_id
        self.current = current
        self.wanted = wanted


class PauseInvalid(SubscribersError):
    """A pause cannot end on this day."""

    def __init__(self, until: dt.date) -> None:
        super().__init__(f"A pause cannot end on {until:%Y-%m-%d}: give a day from tomorrow on, within a year.")
        self.until = until


class NotReceiving(SubscribersError):
    """Only who receives the list can agree to be measured."""

    def __init__(self, subscription_id: int) -> None:
        super().__init__(f"Subscription {subscription_id} is not confirmed; there is nothing that could be measured.")
        self.subscription_id = subscription_id


class TokenInvalid(SubscribersError):
    """A token was not made here for this purpose, or was cut or changed on its way."""

    def __init__(self) -> None:
        super().__init__("This link is not complete or was not made by us; please open it from the mail again.")


class TokenExpired(SubscribersError):
    """A token was made here, but no longer counts: too old, or overtaken by what happened since.

    `subscription_id` is what it was made for, for a page that offers to begin anew.
    """

    def __init__(self, subscription_id: int) -> None:
        super().__init__("This link no longer counts; please sign up again to get a new one.")
        self.subscription_id = subscription_id
