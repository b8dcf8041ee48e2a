"""All passages there are, by name.

catalogue.passage_named("mail.confirmation.body")
"""

from newsletter.errors import NewsletterError
from newsletter.texts.letters import LETTERS
from newsletter.texts.pages import PAGES
from newsletter.texts.passages import Passage, Place

PLACES = (*LETTERS, *PAGES)

_PASSAGES = {passage.name: passage for place in PLACES for passage in place.passages}


class PassageNotFound(NewsletterError):
    """No text has that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no text “{name}”. `newsletter text list LIST` shows those there are.")
        self.name = name


class LetterNotFound(NewsletterError):
    """No mail has that name."""

    def __init__(self, name: str) -> None:
        names = ", ".join(letter.short_name for letter in LETTERS)
        super().__init__(f"There is no system mail “{name}”; there is {names}.")
        self.name = name


def passage_named(name: str) -> Passage:
    """Find a passage.

    Raises:
        PassageNotFound: there is none of that name.
    """
    if name not in _PASSAGES:
        raise PassageNotFound(name)
    return _PASSAGES[name]


def is_known(name: str) -> bool:
    """Tell whether there is a passage of that name; an older version may have had others."""
    return name in _PASSAGES


def letter_named(name: str) -> Place:
    """Find a mail by its short name, such as `confirmation`.

    Raises:
        LetterNotFound: there is none of that name.
    """
    found = next((letter for letter in LETTERS if letter.short_name == name), None)
    if found is None:
        raise LetterNotFound(name)
    return found
