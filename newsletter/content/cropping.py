"""Which part of a picture a mail shows: a shape, and the place in the picture that stays in view.

    part = part_of(replace(picture, shape="16:9", focus="top"))
    part.name, part.width, part.height  # the file of the part, and its pixels

Pure: `issues.cutting` makes the files. The name of a part is made of the picture's name, which is the hash of its
content, and of the place of the part in it; so it is known before there is a file, and never changes its meaning.
"""

import hashlib
from dataclasses import dataclass

from newsletter.content.blocks import Picture

SHAPES = {"16:9": (16, 9), "4:3": (4, 3), "1:1": (1, 1)}  # width to height; a picture without a shape is whole
# How many halves of what is cut away are cut on the left and at the top, as `object-position` of CSS has it.
FOCI = {
    "top-left": (0, 0),
    "top": (1, 0),
    "top-right": (2, 0),
    "left": (0, 1),
    "": (1, 1),  # the middle, where nobody chose
    "right": (2, 1),
    "bottom-left": (0, 2),
    "bottom": (1, 2),
    "bottom-right": (2, 2),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of a picture, in the picture's pixels, and the name of its file."""

    name: str
    left: int
    top: int
    width: int
    height: int


def part_of(picture: Picture) -> Part | None:
    """The largest part that has the shape, at the side where the focus is; None where that is the whole picture."""
    if picture.shape not in SHAPES:
        return None
    width, height = _size(picture.width, picture.height, SHAPES[picture.shape])
    if (width, height) == (picture.width, picture.height):
        return None
    right, down = FOCI.get(picture.focus, FOCI[""])
    left, top = (picture.width - width) * right // 2, (picture.height - height) * down // 2
    return Part(_name(picture.name, (left, top, width, height)), left, top, width, height)


def _size(width: int, height: int, ratio: tuple[int, int]) -> tuple[int, int]:
    across, down = ratio
    if width * down >= height * across:
        return _rounded(height * across, down), height
    return width, _rounded(width * down, across)


def _rounded(dividend: int, divisor: int) -> int:
    """Divide to the nearest whole number."""
    return (2 * dividend + divisor) // (2 * divisor)


def _name(picture: str, place: tuple[int, int, int, int]) -> str:
    """PNG stays PNG and JPEG stays JPEG: a media folder holds nothing else."""
    suffix = "png" if picture.endswith(".png") else "jpg"
    return f"{hashlib.sha256(f'{picture} {place}'.encode()).hexdigest()[:32]}.{suffix}"
