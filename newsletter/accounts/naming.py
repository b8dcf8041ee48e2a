"""The name of a person of the staff: one line, without what cannot be seen."""

from newsletter.accounts.errors import NameInvalid

LIMIT = 120  # characters, what the column holds


def clean_name(name: str) -> str:
    """A name without spaces around it; it may be empty.

    Raises:
        NameInvalid: it is too long, has several lines, or holds control characters.
    """
    cleaned = name.strip()
    if len(cleaned) > LIMIT or not cleaned.isprintable():
        raise NameInvalid
    return cleaned
