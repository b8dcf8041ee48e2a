"""What a visitor's form said, as plain text: the one way a body is read.

    def subscribe(form: Annotated[Form, Depends(submitted)]) -> Response:
        form.text("email")

Any body is read, also a binary one: it then has no field we know. Files are refused. Values are as
they were sent: whoever keeps one cleans it, as `EmailAddress` and `Person` do.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser

MOST_FIELDS = 2_000  # an issue of a hundred stories sends them all; a reader of many lists, many topics


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; of a name given twice the last counts."""

    fields: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, *, most: int = 1_000) -> str:
        """A field, at most so many characters long, without spaces around; empty where not given."""
        return self.fields.get(name, "").strip()[:most]


async def submitted(request: Request) -> Form:
    """Read the body of a POST as a form: multipart, or else URL-encoded.

    Raises:
        HTTPException: 413 for a body over the limit, 400 for broken multipart, for files, and for too many fields.
    """
    body = await request.body()
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return Form(await _multipart(request.headers, body))
    try:
        text = body.decode("utf-8", "replace")
        return Form(dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)))
    except ValueError as error:
        raise HTTPException(400) from error


async def _multipart(headers: Headers, body: bytes) -> dict[str, str]:
    parser = MultiPartParser(headers, _in_one(body), max_files=0, max_fields=MOST_FIELDS, max_part_size=len(body))
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:  # no boundary, a broken charset
        raise HTTPException(400) from error
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def _in_one(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""
