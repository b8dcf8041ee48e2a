"""Who does something, and whether they may.

    by.require(MANAGE_PEOPLE)

Every use-case takes `by: Actor`. An actor carries the permissions it came with: a staff
user those of its role, a reader's token the right over the reader's own data, the command
line and the worker all of them, because they already hold the database.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from subscribers.errors import NotPermitted

Permission = NewType("Permission", str)

MANAGE_PEOPLE = Permission("people.manage")
CHANGE_OWN_CHOICES = Permission("own.change")


class ActorKind(StrEnum):
    """Where an act comes from."""

    STAFF = "staff"
    READER = "reader"
    COMMAND_LINE = "command line"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts. `permissions` of None means every permission.

    `name` goes into the audit log: a staff user's e-mail address, `subscriber:7` for a
    reader, never a reader's address.
    """

    kind: ActorKind
    name: str
    permissions: frozenset[Permission] | None

    @classmethod
    def command_line(cls) -> "Actor":
        """Whoever can run the program on the machine that holds the database."""
        return cls(ActorKind.COMMAND_LINE, "command line", None)

    @classmethod
    def worker(cls) -> "Actor":
        """The program itself, working through what people decided."""
        return cls(ActorKind.WORKER, "worker", None)

    @classmethod
    def reader(cls, subscriber_id: int | None) -> "Actor":
        """A reader, known by a token, or a visitor of the sign-up page (None)."""
        name = "visitor" if subscriber_id is None else f"subscriber:{subscriber_id}"
        return cls(ActorKind.READER, name, frozenset({CHANGE_OWN_CHOICES}))

    def may(self, permission: Permission) -> bool:
        """Tell whether the actor holds the permission."""
        return self.permissions is None or permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Go on only with the permission.

        Raises:
            NotPermitted: the actor does not hold it.
        """
        if not self.may(permission):
            raise NotPermitted(self.name, permission)
