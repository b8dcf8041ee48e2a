"""Looking for somebody's words in bytes, however they were written there."""

import base64
import json
import quopri
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import select
from sqlalchemy.orm import Session

from subscribers.orm import Base


def forms_of(text: str) -> frozenset[bytes]:
    """The ways a text may stand in a file: as it is, in small and in large letters, escaped and encoded."""
    spellings = {text, text.lower(), text.upper(), text.casefold()}
    octets = {each.encode() for each in spellings} | {each.encode("utf-16-le") for each in spellings}
    octets |= {json.dumps(each)[1:-1].encode() for each in spellings}
    octets |= {quote(each, safe="").encode() for each in spellings}
    octets |= {quopri.encodestring(each.encode()) for each in spellings}
    octets |= {each.encode().hex().encode() for each in spellings}
    return frozenset(octets | {part for each in spellings for part in _in_base64(each.encode())})


def traces(words: Iterable[str], *places: bytes) -> set[str]:
    """Those of the words that stand in one of the places in any form."""
    return {word for word in words if any(form in place for form in forms_of(word) for place in places)}


def files(folder: Path) -> Iterator[bytes]:
    """The contents, and the names, of all files in and below a folder."""
    for path in folder.rglob("*"):
        yield str(path.relative_to(folder)).encode()
        if path.is_file():
            yield path.read_bytes()


def columns_with(session: Session, words: Iterable[str]) -> set[str]:
    """The columns, as `table.column`, that hold one of the words in some row."""
    wanted = [word.casefold() for word in words]
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            for column in table.columns:
                value = str(row._mapping[column]).casefold()
                if any(word in value for word in wanted):
                    found.add(str(column))
    return found


def _in_base64(octets: bytes) -> Iterator[bytes]:
    """The inner part of what base64 makes of it, at each of the three places in a group of three octets."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + octets).rstrip(b"=")
        yield encoded[-(-before * 4 // 3) + (1 if before else 0) : -2]
