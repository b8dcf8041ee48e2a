"""Why a source gave nothing, in German or English: what has happened, and what to do about it.

    words(Trouble.STATUS, "404 Not Found", language="de").remedy

A failure carries its kind and a detail as the other side gave it, so that it can be told in any language later.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.i18n import translations


class Trouble(StrEnum):
    """The kinds of failures that ask for something different; kept in the table of sources."""

    ADDRESS = "address"  # what was given is no address that can be asked
    PRIVATE = "private"  # it lies inside a private network
    UNREACHABLE = "unreachable"
    SLOW = "slow"
    STATUS = "status"  # the server answers, but not with the page
    REDIRECTS = "redirects"
    TYPE = "type"  # a picture, a PDF …
    LARGE = "large"
    BROKEN = "broken"  # the answer is none that HTTP knows
    NO_FEED = "no feed"
    NO_STORY = "no story"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Words:
    """A trouble in one language, each a sentence or two."""

    message: str
    remedy: str


def words(trouble: Trouble, detail: str, *, language: str) -> Words:
    """Say what is wrong with a source."""
    _ = translations(language).gettext
    message, remedy = _WORDS[trouble](_)
    return Words(f"{message} ({detail})" if detail else message, remedy)


def _address(_: Callable[[str], str]) -> tuple[str, str]:
    return _("This is no address that can be asked."), _(
        "Copy it from the browser: it begins with https:// or http://."
    )


def _private(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("The address lies inside a private network, which is not asked."),
        _("Take the public address of the site. If it has to be this one, whoever runs the machine can allow it."),
    )


def _unreachable(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("The server cannot be reached."),
        _("See whether the address is written right and opens in the browser. It is asked again by itself."),
    )


def _slow(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("The server takes too long to answer."),
        _("It is asked again by itself. If that stays so, ask whoever runs the site."),
    )


def _status(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("The server does not give the page."),
        _("Open the address in the browser: it may have moved, or be for signed-in people only. Then add the new one."),
    )


def _redirects(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("The address leads on and on, and never to a page."),
        _("Open it in the browser and add the address where one ends up."),
    )


def _type(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("Behind the address is something that holds no news."),
        _("Add the address of a feed (RSS or Atom) or of a page."),
    )


def _large(_: Callable[[str], str]) -> tuple[str, str]:
    return _("It is too large to be read."), _(
        "Ask whoever runs the site for a shorter feed, with the newest items only."
    )


def _broken(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("The server does not answer properly."),
        _("It is asked again by itself. If that stays so, ask whoever runs the site."),
    )


def _no_feed(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("There is no feed behind the address: neither RSS nor Atom."),
        _("Look for “RSS” on the site. If it has none, add the address as a page."),
    )


def _no_story(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("No story was found on the page: it needs a headline and a paragraph of text."),
        _("Take the address of a single story, or of the site's feed."),
    )


def _other(_: Callable[[str], str]) -> tuple[str, str]:
    return (
        _("It could not be read."),
        _("It is asked again by itself. If that stays so, whoever runs the machine finds more in the log."),
    )


_WORDS: dict[Trouble, Callable[[Callable[[str], str]], tuple[str, str]]] = {
    Trouble.ADDRESS: _address,
    Trouble.PRIVATE: _private,
    Trouble.UNREACHABLE: _unreachable,
    Trouble.SLOW: _slow,
    Trouble.STATUS: _status,
    Trouble.REDIRECTS: _redirects,
    Trouble.TYPE: _type,
    Trouble.LARGE: _large,
    Trouble.BROKEN: _broken,
    Trouble.NO_FEED: _no_feed,
    Trouble.NO_STORY: _no_story,
    Trouble.OTHER: _other,
}
