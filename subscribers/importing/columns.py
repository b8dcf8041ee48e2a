"""Which column holds what, by the many names that people give it in German and English."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subscribers.importing import consents
from subscribers.importing.consents import EarlierConsent
from subscribers.people import Person
from subscribers.spreadsheet import original

ADDRESS = "address"
TOPICS = "topics"

# Names as `simplified` leaves them: small letters without accents, nothing else.
_NAMES = {
    ADDRESS: "email emailadresse emailaddress emailadress eemail mail mailadresse mailaddress epost epostadresse",
    "salutation": "anrede salutation",
    "title": "titel title akademischertitel academictitle akadtitel grad",
    "first_name": "vorname vornamen rufname firstname givenname forename fname first",
    "last_name": "nachname nachnamen familienname zuname lastname surname familyname lname last",
    "organisation": (
        "organisation organization org firma firmenname unternehmen company companyname institution "
        "einrichtung redaktion medium behorde behoerde verein verband arbeitgeber"
    ),
    "region": "region gebiet landkreis kreis bezirk bundesland county district",
    "language": "sprache language lang locale sprachcode",
    TOPICS: "topics topic themen thema interessen interests",
    consents.AT: (
        "consentat consentdate consenttime consentedat optinat optindate optintime optinzeitpunkt doubleoptinat "
        "doubleoptinam einwilligungam einwilligungvom einwilligungsdatum zustimmungam zustimmungvom zustimmungsdatum"
    ),
    consents.SOURCE: "consentsource optinsource einwilligungsquelle einwilligungsweg zustimmungsquelle",
    consents.IP: "consentip consentipaddress optinip optinipaddress einwilligungip einwilligungsip zustimmungip",
    consents.TEXT: "consenttext consentwording optintext einwilligungstext einwilligungswortlaut zustimmungstext",
}
_FIELDS = {name: field for field, names in _NAMES.items() for name in names.split()}
_LANGUAGES = {"deutsch": "de", "german": "de", "englisch": "en", "english": "en"}
_OF_NO_PERSON = {ADDRESS, TOPICS, *consents.COLUMNS}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each field stands in a row, and the header cells that nothing was found in."""

    header: tuple[str, ...]
    places: Mapping[str, int]
    ignored: tuple[str, ...]

    def address_of(self, cells: Sequence[str]) -> str:
        """The text of a row's address; empty where the row ends before it."""
        place = self.places[ADDRESS]
        return original(cells[place].strip()) if place < len(cells) else ""

    def topics_of(self, cells: Sequence[str]) -> frozenset[str] | None:
        """The short names of the topics a row chooses; None where it says nothing, and so gets every topic.

        `sport|culture` are two, `|` alone is a choice of none.
        """
        place = self.places.get(TOPICS, len(cells))
        text = original(cells[place].strip()) if place < len(cells) else ""
        return frozenset(part.strip() for part in text.split("|") if part.strip()) if text else None

    def person_of(self, cells: Sequence[str]) -> Person:
        """What a row tells of its person."""
        told = {
            field: original(cells[place].strip())
            for field, place in self.places.items()
            if field not in _OF_NO_PERSON and place < len(cells) and cells[place]
        }
        if "language" in told:
            told["language"] = _language(told["language"])
        return Person(**told)

    def consent_of(self, cells: Sequence[str]) -> EarlierConsent:
        """What a row tells of an earlier consent.

        Raises:
            ConsentMalformed: a cell is not what its column says.
        """
        places = {name: self.places[name] for name in consents.COLUMNS if name in self.places}
        return consents.consent_of(
            {name: original(cells[place].strip()) for name, place in places.items() if place < len(cells)}
        )


def columns_of(header: Sequence[str]) -> Columns | None:
    """Find the columns that a header names; None where none is an address."""
    bare = [simplified(cell) for cell in header]
    places: dict[str, int] = {}
    for place, name in enumerate(bare):
        field = _FIELDS.get(name)
        if field is not None:
            places.setdefault(field, place)
    # „Name; Vorname“: beside a first name, the name is the last name.
    if "first_name" in places and "last_name" not in places and "name" in bare:
        places["last_name"] = bare.index("name")
    if ADDRESS not in places:
        return None
    used = set(places.values())
    ignored = tuple(cell.strip() for place, cell in enumerate(header) if place not in used and cell.strip())
    return Columns(tuple(header), places, ignored)


def only_addresses() -> Columns:
    """The columns of a file that is nothing but addresses, one a line."""
    return Columns(("email",), {ADDRESS: 0}, ())


def simplified(text: str) -> str:
    """A heading as it is compared: small letters without accents, nothing else."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if character.isascii() and character.isalpha())


def _language(text: str) -> str:
    name = text.casefold().replace("_", "-")
    return _LANGUAGES.get(name, name.partition("-")[0])
