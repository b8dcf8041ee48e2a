"""The compiled issue: static parts and slots, ready for any number of recipients.

Rendering makes it once per variant; approval stores it under its digest; the workers send what
is stored and nothing else. A `Slot` is a Jinja2 expression over `recipient` and `links`,
evaluated for each recipient when the message is assembled.
"""

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from newsletter.content import merge, variants

RECIPIENT_FIELDS = merge.RECIPIENT_FIELDS
ISSUE_LINKS = ("unsubscribe", "preferences", "view", "measuring")  # what a design may use
LINK_NAMES = (*ISSUE_LINKS, "confirm", "errand", "undo", "staff")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place where each recipient's own value goes, such as `recipient.first_name or "Leser"`."""

    expression: str


Part = str | Slot


@dataclass(frozen=True, slots=True)
class Choices:
    """Which stored mail whoever chose topics, or reads another language, gets in place of the one with everything.

    `sections` are the sets of topics that stand on blocks, by short name, and `digests` are the other variants by
    their number: both as in `content.variants`. A number that is neither there nor everything gets no mail.
    `language` is the second one, empty where there is none.
    """

    sections: tuple[tuple[str, ...], ...]
    digests: tuple[tuple[int, str], ...]
    language: str = ""

    def digest_of(self, variant: int) -> str | None:
        """The stored mail of a variant; None for everything, which is the mail that these choices stand in."""
        return dict(self.digests).get(variant)

    def digest_in(self, language: str) -> str | None:
        """The stored mail with everything in the second language; None where a language is another one."""
        if not self.language or language != self.language:
            return None
        return self.digest_of(variants.everything(self.sections) | variants.in_second(self.sections))


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name and an address, as in `Presse <presse@example.org>`. The name may be empty."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class CompiledIssue:
    """One variant of one mail: everything that is the same for all, with its slots.

    `html` and `text` have lines ended by LF. `html` slots are escaped when they are filled.
    `list_id` is the RFC 2919 identifier without angle brackets, empty for a mail that belongs
    to no list. `automatic` marks mail no person wrote (RFC 3834: Auto-Submitted). `choices` is None where all get
    the same.
    """

    language: str
    sender: Mailbox
    subject: tuple[Part, ...]
    html: tuple[Part, ...]
    text: tuple[Part, ...]
    reply_to: Mailbox | None = None
    list_id: str = ""
    list_name: str = ""
    automatic: bool = False
    choices: Choices | None = None

    def to_json(self) -> str:
        """The stored form: one JSON object with sorted keys; slots are `{"slot": expression}`."""
        value: dict[str, Any] = {
            "language": self.language,
            "sender": [self.sender.name, self.sender.address],
            "reply_to": [self.reply_to.name, self.reply_to.address] if self.reply_to else None,
            "list_id": self.list_id,
            "list_name": self.list_name,
            "automatic": self.automatic,
            "subject": _parts_to_json(self.subject),
            "html": _parts_to_json(self.html),
            "text": _parts_to_json(self.text),
        }
        if self.choices:  # left out elsewhere, so that what was stored before keeps its name
            value["choices"] = _choices_to_json(self.choices)
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, stored: str) -> "CompiledIssue":
        """Read what `to_json` wrote."""
        value = json.loads(stored)
        reply_to = value["reply_to"]
        return cls(
            language=value["language"],
            sender=Mailbox(*value["sender"]),
            reply_to=Mailbox(*reply_to) if reply_to else None,
            list_id=value["list_id"],
            list_name=value["list_name"],
            automatic=value["automatic"],
            subject=_parts_from_json(value["subject"]),
            html=_parts_from_json(value["html"]),
            text=_parts_from_json(value["text"]),
            choices=_choices_from_json(value.get("choices")),
        )

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that it is there in, its own first."""
        return (self.language, self.choices.language) if self.choices and self.choices.language else (self.language,)

    @property
    def is_measured(self) -> bool:
        """Tell whether this is the variant of those who agreed to be measured: it has their way to stop it."""
        slots = (part for part in (*self.html, *self.text) if isinstance(part, Slot))
        return any(slot.expression == "links.measuring" for slot in slots)

    @property
    def digest(self) -> str:
        """The name it is stored under: SHA-256 of the stored form, hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _choices_to_json(choices: Choices) -> dict[str, Any]:
    value = dataclasses.asdict(choices)
    if not choices.language:  # likewise
        del value["language"]
    return value


def _choices_from_json(value: dict[str, Any] | None) -> Choices | None:
    if value is None:
        return None
    sections = tuple(tuple(section) for section in value["sections"])
    digests = tuple((number, digest) for number, digest in value["digests"])
    return Choices(sections, digests, value.get("language", ""))


def _parts_to_json(parts: tuple[Part, ...]) -> list[Any]:
    return [{"slot": part.expression} if isinstance(part, Slot) else part for part in parts]


def _parts_from_json(values: list[Any]) -> tuple[Part, ...]:
    return tuple(value if isinstance(value, str) else Slot(value["slot"]) for value in values)
