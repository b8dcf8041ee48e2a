"""What a row of a file tells of the consent its person gave long ago: when, how, from where, to which words.

    consent_of({"consent_at": "24.05.2019 10:30", "consent_ip": "192.0.2.7"})

A value that cannot be what its column says makes the row a bad one: proof that is wrong is worse than none.
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass

AT, SOURCE, IP, TEXT = "consent_at", "consent_source", "consent_ip", "consent_text"
COLUMNS = (AT, SOURCE, IP, TEXT)
SOURCE_LIMIT = 500
TEXT_LIMIT = 20_000
_FIRST_YEAR = 1990  # nobody subscribed to a mailing list on the web before
_LAST_YEAR = 2200
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,T]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?: ?Uhr)?)?")


class ConsentMalformed(Exception):  # never leaves the import: it is the reason of a bad row
    """A cell is not what its column says; the message says which and why."""


@dataclass(frozen=True, slots=True)
class EarlierConsent:
    """What a row tells of an earlier consent; what it does not tell is empty.

    `at` is ISO 8601 as precise as the file was, with an offset only where the file named one; `text` are the
    exact words that were agreed to.
    """

    at: str = ""
    source: str = ""
    ip: str = ""
    text: str = ""

    def evidence(self) -> dict[str, str]:
        """What is kept beside the wording, which is kept by its digest."""
        told = {"at": self.at, "source": self.source, "ip": self.ip}
        return {name: value for name, value in told.items() if value}


NOTHING = EarlierConsent()


def consent_of(told: Mapping[str, str]) -> EarlierConsent:
    """Read the cells of a row, by the names in `COLUMNS`.

    Raises:
        ConsentMalformed: one of them is no date, no IP address, or too long.
    """
    if not any(told.get(name) for name in COLUMNS):
        return NOTHING
    return EarlierConsent(
        at=_moment(told.get(AT, "")),
        source=_short(told.get(SOURCE, ""), SOURCE, SOURCE_LIMIT),
        ip=_address(told.get(IP, "")),
        text=_short(told.get(TEXT, ""), TEXT, TEXT_LIMIT),
    )


def _moment(text: str) -> str:
    if not text:
        return ""
    iso = _iso_of_german(text) or text
    try:
        moment = dt.datetime.fromisoformat(iso)
    except ValueError:
        moment = None
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ConsentMalformed(f"{AT} “{text[:40]}” is no date such as 2019-05-24 or 24.05.2019 10:30")
    is_day_alone = len(iso) <= len("2019-05-24")
    return moment.date().isoformat() if is_day_alone else moment.isoformat()


def _iso_of_german(text: str) -> str:
    """The ISO form of a date as Germans write it; empty where it is none."""
    found = _GERMAN.fullmatch(text)
    if found is None:
        return ""
    day, month, year, hour, minute, second = found.groups()
    date = f"{year}-{month:>02}-{day:>02}"
    return date if hour is None else f"{date}T{hour:>02}:{minute}:{second or '00'}"


def _address(text: str) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_network(text, strict=False) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        raise ConsentMalformed(f"{IP} “{text[:60]}” is no IP address") from None


def _short(text: str, name: str, limit: int) -> str:
    if len(text) > limit:
        raise ConsentMalformed(f"{name} is longer than {limit:,} characters")
    return text
