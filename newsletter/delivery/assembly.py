"""A compiled issue becomes messages: prepared once, then filled for each recipient.

    assembly = Assembly(compiled)
    octets = assembly.message(recipient, links, message_id=…, date=now)

Everything that is the same for all is transfer-encoded once, cut at the slots into segments that
can be joined as they are (`quoted_printable`). All slots together are one small sandboxed Jinja2
template; per recipient it is filled once, its values encoded and put between the segments.
"""

import datetime as dt
import email.utils
import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.sandbox import SandboxedEnvironment

from newsletter.delivery import headers, quoted_printable
from newsletter.delivery.recipients import Links, Recipient
from newsletter.errors import NewsletterError
from newsletter.rendering.compiled import LINK_NAMES, RECIPIENT_FIELDS, CompiledIssue, Part, Slot

_SEPARATOR = "\0"  # in no text: `quoted_printable` drops it, `headers` refuses it, names are one clean line

_FIELDS = frozenset((*RECIPIENT_FIELDS, *LINK_NAMES))


class SlotInvalid(NewsletterError):
    """A slot is not one expression, or cannot be filled for a recipient."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"A slot of the compiled mail cannot be filled: {reason}")
        self.reason = reason


class Assembly:
    """One compiled issue, ready for any number of recipients."""

    def __init__(self, compiled: CompiledIssue) -> None:
        """Encode what is the same for all.

        Raises:
            SlotInvalid: a slot is not one Jinja2 expression.
            HeaderInvalid: sender, reply address or list cannot stand in a header.
        """
        self._slots = _Slots()
        self._subject = tuple(self._slots.place(part, escaped=False) for part in compiled.subject)
        self._segments: list[bytes] = []
        self._holes: list[tuple[int, int]] = []
        boundary = _boundary(compiled)
        self._same_for_all = _same_for_all(compiled, boundary)
        self._is_listed = not compiled.automatic
        self._add(_part_head(boundary, "text/plain"))
        self._add_parts(compiled.text, escaped=False)
        self._add(b"\r\n" + _part_head(boundary, "text/html"))
        self._add_parts(compiled.html, escaped=True)
        self._add(b"\r\n--" + boundary + b"--\r\n")
        self._template = self._slots.template()

    def message(
        self,
        recipient: Recipient,
        links: Links,
        *,
        message_id: str,
        date: dt.datetime,
        feedback_id: str = "",
    ) -> bytes:
        """Build one recipient's message (RFC 5322), lines ended by CRLF, none beginning with a dot.

        `message_id` comes with its angle brackets. A mail with an unsubscribe link that is not
        automatic gets the fields of RFC 8058.

        Raises:
            SlotInvalid: a slot asks for something that is not there.
            HeaderInvalid: a value cannot stand in a header.
        """
        values = self._slots.fill(self._template, recipient, links)
        fields = [
            headers.verbatim("Date", _date(date.replace(microsecond=0))),
            headers.verbatim("Message-ID", message_id),
            headers.mailbox("To", recipient.name, recipient.address),
            self._subject_field(values),
        ]
        if self._is_listed:
            fields += _list_fields(links.unsubscribe, feedback_id)
        parts = self._segments.copy()
        encoded: list[bytes | None] = [None] * len(values)
        for segment, slot in self._holes:
            piece = encoded[slot]
            if piece is None:
                piece = encoded[slot] = quoted_printable.encode(values[slot])
            parts[segment] = piece
        return b"".join((*fields, self._same_for_all, *parts))

    def _subject_field(self, values: list[str]) -> bytes:
        subject = "".join(part if isinstance(part, str) else values[part] for part in self._subject)
        return _subject(subject)

    def _add_parts(self, parts: Iterable[Part], *, escaped: bool) -> None:
        for part in parts:
            placed = self._slots.place(part, escaped=escaped)
            if isinstance(placed, str):
                self._add(quoted_printable.encode(placed))
                continue
            self._holes.append((len(self._segments), placed))
            self._segments.append(b"")

    def _add(self, segment: bytes) -> None:
        """Keep a segment; beside another one without a hole between, they become one."""
        is_hole = bool(self._holes) and self._holes[-1][0] == len(self._segments) - 1
        if self._segments and not is_hole:
            self._segments[-1] += segment
            return
        self._segments.append(segment)


def filled(parts: Sequence[Part], recipient: Recipient, links: Links, *, escaped: bool) -> str:
    """Fill one body as text, for who wants to look at it; `escaped` where it is HTML.

    Raises:
        SlotInvalid: a slot is no expression, or asks for something that is not there.
    """
    slots = _Slots()
    placed = [slots.place(part, escaped=escaped) for part in parts]
    values = slots.fill(slots.template(), recipient, links)
    return "".join(part if isinstance(part, str) else values[part] for part in placed)


class _Sandbox(SandboxedEnvironment):
    """Jinja2's sandbox, with a short way to the fields that slots are about."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give a field as it is; whatever else is asked for goes through the sandbox's checks."""
        if attribute in _FIELDS and isinstance(obj, (Recipient, Links)):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)


class _Slots:
    """The distinct slots of one mail, as one template whose values are parted by NUL."""

    _environment = _Sandbox(autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True)

    def __init__(self) -> None:
        self._sources: dict[str, int] = {}

    def place(self, part: Part, *, escaped: bool) -> str | int:
        """Give static text back as it is, and for a slot its number."""
        if not isinstance(part, Slot):
            return part
        source = f"({part.expression})|e" if escaped else f"({part.expression})"
        if source not in self._sources:
            self._require_expression(source)
        return self._sources.setdefault(source, len(self._sources))

    def template(self) -> Template:
        """All slots in one template, filled in one go."""
        return self._environment.from_string(_SEPARATOR.join(f"{{{{ {source} }}}}" for source in self._sources))

    def fill(self, template: Template, recipient: Recipient, links: Links) -> list[str]:
        """The values of all slots, in the order of their numbers."""
        try:
            values = template.render(recipient=recipient, links=links).split(_SEPARATOR)
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise SlotInvalid(f"{error}.") from error
        if len(values) != max(len(self._sources), 1):
            raise SlotInvalid("a value holds NUL.")
        return values

    def _require_expression(self, source: str) -> None:
        """Let nothing through that would be more than one expression in the template."""
        template = f"{{{{ {source} }}}}"
        try:
            self._environment.compile(template)
            body = self._environment.parse(template).body
        except TemplateError as error:
            raise SlotInvalid(f"“{source}” is no expression ({error}).") from error
        match body:
            case [nodes.Output(nodes=[nodes.Tuple() | nodes.TemplateData()])]:
                pass
            case [nodes.Output(nodes=[nodes.Expr()])]:
                return
        raise SlotInvalid(f"“{source}” is not one expression.")


def _same_for_all(compiled: CompiledIssue, boundary: bytes) -> bytes:
    """The fields without a person in them, and the empty line that ends the header."""
    fields = [headers.mailbox("From", compiled.sender.name, compiled.sender.address)]
    if compiled.reply_to:
        fields.append(headers.mailbox("Reply-To", compiled.reply_to.name, compiled.reply_to.address))
    if compiled.automatic:
        fields.append(headers.verbatim("Auto-Submitted", "auto-generated"))  # RFC 3834
    else:
        fields += _bulk_fields(compiled)
    fields += [
        headers.verbatim("Content-Language", compiled.language),
        headers.verbatim("MIME-Version", "1.0"),
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"\r\n\r\n',
    ]
    return b"".join(fields)


def _bulk_fields(compiled: CompiledIssue) -> list[bytes]:
    fields = [
        headers.verbatim("Precedence", "bulk"),  # keeps holiday notices from answering
        headers.verbatim("X-Auto-Response-Suppress", "OOF, AutoReply"),  # the same for Exchange
    ]
    if compiled.list_id:
        fields.append(headers.list_id(compiled.list_name, compiled.list_id))
    return fields


def _list_fields(unsubscribe: str, feedback_id: str) -> list[bytes]:
    """RFC 8058 for one click; Feedback-ID for the reports that Gmail gives senders."""
    fields = []
    if unsubscribe:
        fields += [
            headers.link("List-Unsubscribe", unsubscribe),
            headers.verbatim("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ]
    if feedback_id:
        fields.append(headers.verbatim("Feedback-ID", feedback_id))
    return fields


def _part_head(boundary: bytes, content_type: str) -> bytes:
    return (
        b"--" + boundary + b"\r\n"
        b"Content-Type: " + content_type.encode() + b'; charset="utf-8"\r\n'
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )


def _boundary(compiled: CompiledIssue) -> bytes:
    """The same for the same mail. `=_` never occurs in quoted-printable, so it occurs in no part."""
    return b"=_" + hashlib.sha256(compiled.digest.encode()).hexdigest()[:30].encode()


@lru_cache(maxsize=16)  # often the same for all
def _subject(subject: str) -> bytes:
    return headers.unstructured("Subject", subject)


@lru_cache(maxsize=16)
def _date(moment: dt.datetime) -> str:
    return email.utils.format_datetime(moment)
