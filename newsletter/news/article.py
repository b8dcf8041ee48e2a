"""One published story, as it was found: the words apart from what stands around them."""

import datetime as dt
import hashlib
from dataclasses import dataclass

from newsletter.content.characters import tidy
from newsletter.errors import NewsletterError
from newsletter.news.pictures import StoredPicture
from newsletter.news.troubles import Trouble

LONGEST_IDENTITY = 2000  # octets: an index of PostgreSQL holds no key beyond 2704


class NoArticle(NewsletterError):
    """A page or a file has no story in it."""

    trouble, detail = Trouble.NO_STORY, ""

    def __init__(self, origin: str) -> None:
        super().__init__(f"There is no article in {origin}: it needs a headline and at least one paragraph of text.")
        self.origin = origin


@dataclass(frozen=True, slots=True)
class Article:
    """A story.

    Attributes:
        title: plain text on one line.
        lead: the first paragraph as plain text; the body does not repeat it.
        body: rich text (`content.richtext`) without title, date, lead, credit and caption.
        credit: who made the picture, with its label as published (`Foto: …`).
        caption: what the picture shows.
        link: where the story is read in full; empty if nowhere.
        language: two letters, or empty.
        image_url: where the picture is; the path of a file for a page on disk; empty if there is none.
        identity: what tells the story apart from all others; empty means that its origin does.
        picture: the picture once it lies in the media folder.
    """

    title: str
    date: dt.date | None = None
    lead: str = ""
    body: str = ""
    credit: str = ""
    caption: str = ""
    link: str = ""
    language: str = ""
    image_url: str = ""
    image_alt: str = ""
    identity: str = ""
    picture: StoredPicture | None = None

    def __post_init__(self) -> None:
        """Make every text such that any database keeps it."""
        for name in ("title", "lead", "body", "credit", "caption", "link", "image_url", "image_alt"):
            object.__setattr__(self, name, tidy(getattr(self, name)))
        object.__setattr__(self, "identity", identity_of(self.identity))


def identity_of(text: str) -> str:
    """A text by which a story is known again; a very long one by its hash."""
    identity = tidy(text)
    octets = identity.encode()
    return identity if len(octets) <= LONGEST_IDENTITY else f"sha256:{hashlib.sha256(octets).hexdigest()}"
