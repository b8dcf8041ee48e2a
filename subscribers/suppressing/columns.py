"""Which column of a list of suppressions holds what, and which reason a word of another system means."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subscribers.importing import columns
from subscribers.importing.columns import ADDRESS, simplified
from subscribers.models import SuppressionReason
from subscribers.spreadsheet import original

HASH, KEY_ID, REASON, STATUS, AT, NOTE = "address_hash", "key_id", "reason", "status", "at", "note"

# Headings and words as `simplified` leaves them.
_NAMES = {
    HASH: "addresshash",
    KEY_ID: "keyid",
    REASON: "reason grund suppressionreason sperrgrund unsubscribereason",
    STATUS: "status state zustand memberstatus emailstatus",
    AT: "at",
    NOTE: "note notiz bemerkung anmerkung kommentar comment",
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names.split()}
_WORDS = {
    SuppressionReason.LEFT: (
        "left unsubscribed unsubscribe unsub optout optedout abgemeldet ausgetragen abbestellt inactive inaktiv "
        "deactivated deaktiviert"
    ),
    SuppressionReason.BOUNCED: (
        "bounced bounce hardbounce hardbounced hardbounces cleaned invalid ungultig undeliverable unzustellbar"
    ),
    SuppressionReason.COMPLAINED: (
        "complained complaint complaints spam spamreport spamcomplaint abuse beschwerde spambeschwerde"
    ),
    SuppressionReason.BLOCKED: "blocked block blocklisted blocklist blacklisted blacklist gesperrt suppressed",
    SuppressionReason.ERASED: "erased deleted removed forgotten geloscht",
}
_REASONS = {word: reason for reason, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands in a row, and the header cells that nothing was found in."""

    header: tuple[str, ...]
    places: Mapping[str, int]
    ignored: tuple[str, ...]

    def cell(self, field: str, cells: Sequence[str]) -> str:
        """What a row says in a field; empty where the file has no such column, or the row ends before it."""
        place = self.places.get(field)
        return original(cells[place].strip()) if place is not None and place < len(cells) else ""


def columns_of(header: Sequence[str]) -> Columns | None:
    """Find the columns that a header names; None where none holds an address, nor its hash."""
    places: dict[str, int] = {}
    people = columns.columns_of(header)
    if people is not None:
        places[ADDRESS] = people.places[ADDRESS]
    for place, cell in enumerate(header):
        field = _FIELDS.get(simplified(cell))
        if field is not None:
            places.setdefault(field, place)
    if ADDRESS not in places and HASH not in places:
        return None
    used = set(places.values())
    ignored = tuple(cell.strip() for place, cell in enumerate(header) if place not in used and cell.strip())
    return Columns(tuple(header), places, ignored)


def only_addresses() -> Columns:
    """The columns of a file that is nothing but addresses, one a line."""
    return Columns(("email",), {ADDRESS: 0}, ())


@functools.lru_cache(maxsize=256)  # a file says the same few words on every row
def reason_of(word: str) -> SuppressionReason | None:
    """The reason that a word of this or another system means, such as Mailchimp's “cleaned”; None for any other."""
    return _REASONS.get(simplified(word))
