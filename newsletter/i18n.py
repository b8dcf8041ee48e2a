"""German and English: the catalogues, read from their `.po` files at first use.

    t = translations("de").gettext
    t("Subscribe")  # 'Abonnieren'

English is the language of the source; `translations/de.po` beside this file holds the German.
"""

import io
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = ("de", "en")
_PLACE = re.compile(r"%\\\((\w+)\\\)s")  # in an escaped sentence
_FOLDER = Path(__file__).parent / "translations"


def N_(text: str) -> str:  # noqa: N802  # the name by which extraction knows it
    """Mark a text that is translated later, where it is shown."""
    return text


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a language; an unknown one, like English, gives the source texts."""
    path = _FOLDER / f"{language}.po"
    if language not in LANGUAGES or not path.is_file():
        return NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return Translations(compiled)


def retold(said: str, sentences: Iterable[str], *, language: str) -> str:
    """Something said in English as one of these sentences, told in a language; what is none of them stays as it is.

    The sentences are texts of the catalogue with places such as `%(host)s`; what stands there is told likewise.
    """
    for sentence in sentences:
        found = _pattern(sentence).fullmatch(said)
        if found:
            facts = {name: retold(fact, sentences, language=language) for name, fact in found.groupdict().items()}
            return translations(language).gettext(sentence) % facts
    return said


def other_language(language: str) -> str:
    """The language that an issue can have beside one: of two the other."""
    return next(each for each in LANGUAGES if each != language)


def spoken(language: str, within: str) -> str:
    """What a language is called in another one: `spoken("en", "de")` is `Englisch`."""
    _ = translations(within).gettext
    return {"de": _("German"), "en": _("English")}.get(language, language)


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    return re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(sentence)), re.DOTALL)


def best_language(accept_language: str, *, default: str) -> str:
    """The first language we speak of an Accept-Language header (RFC 9110, section 12.5.4), else the default."""
    wanted = []
    for part in accept_language.split(","):
        tag, _, parameters = part.strip().partition(";")
        quality = parameters.partition("q=")[2].strip() or "1"
        try:
            wanted.append((-float(quality), tag.split("-")[0].lower()))
        except ValueError:
            continue
    return next((tag for _, tag in sorted(wanted, key=lambda pair: pair[0]) if tag in LANGUAGES), default)
