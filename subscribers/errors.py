"""What can be wrong with people, lists and consent: one base, data as attributes, the message made here.

Each message is one sentence for a person: what is wrong, where, what to do.
"""


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
        shown = text if len(text) <= 80 else text[:77] + "…"  # noqa: PLR2004  # what fits a line
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
