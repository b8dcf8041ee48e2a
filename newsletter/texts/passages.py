"""What can be said differently for a list: a passage of a system mail or of a public page.

    CONFIRMATION.passage("body").name  # 'mail.confirmation.body'

A passage knows its own text, in English and translated by gettext, the placeholders that may stand in
it, and those that must. A list's own text follows the same rules and takes the same way to the
reader, so nothing is true of the one and not of the other.
"""

from dataclasses import dataclass
from enum import Enum

from newsletter.i18n import N_, translations


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A name in curly brackets that stands for a value; `meaning` and `samples` are for people who write texts."""

    name: str
    meaning: str
    samples: tuple[tuple[str, str], ...]

    @property
    def written(self) -> str:
        """How it is written in a text."""
        return f"{{{self.name}}}"

    def sample(self, language: str) -> str:
        """A value as it could be."""
        return dict(self.samples)[language]


LIST = Placeholder(
    "list",
    N_("the name of the list"),
    (("de", "Nachrichten aus Musterstadt"), ("en", "News from Sampletown")),
)
LISTS = Placeholder(
    "lists",
    N_("the names of the lists, in quotation marks"),
    (("de", "„Nachrichten“ und „Termine“"), ("en", "“News” and “Events”")),
)
PUBLISHER = Placeholder(
    "publisher",
    N_("who publishes, as the sender's name says"),
    (("de", "Stadt Musterstadt, Pressestelle"), ("en", "City of Sampletown, press office")),
)
ADDRESS = Placeholder(
    "address", N_("the reader's address, all but its first letters hidden"), (("de", "e…@m…"), ("en", "e…@m…"))
)
CHANGES = Placeholder(
    "changes",
    N_("what was changed, in sentences"),
    (
        ("de", "„Nachrichten“ pausiert bis zum 24. Dezember 2026. Danach erhalten Sie wieder Ausgaben."),
        ("en", "“News” pauses until 24 December 2026. After that you receive it again."),
    ),
)
DAYS = Placeholder("days", N_("for how many days the link is valid"), (("de", "14"), ("en", "14")))
LINK = Placeholder(
    "link",
    N_("the link, in a paragraph of its own"),
    (("de", "https://news.example.org/…"), ("en", "https://news.example.org/…")),
)


class Shape(Enum):
    """How long a passage may be (`limit`, in characters), and whether it may have several lines."""

    BUTTON = (60, False)
    LINE = (150, False)
    PROSE = (3_000, True)

    @property
    def limit(self) -> int:
        """The most characters, placeholders counted as written."""
        return self.value[0]

    @property
    def has_lines(self) -> bool:
        """Whether it may have lines and paragraphs."""
        return self.value[1]


@dataclass(frozen=True, slots=True)
class Passage:
    """One text, in English as the product says it.

    `place` and `part` name it. `knows` are the placeholders that may stand in it, `needs` those that must.
    In a `plain` one no address of the web may stand.
    """

    place: str
    part: str
    default: str
    shape: Shape
    knows: tuple[Placeholder, ...] = ()
    needs: tuple[Placeholder, ...] = ()
    plain: bool = False

    @property
    def name(self) -> str:
        """What commands and the table call it, such as `page.confirm.lead`; it never changes."""
        return f"{self.place}.{self.part}"

    def own_text(self, language: str) -> str:
        """What the product says where the list says nothing."""
        return translations(language).gettext(self.default)


@dataclass(frozen=True, slots=True)
class Place:
    """A mail or a page, and its passages in reading order.

    `link` is the link a mail is for, one of `newsletter.rendering.compiled.LINK_NAMES`; empty where there is none.
    """

    name: str
    meaning: str
    passages: tuple[Passage, ...]
    link: str = ""

    @property
    def short_name(self) -> str:
        """The name without its kind: `confirmation` of `mail.confirmation`."""
        return self.name.partition(".")[2]

    def passage(self, part: str) -> Passage:
        """The passage of that part."""
        return next(passage for passage in self.passages if passage.part == part)

    def samples(self, language: str) -> dict[str, str]:
        """A value for each placeholder but the link, to try texts with."""
        known = {placeholder for passage in self.passages for placeholder in passage.knows}
        return {placeholder.name: placeholder.sample(language) for placeholder in known if placeholder is not LINK}
