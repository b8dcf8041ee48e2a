"""Every text a person reads is there in German and in English."""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from newsletter.i18n import LANGUAGES, translations

CHECKOUT = Path(__file__).parents[2]
TEMPLATES = {".html", ".txt", ".mjml", ".xml"}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def sources() -> Iterator[tuple[Path, str]]:
    """Every file that may hold a text, and how texts are found in it."""
    yield from ((path, "python") for path in (CHECKOUT / "newsletter").rglob("*.py"))
    for path in (CHECKOUT / "templates").rglob("*"):
        if path.suffix in TEMPLATES:
            yield path, "jinja2.ext.babel_extract"


@cache
def used() -> dict[str | tuple[str, ...], str]:
    """Each text of the source, with one file that uses it."""
    options = {"encoding": "utf-8", "extensions": "jinja2.ext.i18n", "trimmed": "true", "silent": "false"}
    found: dict[str | tuple[str, ...], str] = {}
    for path, method in sources():
        for _, message, _, _ in extract(method, io.BytesIO(path.read_bytes()), options=options):
            key = message if isinstance(message, str) else tuple(part for part in message if part)
            found[key] = str(path.relative_to(CHECKOUT))
    return found


def german() -> dict[str, tuple[str, ...]]:
    """The forms of each German text; one, where it is not counted."""
    with (CHECKOUT / "newsletter/translations/de.po").open("rb") as file:
        catalogue = read_po(file, locale="de", abort_invalid=True)
    return {
        message.id if isinstance(message.id, str) else message.id[0]: _forms(message.string)
        for message in catalogue
        if message.id and not message.fuzzy
    }


def test_texts_are_found_in_code_and_in_every_kind_of_template() -> None:
    rooms = {file.split("/")[1] for file in used().values() if file.startswith("templates/")}

    assert {"web", "mail"} <= rooms
    assert any(file.endswith(".py") for file in used().values())


def test_every_text_has_a_german_one() -> None:
    known = german()

    missing = {key: file for key, file in used().items() if not all(known.get(_first(key), ("",)))}

    assert missing == {}


def test_no_german_text_stands_for_a_text_that_is_gone() -> None:
    assert set(german()) - {_first(key) for key in used()} == set()


def test_a_german_text_has_the_placeholders_of_the_english_one() -> None:
    for english, forms in german().items():
        for form in forms:
            assert sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(english)), english


@pytest.mark.parametrize("quotation", ['"', "“%", "'"])
def test_german_texts_have_german_quotation_marks(quotation: str) -> None:
    wrong = [form for forms in german().values() for form in forms if quotation in form]

    assert wrong == []


def test_english_needs_no_catalogue_and_german_is_one() -> None:
    assert LANGUAGES == ("de", "en")
    assert translations("en").gettext("Imprint") == "Imprint"
    assert translations("de").gettext("Imprint") == "Impressum"
    assert (
        translations("de")
        .ngettext(
            "It has happened %(num)d time, last on %(last_at)s.",
            "It has happened %(num)d times, last on %(last_at)s.",
            2,
        )
        .startswith("Es ist %(num)d Mal geschehen")
    )


def _forms(translated: object) -> tuple[str, ...]:
    return (translated,) if isinstance(translated, str) else tuple(translated) if isinstance(translated, tuple) else ()


def _first(key: str | tuple[str, ...]) -> str:
    return key if isinstance(key, str) else key[0]
