"""Answers that are the same for everybody: kept by caches for a while, and not sent again where they are unchanged.

Source: RFC 9110, sections 8.8 and 13; RFC 9111.
"""

import datetime as dt
import hashlib
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request, Response

# A correction, or an archive that is switched off, counts everywhere after five minutes.
SHARED = "public, max-age=300"
_KEPT = ("Cache-Control", "Content-Language", "ETag", "Last-Modified", "Vary", "X-Robots-Tag")


def shared(request: Request, response: Response, *, modified: dt.datetime | None = None) -> Response:
    """Name the content of a good answer, and answer 304 without it to who has it already."""
    if response.status_code != 200:  # noqa: PLR2004  # only what was found is kept
        return response
    tag = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["Cache-Control"] = SHARED
    response.headers["ETag"] = tag
    if modified is not None:
        response.headers["Last-Modified"] = format_datetime(modified.replace(microsecond=0), usegmt=True)
    if not _is_known(request, tag, modified):
        return response
    headers = {name: value for name in _KEPT if (value := response.headers.get(name))}
    return Response(status_code=304, headers=headers)


def _is_known(request: Request, tag: str, modified: dt.datetime | None) -> bool:
    """If-None-Match counts; If-Modified-Since only where it is missing."""
    known = request.headers.get("if-none-match")
    if known is not None:
        tags = {part.strip().removeprefix("W/") for part in known.split(",")}
        return tag in tags or "*" in tags
    since = _moment(request.headers.get("if-modified-since", ""))
    return modified is not None and since is not None and modified.replace(microsecond=0) <= since


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
