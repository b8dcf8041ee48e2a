import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.rendering.errors import ColourInvalid
from newsletter.rendering.palette import contrast, palette_of

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


def rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def test_contrast_of_known_pairs() -> None:
    assert contrast((255, 255, 255), (0, 0, 0)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


def test_a_dark_brand_is_taken_as_it_is() -> None:
    palette = palette_of("#1F5673")

    assert (palette.accent, palette.on_accent, palette.link) == ("#1f5673", "#ffffff", "#1f5673")


def test_a_light_brand_is_darkened_for_words() -> None:
    palette = palette_of("#fc0")

    assert (palette.accent, palette.on_accent) == ("#ffcc00", "#000000")
    assert palette.link == "#856a00"


@given(COLOURS)
def test_words_are_legible_in_any_brand(colour: str) -> None:
    palette = palette_of(colour)

    assert contrast(rgb(palette.link), rgb("#f2f1ed")) >= 4.4
    assert contrast(rgb(palette.link), rgb("#ffffff")) >= 5
    assert contrast(rgb(palette.link_dark), rgb("#1b1d20")) >= 7
    assert contrast(rgb(palette.on_accent), rgb(palette.accent)) >= 4.5


@pytest.mark.parametrize("colour", ["", "blue", "#12345", "#gggggg", "1f5673", "#1f5673 x"])
def test_what_is_no_colour_is_refused(colour: str) -> None:
    with pytest.raises(ColourInvalid, match="is not a colour"):
        palette_of(colour)
