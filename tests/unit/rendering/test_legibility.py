import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.rendering.legibility import Contrast, legibility_of


@pytest.mark.parametrize(
    ("colour", "shown", "shades"),
    [
        ("#000000", (21.0, 18.78, 1.14), ("#000000", "#808080")),
        ("#ffffff", (1.0, 1.11, 18.32), ("#6b6b6b", "#ffffff")),
        ("#777777", (4.47, 4.0, 4.09), ("#6d6d6d", "#7f7f7f")),
        ("#ffcc00", (1.51, 1.35, 12.11), ("#856a00", "#ffcc00")),
    ],
)
def test_a_colour_is_measured_under_white_words_and_on_both_pages(
    colour: str, shown: tuple[float, float, float], shades: tuple[str, str]
) -> None:
    seen = legibility_of(colour)

    assert (seen.white.shown, seen.light.shown, seen.dark.shown) == shown
    assert (seen.shade, seen.dark_shade) == shades


def test_a_ratio_is_never_shown_as_more_than_it_is() -> None:
    assert Contrast(4.499).shown == 4.49
    assert not Contrast(4.499).is_enough
    assert Contrast(4.5).is_enough


@settings(max_examples=200)
@given(st.integers(0, 0xFFFFFF))
def test_the_shade_of_any_colour_can_be_read(number: int) -> None:
    seen = legibility_of(f"#{number:06x}")

    assert legibility_of(seen.shade).white.is_enough
    assert legibility_of(seen.shade).light.is_enough
    assert legibility_of(seen.dark_shade).dark.is_enough
    assert (seen.shade == seen.colour) == seen.light.is_enough
