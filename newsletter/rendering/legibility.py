"""How well a brand's colour can be read, and which shade of it can.

    seen = legibility_of("#ffcc00")
    seen.light.shown  # 1.35
    seen.shade        # '#806600': the same hue, dark enough for words on the page and under white ones

The page of the staff computes the same while one types (`web/static/staff/contrast.js`): change both.

Source: WCAG 2.2, success criterion 1.4.3 and “contrast ratio”.
"""

import math
from dataclasses import dataclass

from newsletter.rendering import palette

LIGHT_PAGE, DARK_PAGE = "#f4f2ee", "#121518"  # as in tokens.css
WHITE = "#ffffff"
ENOUGH = 4.5  # for words of common size


@dataclass(frozen=True, slots=True)
class Contrast:
    """A colour beside another, as a ratio from 1 to 21."""

    ratio: float

    @property
    def is_enough(self) -> bool:
        """Tell whether words can be read so."""
        return self.ratio >= ENOUGH

    @property
    def shown(self) -> float:
        """The ratio with two decimals, never rounded up: what is shown as 4.5 is enough."""
        return math.floor(self.ratio * 100) / 100


@dataclass(frozen=True, slots=True)
class Legibility:
    """A colour under white words, and as words on the light and the dark page.

    `shade` is the colour itself where it is enough on the light page and under white words, else the first darker one
    of the same hue that is. `dark_shade` is the same for the dark page, and lighter.
    """

    colour: str
    white: Contrast
    light: Contrast
    dark: Contrast
    shade: str
    dark_shade: str


def legibility_of(colour: str) -> Legibility:
    """Measure a colour.

    Raises:
        ColourInvalid: it is not `#rrggbb` or `#rgb`.
    """
    return Legibility(
        colour=colour,
        white=Contrast(palette.ratio(colour, WHITE)),
        light=Contrast(palette.ratio(colour, LIGHT_PAGE)),
        dark=Contrast(palette.ratio(colour, DARK_PAGE)),
        # What is enough on the page, which is darker than white, is enough for white words, too.
        shade=palette.shade(colour, ground=LIGHT_PAGE, enough=ENOUGH),
        dark_shade=palette.shade(colour, ground=DARK_PAGE, enough=ENOUGH),
    )
