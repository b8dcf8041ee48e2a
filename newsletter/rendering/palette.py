"""The colours of a mail, made of one brand colour so that everything stays legible.

    palette_of("#ffcc00").link  # '#806600': the brand's hue, dark enough to read on white

The brand colour itself decorates. Where it carries words, it is moved towards black (on light)
or white (on dark) until the contrast is that of WCAG 2.2, success criterion 1.4.3.
"""

import re
from dataclasses import dataclass

from newsletter.rendering.errors import ColourInvalid

DEFAULT = "#1f5673"
LIGHT_PAPER, DARK_PAPER = "#ffffff", "#1b1d20"
_ON_LIGHT = 5.0  # WCAG asks for 4.5; the rest is for the tinted grounds around the paper
_ON_DARK = 7.0  # light words on dark glare, so thin ones need more
_STEPS = 50

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as `#rrggbb`.

    `accent` decorates, `on_accent` is legible on it; `link` and `link_dark` are legible on
    light and dark paper.
    """

    accent: str
    on_accent: str
    link: str
    link_dark: str


def palette_of(colour: str) -> Palette:
    """Make the colours of a brand.

    Raises:
        ColourInvalid: it is not `#rrggbb` or `#rgb`.
    """
    accent = _parsed(colour)
    white, black = (255, 255, 255), (0, 0, 0)
    link = _legible(accent, _parsed(LIGHT_PAPER), towards=black, enough=_ON_LIGHT)
    link_dark = _legible(accent, _parsed(DARK_PAPER), towards=white, enough=_ON_DARK)
    on_accent = white if contrast(accent, white) >= contrast(accent, black) else black
    return Palette(_written(accent), _written(on_accent), _written(link), _written(link_dark))


def shade(colour: str, *, ground: str, enough: float) -> str:
    """The colour, moved towards black on a light ground and white on a dark one until the contrast is enough.

    Raises:
        ColourInvalid: one of the two is not `#rrggbb` or `#rgb`.
    """
    on = _parsed(ground)
    white, black = (255, 255, 255), (0, 0, 0)
    towards = black if contrast(on, black) > contrast(on, white) else white
    return _written(_legible(_parsed(colour), on, towards=towards, enough=enough))


def mix(one: str, other: str, *, share: float) -> str:
    """One colour with so large a share of another, from 0 to 1."""
    return _written(_mixed(_parsed(one), _parsed(other), share=share))


def ratio(one: str, other: str) -> float:
    """The contrast ratio of two colours as they are written.

    Raises:
        ColourInvalid: one of the two is not `#rrggbb` or `#rgb`.
    """
    return contrast(_parsed(one), _parsed(other))


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast ratio of two colours, from 1 to 21. Source: WCAG 2.2, “contrast ratio”."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _legible(colour: Rgb, ground: Rgb, *, towards: Rgb, enough: float) -> Rgb:
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, towards, share=step / _STEPS)
        if contrast(mixed, ground) >= enough:
            return mixed
    return towards


def _mixed(one: Rgb, other: Rgb, *, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _luminance(colour: Rgb) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  # sRGB


def _parsed(colour: str) -> Rgb:
    match = re.fullmatch("#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", colour.strip())
    if not match:
        raise ColourInvalid(colour)
    digits = match[1] if len(match[1]) == 6 else "".join(digit * 2 for digit in match[1])  # noqa: PLR2004  # #rrggbb
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _written(colour: Rgb) -> str:
    return "#" + bytes(colour).hex()
