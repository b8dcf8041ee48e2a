"""Pictures from anywhere, made safe and small for a mail, in the media folder.

    stored = store(data, settings.media_folder)
    settings.media_folder / stored.name

A stored picture is decoded and written anew: upright, at most 1200 pixels wide (twice the
600 of a mail), sRGB, without transparency, position or other metadata. It is a JPEG, or a PNG
where few colours say that it is a graphic; Outlook shows neither WebP nor AVIF. Its name is the
hash of its content, so the same picture is kept once and a name never changes its meaning.
"""

import hashlib
import io
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from newsletter.errors import NewsletterError

_WIDEST = 1200
_TALLEST = 2400  # pixels: a strip higher than that is no illustration
_LIMIT_BYTES = 10_000_000
_LIMIT_PIXELS = 50_000_000  # a camera's 8000 × 6000; 150 MB while it is decoded
_QUALITY = 80
_GRAPHIC_COLOURS = 256  # what a PNG palette holds
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")  # Pillow's other decoders stay shut
_DECODING_ERRORS = (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, ArithmeticError)


class PictureInvalid(NewsletterError):
    """Bytes are no picture that a mail can show; `reason` is a clause that ends the sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The picture cannot be used: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A file in the media folder, and its size in pixels."""

    name: str
    width: int
    height: int


def store(data: bytes, folder: Path) -> StoredPicture:
    """Check a picture, make it anew, and keep it; the folder is made where it is missing.

    Raises:
        PictureInvalid: no picture, a broken one, or one of too many bytes or pixels.
    """
    if len(data) > _LIMIT_BYTES:
        raise PictureInvalid(f"it is larger than {_LIMIT_BYTES // 1_000_000} MB")
    picture = _flat(_decoded(data))
    suffix = "jpg" if picture.getcolors(_GRAPHIC_COLOURS) is None else "png"
    encoded = _encoded(picture, suffix)
    name = f"{hashlib.sha256(encoded).hexdigest()[:32]}.{suffix}"
    _write(folder / name, encoded)
    return StoredPicture(name, picture.width, picture.height)


def cut(path: Path, box: tuple[int, int, int, int], *, to: Path, size: tuple[int, int]) -> None:
    """Keep a part of a stored picture as a file of its own, of the kind that its name says; once made it stays.

    `box` is left, top, right and bottom in pixels, `size` the width and height that the picture should have.

    Raises:
        PictureInvalid: the file is gone or broken, or is another picture.
    """
    if to.exists():
        return
    try:
        picture = _decoded(_read(path))
    except OSError as error:
        raise PictureInvalid("its file cannot be read") from error
    if picture.size != size:
        raise PictureInvalid("its file has another size than it had")
    _write(to, _encoded(_flat(picture.crop(box)), to.suffix.removeprefix(".")))


def _read(path: Path) -> bytes:
    if path.stat().st_size > _LIMIT_BYTES:
        raise PictureInvalid(f"it is larger than {_LIMIT_BYTES // 1_000_000} MB")
    return path.read_bytes()


def _decoded(data: bytes) -> Image.Image:
    """The first frame, upright and no larger than needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # damaged metadata and large sizes are warned about; both are handled here
        try:
            picture: Image.Image = Image.open(io.BytesIO(data), formats=_FORMATS)
            if picture.width * picture.height > _LIMIT_PIXELS:
                raise PictureInvalid(f"it has more than {_LIMIT_PIXELS // 1_000_000} million pixels")
            picture.draft("RGB", (_WIDEST, _TALLEST))  # a JPEG is decoded smaller, which is faster
            picture = ImageOps.exif_transpose(picture)
            picture.load()
        except Image.DecompressionBombError as error:
            raise PictureInvalid("it would unpack to far too many pixels") from error
        except _DECODING_ERRORS as error:
            raise PictureInvalid("it is no picture of a known kind, or a broken one") from error
    return picture


def _flat(picture: Image.Image) -> Image.Image:
    """Opaque sRGB of the size of a mail."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):  # 16 bits of grey, of which the upper eight are wanted
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture).convert("RGB")
    picture = _in_srgb(picture, profile)
    picture.thumbnail((_WIDEST, _TALLEST), Image.Resampling.LANCZOS)
    return picture


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile and picture.mode in {"RGB", "CMYK", "L"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            converted = None  # a damaged profile, or one of another colour space: the numbers stand as they are
        if converted is not None:
            return converted
    return picture.convert("RGB")


def _encoded(picture: Image.Image, suffix: str) -> bytes:
    written = io.BytesIO()
    if suffix == "png":
        picture.save(written, "PNG", optimize=True)
    else:
        picture.save(written, "JPEG", quality=_QUALITY, progressive=True, optimize=True)
    return written.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Put the file in place whole or not at all; one that is there already has this content."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)  # a web server of another user may hand it out
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
