"""What somebody wrote while somebody else saved the same field: held beside it until they decide.

The words wait in the form itself, as hidden fields `mine.b3.title`, so they outlive every save and need no script.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newsletter.content.blocks import IssueContent, Picture
from newsletter.content.merging import KIND, ORDER, REMOVED, Conflict
from newsletter.web.staff.composer import fields

PREFIX = "mine."
STRUCTURAL = frozenset({KIND, ORDER, REMOVED})  # of these there are no words to take


@dataclass(frozen=True, slots=True)
class Held:
    """One such place, by the name of its field; `mine` is empty for what is no field."""

    name: str
    mine: str

    @property
    def what(self) -> str:
        """The last part of the name, such as `title`, or one of `STRUCTURAL`."""
        return self.name.rpartition(".")[2]

    @property
    def block(self) -> str:
        """The block it is in; empty for the issue's own."""
        return self.name.rpartition(".")[0]

    @property
    def can_be_taken(self) -> bool:
        """Tell whether there are words to take."""
        return self.what not in STRUCTURAL


def of_form(form: Mapping[str, str]) -> tuple[Held, ...]:
    """What the form still holds."""
    return tuple(Held(name.removeprefix(PREFIX), value) for name, value in form.items() if name.startswith(PREFIX))


def of_conflicts(conflicts: Iterable[Conflict]) -> tuple[Held, ...]:
    """What a merge could not bring in."""
    return tuple(held for conflict in conflicts for held in _of_conflict(conflict))


def standing(held: Iterable[Held], content: IssueContent) -> tuple[Held, ...]:
    """Those that still matter, the newest of each place: a field that is gone or says the same is settled."""
    now = fields.of(content)
    newest = {each.name: each for each in held}
    return tuple(
        each for each in newest.values() if not each.can_be_taken or (each.name in now and now[each.name] != each.mine)
    )


def _of_conflict(conflict: Conflict) -> Iterable[Held]:
    if conflict.field in STRUCTURAL:
        yield Held(f"{conflict.block}.{conflict.field}", "")
    elif isinstance(conflict.mine, str):
        name = f"{conflict.block}.{conflict.field}" if conflict.block else conflict.field
        yield Held(name, conflict.mine)
    elif isinstance(conflict.mine, Picture):
        for field in fields.OF_PICTURE:
            yield Held(f"{conflict.block}.{field}", getattr(conflict.mine, field))
