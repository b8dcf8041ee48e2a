import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering import palette
from newsletter.web.branding import style_of

PAGES = {"light": ("#f4f2ee", "#ffffff"), "dark": ("#121518", "#1b2025")}
TEXT = {"light": "#565e66", "dark": "#b0b5ba"}  # --quiet, the faintest words


def tokens(style: str, place: int) -> dict[str, str]:
    """The colours of one scheme."""
    return {name: pair[place] for name, *pair in re.findall(r"--([a-z-]+):light-dark\((#\w+),(#\w+)\)", style)}


def ratio(one: str, other: str) -> float:
    return palette.contrast(palette._parsed(one), palette._parsed(other))


@settings(max_examples=300)
@given(st.integers(0, 0xFFFFFF))
def test_whatever_the_brand_words_in_its_colour_can_be_read(number: int) -> None:
    style = style_of(f"{number:06x}")
    assert style is not None

    for place, scheme in enumerate(PAGES):
        colours = tokens(style, place)
        grounds = (*PAGES[scheme], colours["tint"])
        assert min(ratio(colours["accent"], ground) for ground in grounds) >= 4.5
        assert min(ratio(colours["accent-strong"], ground) for ground in grounds) >= 4.5
        assert ratio(colours["on-accent"], colours["accent"]) >= 4.5
        assert ratio(colours["on-accent"], colours["accent-strong"]) >= 4.5
        assert ratio(TEXT[scheme], colours["tint"]) >= 4.5


def test_browsers_without_light_dark_stay_light() -> None:
    style = style_of("b5402a") or ""

    plain = style.partition("@supports")[0]
    assert "light-dark" not in plain
    assert plain.count("--accent:") == 1


@pytest.mark.parametrize("digits", ["", "fff", "B5402A", "#b5402a", "b5402a;}", "٠٠٠٠٠٠"])
def test_what_is_no_colour_has_no_style(digits: str) -> None:
    assert style_of(digits) is None
