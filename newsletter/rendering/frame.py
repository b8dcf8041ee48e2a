"""What surrounds an issue's words: whose newsletter it is, and where its links lead."""

from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.rendering.compiled import Mailbox


@dataclass(frozen=True, slots=True)
class Frame:
    """The facts about publication, list and site that rendering and checks need.

    `edition` is the line under the name, such as “Ausgabe 12”. `imprint` is plain text of
    several lines. `brand` holds the design's settings, such as `{"colour": "#0a5c7a"}`.
    `list_id` is the RFC 2919 identifier. `public_url` has no final slash.
    """

    publication: str
    edition: str
    language: str
    sender: Mailbox
    reply_to: Mailbox | None
    imprint: str
    brand: Mapping[str, str]
    list_id: str
    list_name: str
    public_url: str
