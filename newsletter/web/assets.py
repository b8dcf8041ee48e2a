"""The static files of the pages, held in memory under addresses that change when their content does.

Those of `static/dist` are bundled from `frontend` when the package is installed (`hatch_build.py`).

assets.url("site.css")  # /static/3f9a51c20b7d/site.css
"""

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
DIGITS = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: the digest in its address, its media type and content."""

    digest: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """All files of the folder, by their path in it. `prefix` is the path the site lies under, mostly empty."""

    prefix: str
    files: dict[str, Asset]

    @classmethod
    def load(cls, *, prefix: str, folder: Path = FOLDER) -> "Assets":
        """Read the folder, and the bundle in it; a file of a folder is named with it, one of the bundle without."""
        paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))
        return cls(prefix, {_name_of(path, folder): _read(path) for path in paths})

    def url(self, name: str) -> str:
        """The address of a file; a name that is none raises `KeyError`."""
        return f"{self.prefix}/static/{self.files[name].digest}/{name}"

    def find(self, digest: str, name: str) -> Asset | None:
        """The file of that address, unless it has changed since."""
        asset = self.files.get(name)
        return asset if asset is not None and asset.digest == digest else None


def _name_of(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix().removeprefix("dist/")


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    media_type = mimetypes.types_map.get(path.suffix, "application/octet-stream")
    return Asset(hashlib.sha256(content).hexdigest()[:DIGITS], media_type, content)
