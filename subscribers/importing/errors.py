"""Why a file cannot be imported at all. A row that cannot is no error: it is reported."""

from pathlib import Path

from subscribers.errors import SubscribersError


class FileUnusable(SubscribersError):
    """A file gives no people: it is missing, empty, no text, or names no address column."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path.name} cannot be imported: {reason}")
        self.path = path
        self.reason = reason
