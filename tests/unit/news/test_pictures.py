import io
import random
import zlib
from pathlib import Path
from struct import pack

import pytest
from PIL import Image, ImageCms

from newsletter.news.pictures import PictureInvalid, cut, store


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def a_photo(width: int = 400, height: int = 300, mode: str = "RGB") -> Image.Image:
    noise = random.Random(7).randbytes(width * height * 3)  # noqa: S311  # noise, the same each time
    return Image.frombytes("RGB", (width, height), noise).convert(mode)


def opened(folder: Path, name: str) -> Image.Image:
    with Image.open(folder / name) as picture:
        picture.load()
        return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_pictures_of_many_kinds_become_one_that_mails_can_show(kind: str, tmp_path: Path) -> None:
    stored = store(encoded(a_photo(), kind), tmp_path)

    picture = opened(tmp_path, stored.name)
    assert (stored.width, stored.height) == picture.size == (400, 300)
    assert picture.format in {"JPEG", "PNG"}
    assert stored.name.endswith(".jpg" if picture.format == "JPEG" else ".png")


def test_a_photo_is_a_progressive_jpeg(tmp_path: Path) -> None:
    stored = store(encoded(a_photo(), "PNG"), tmp_path)

    picture = opened(tmp_path, stored.name)
    assert picture.format == "JPEG"
    assert picture.info["progressive"]


def test_a_graphic_of_few_colours_stays_a_png(tmp_path: Path) -> None:
    chart = Image.new("RGB", (300, 200), "white")
    chart.paste((200, 30, 30), (10, 10, 80, 180))

    stored = store(encoded(chart, "PNG"), tmp_path)

    picture = opened(tmp_path, stored.name)
    assert picture.format == "PNG"
    assert picture.convert("RGB").getpixel((20, 20)) == (200, 30, 30)


def test_a_large_picture_is_1200_pixels_wide(tmp_path: Path) -> None:
    stored = store(encoded(a_photo(2400, 1600), "JPEG"), tmp_path)

    assert (stored.width, stored.height) == (1200, 800)


def test_a_small_picture_is_not_enlarged(tmp_path: Path) -> None:
    assert store(encoded(a_photo(90, 60), "JPEG"), tmp_path).width == 90


def test_a_camera_held_upright_gives_an_upright_picture_without_its_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees
    exif.get_ifd(0x8825)[1] = "N"  # a position

    stored = store(encoded(a_photo(400, 300), "JPEG", exif=exif), tmp_path)

    assert (stored.width, stored.height) == (300, 400)
    assert not opened(tmp_path, stored.name).getexif()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_becomes_white(mode: str, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((255, 0, 0, 255), (0, 0, 10, 10))

    stored = store(encoded(clear.convert(mode), "PNG"), tmp_path)

    picture = opened(tmp_path, stored.name)
    assert picture.mode == "RGB"
    assert picture.getpixel((30, 30)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["CMYK", "L", "1"])
def test_other_colour_spaces_become_rgb(mode: str, tmp_path: Path) -> None:
    stored = store(encoded(a_photo().convert(mode), "TIFF"), tmp_path)

    assert opened(tmp_path, stored.name).mode == "RGB"


def test_a_colour_profile_is_applied_and_dropped(tmp_path: Path) -> None:
    lab_like = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    stored = store(encoded(a_photo(), "JPEG", icc_profile=lab_like), tmp_path)

    assert "icc_profile" not in opened(tmp_path, stored.name).info


def test_a_broken_colour_profile_does_not_matter(tmp_path: Path) -> None:
    assert store(encoded(a_photo(), "JPEG", icc_profile=b"no profile"), tmp_path).width == 400


def test_sixteen_bits_of_grey_are_kept_apart(tmp_path: Path) -> None:
    ramp = Image.new("I;16", (256, 4))
    for x in range(256):
        for y in range(4):
            ramp.putpixel((x, y), x * 257)

    picture = opened(tmp_path, store(encoded(ramp, "PNG"), tmp_path).name).convert("L")

    assert abs(picture.getpixel((128, 1)) - 128) <= 3  # type: ignore[operator]  # a grey pixel is one number
    assert abs(picture.getpixel((20, 1)) - 20) <= 3  # type: ignore[operator]  # as above


def test_the_same_picture_is_kept_once(tmp_path: Path) -> None:
    data = encoded(a_photo(), "JPEG")

    assert store(data, tmp_path / "media") == store(data, tmp_path / "media")
    assert len(list((tmp_path / "media").iterdir())) == 1


def a_png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))

    header = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no picture of a known kind"),
        (b"<html>", "no picture of a known kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture of a known kind"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 1 1\n", "no picture of a known kind"),
        (encoded(a_photo(), "JPEG")[:2000], "broken one"),
        (encoded(a_photo(), "PNG")[:2000], "broken one"),
        (a_png_that_claims(9000, 9000), "more than 50 million pixels"),
        (a_png_that_claims(60_000, 60_000), "far too many pixels"),
        (b"\0" * 10_000_001, "larger than 10 MB"),
    ],
    ids=["empty", "page", "svg", "postscript", "half a jpeg", "half a png", "large", "bomb", "too many bytes"],
)
def test_what_cannot_be_used_is_a_clear_error(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(PictureInvalid, match=rf"^The picture cannot be used: .*{reason}"):
        store(data, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_part_of_a_stored_picture_is_kept_beside_it_once(tmp_path: Path) -> None:
    chart = Image.new("RGB", (300, 200), "white")
    chart.paste((200, 30, 30), (100, 0, 300, 200))
    stored = store(encoded(chart, "PNG"), tmp_path)
    part = tmp_path / "part.png"

    cut(tmp_path / stored.name, (100, 0, 300, 200), to=part, size=(300, 200))

    assert opened(tmp_path, "part.png").size == (200, 200)
    assert opened(tmp_path, "part.png").convert("RGB").getpixel((0, 0)) == (200, 30, 30)
    (tmp_path / stored.name).unlink()
    cut(tmp_path / stored.name, (100, 0, 300, 200), to=part, size=(300, 200))
    assert [path.name for path in tmp_path.iterdir()] == ["part.png"]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"no picture", encoded(a_photo(), "JPEG")[:5000], encoded(a_photo(60, 60), "PNG"), bytes(10_000_001)],
    ids=["gone", "empty", "words", "broken off", "another", "too large"],
)
def test_nothing_is_cut_from_a_file_that_is_not_the_picture(content: bytes | None, tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    if content is not None:
        picture.write_bytes(content)

    with pytest.raises(PictureInvalid):
        cut(picture, (0, 0, 300, 300), to=tmp_path / "part.jpg", size=(400, 300))

    assert not (tmp_path / "part.jpg").exists()
