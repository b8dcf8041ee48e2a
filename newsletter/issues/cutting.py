"""The files of the parts of pictures that an issue shows (`content.cropping`), in the media folder.

    uncut = cutting.cut(content, site.media_folder)

A part is made once, beside its picture, which stays. Its file is there whole or not at all, so whoever stops in the
middle leaves nothing half, and asking again costs a look at the folder.
"""

from pathlib import Path

from newsletter.content.blocks import IssueContent, LeadStory, Picture, Story
from newsletter.content.cropping import part_of
from newsletter.news import pictures
from newsletter.news.pictures import PictureInvalid


def cut(content: IssueContent, folder: Path) -> frozenset[str]:
    """Make the parts that a content shows and that are not there yet.

    Returns:
        The ids of the blocks whose picture cannot be cut: its file is gone or broken, or the folder refuses.
    """
    return frozenset(
        block.id
        for block in content.blocks
        if isinstance(block, LeadStory | Story) and block.picture and not _is_cut(block.picture, folder)
    )


def _is_cut(picture: Picture, folder: Path) -> bool:
    part = part_of(picture)
    if part is None:
        return True
    box = (part.left, part.top, part.left + part.width, part.top + part.height)
    try:
        pictures.cut(folder / picture.name, box, to=folder / part.name, size=(picture.width, picture.height))
    except (PictureInvalid, OSError):
        return False
    return True
