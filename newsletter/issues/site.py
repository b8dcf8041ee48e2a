"""The facts of the installation that an issue needs to be rendered: addresses and folders."""

from dataclasses import dataclass
from pathlib import Path

from newsletter.issues.errors import DesignNotFound
from newsletter.rendering import design
from newsletter.rendering.design import Design


@dataclass(frozen=True, slots=True)
class Site:
    """Where readers reach us, and where designs and pictures lie.

    `folders` are searched in order; a site's own folder stands before the shipped one.
    `public_problems` are sentences on what keeps the public pages from being lawful.
    """

    public_url: str
    folders: tuple[Path, ...]
    media_folder: Path
    public_problems: tuple[str, ...] = ()

    def design(self, name: str) -> Design:
        """Load a design.

        Raises:
            DesignNotFound: no folder has it.
        """
        for folder in self.folders:
            if name in _names(folder):
                return design.load(folder / name)
        raise DesignNotFound(name, self.design_names())

    def design_names(self) -> tuple[str, ...]:
        """The designs there are, in alphabetical order."""
        return tuple(sorted({name for folder in self.folders for name in _names(folder)}))


def _names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir() if (entry / "issue.mjml").is_file()} if folder.is_dir() else set()
