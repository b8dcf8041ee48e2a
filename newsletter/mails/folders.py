"""Where the templates of a mail lie: in the site's own folder, else in the shipped one.

folders(session, "confirmation", "letter")  # each name in each folder, the first name first
"""

from pathlib import Path

from sqlalchemy.orm import Session

from newsletter.database import TEMPLATES
from newsletter.settings import templates_folder


def folders(session: Session, *names: str) -> tuple[Path, ...]:
    """The folders to look through; those of the app's settings, which its sessions carry."""
    roots = session.info.get(TEMPLATES) or (templates_folder(),)
    return tuple(root / "mail" / name for name in names for root in roots)
