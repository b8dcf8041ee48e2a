from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.content.blocks import Picture
from newsletter.content.cropping import FOCI, SHAPES, part_of

LAKE = Picture("lake.jpg", "", 1200, 900)


@pytest.mark.parametrize(
    ("shape", "focus", "expected"),
    [
        ("16:9", "", (0, 112, 1200, 675)),
        ("16:9", "top", (0, 0, 1200, 675)),
        ("16:9", "bottom-left", (0, 225, 1200, 675)),
        ("1:1", "left", (0, 0, 900, 900)),
        ("1:1", "", (150, 0, 900, 900)),
        ("1:1", "top-right", (300, 0, 900, 900)),
    ],
)
def test_the_largest_part_of_the_shape_is_kept_at_the_side_of_the_focus(
    shape: str, focus: str, expected: tuple[int, int, int, int]
) -> None:
    part = part_of(replace(LAKE, shape=shape, focus=focus))

    assert part is not None
    assert (part.left, part.top, part.width, part.height) == expected


@pytest.mark.parametrize("shape", ["", "4:3", "3:2"], ids=["none", "that it has", "unknown"])
def test_a_picture_is_whole_without_a_shape_or_with_the_one_it_has(shape: str) -> None:
    assert part_of(replace(LAKE, shape=shape, focus="left")) is None


def test_each_part_has_a_file_of_its_own_of_the_same_kind() -> None:
    wide = part_of(replace(LAKE, shape="16:9"))
    top = part_of(replace(LAKE, shape="16:9", focus="top"))
    chart = part_of(replace(LAKE, name="chart.png", shape="1:1"))

    assert wide
    assert top
    assert chart
    assert wide.name == "083dc3ef18146eb3af792d6641067953.jpg"
    assert wide.name != top.name
    assert chart.name.endswith(".png")


@given(
    width=st.integers(1, 4000),
    height=st.integers(1, 4000),
    shape=st.sampled_from([*SHAPES]),
    focus=st.sampled_from([*FOCI]),
)
def test_a_part_lies_in_the_picture_with_its_focus_and_has_the_ratio_to_a_pixel(
    width: int, height: int, shape: str, focus: str
) -> None:
    part = part_of(Picture("a.jpg", "", width, height, shape=shape, focus=focus))

    if part is None:
        part_width, part_height, left, top = width, height, 0, 0
    else:
        part_width, part_height, left, top = part.width, part.height, part.left, part.top
    across, down = SHAPES[shape]
    assert 0 <= left < left + part_width <= width
    assert 0 <= top < top + part_height <= height
    assert (part_width, part_height) in {(width, part_height), (part_width, height)}
    assert abs(part_width - part_height * across / down) <= 1 or abs(part_height - part_width * down / across) <= 1
    right, below = FOCI[focus]
    assert left <= width * right / 2 <= left + part_width
    assert top <= height * below / 2 <= top + part_height
