"""Whose page it is: the publication's name at the top, and its colour, made legible in light and in dark.

The colour comes as a style sheet of its own, `/brand/0b5c7d.css`: the pages' policy allows no style inside a page.
"""

import re
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from newsletter.delivery.archive.models import ListArchive, Visibility
from newsletter.issues.models import Publication
from newsletter.rendering import legibility, palette
from subscribers.models import MailingList

# The grounds that words in the accent stand on; as in tokens.css.
_LIGHT_CARD, _DARK_CARD = "#ffffff", "#1b2025"
_ENOUGH_ON_LIGHT = 5.2  # WCAG asks for 4.5; the rest is for tinted grounds
_ENOUGH_ON_DARK = 7.0
_COLOUR = re.compile("[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Brand:
    """A publication as the top of a page shows it; `colour` is `#rrggbb`, or empty where it has none.

    `archive` is the slug of its list where everybody may find the archive, else empty.
    """

    name: str
    colour: str
    archive: str


def brand_of(session: Session, slug: str | None) -> Brand | None:
    """The publication of a list, the oldest where several share it; of no list in particular, the only one there is."""
    found = (
        select(Publication.name, Publication.brand, MailingList.slug, ListArchive.visibility)
        .join(MailingList, MailingList.id == Publication.list_id)
        .outerjoin(ListArchive, ListArchive.list_id == MailingList.id)
        .order_by(Publication.id)
        .limit(2)
    )
    rows = session.execute(found if slug is None else found.where(MailingList.slug == slug)).all()
    if not rows or (slug is None and len(rows) > 1):
        return None
    name, brand, list_slug, visibility = rows[0]
    colour = str(brand.get("colour", "")).lower()
    return Brand(
        name=name,
        colour=colour if _COLOUR.fullmatch(colour.removeprefix("#")) else "",
        archive=list_slug if visibility == Visibility.PUBLIC.value else "",
    )


def style_of(digits: str) -> str | None:
    """The style sheet of a colour given as six hexadecimal digits; None for anything else."""
    if not _COLOUR.fullmatch(digits):
        return None
    colour = f"#{digits}"
    light = _tokens(colour, page=legibility.LIGHT_PAGE, card=_LIGHT_CARD, far="#000000", enough=_ENOUGH_ON_LIGHT)
    dark = _tokens(colour, page=_DARK_CARD, card=_DARK_CARD, far="#ffffff", enough=_ENOUGH_ON_DARK)
    plain = "".join(f"--{name}:{value};" for name, value in light.items())
    both = "".join(f"--{name}:light-dark({value},{dark[name]});" for name, value in light.items())
    return (
        f"@layer brand{{:root{{--brand:{colour};{plain}}}"
        f"@supports (color:light-dark(white,black)){{:root{{{both}}}}}}}\n"
    )


def _tokens(colour: str, *, page: str, card: str, far: str, enough: float) -> dict[str, str]:
    """The accent on one scheme's grounds; `far` is the end of the scale away from them."""
    accent = palette.shade(colour, ground=page, enough=enough)
    return {
        "accent": accent,
        "accent-strong": palette.mix(accent, far, share=0.3),
        "on-accent": palette.mix(card, "#000000" if far == "#ffffff" else "#ffffff", share=0.4),
        "tint": palette.mix(card, accent, share=0.08),
    }
