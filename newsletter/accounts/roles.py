"""The one place that decides what anybody of the staff may do.

    permissions_of([Grant(Role.EDITOR, publication_id=7)], publication_id=7)  # writes there
    permissions_of([Grant(Role.EDITOR, publication_id=7)], publication_id=8)  # nothing there but the pool of news

A role is held on one publication or on all of them. What is asked without a publication is about the whole
installation, and only a role on all publications counts there; with two exceptions: the pool of news belongs to whoever
writes for any publication, and one's own account to everybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.delivery.permissions import SEND_ISSUES, SEND_TESTS, SET_RATES
from newsletter.issues.permissions import APPROVE_ISSUES, CORRECT_ISSUES, MANAGE_PUBLICATIONS, WRITE_ISSUES
from newsletter.news.permissions import WRITE_NEWS
from subscribers.actor import MANAGE_PEOPLE, Permission


class Role(StrEnum):
    """What somebody is to the organisation's newsletters."""

    EDITOR = "editor"  # writes
    APPROVER = "approver"  # writes and releases
    LIST_ADMIN = "list admin"  # manages people
    ADMIN = "admin"  # everything


MANAGE_STAFF = Permission("staff.manage")
READ_AUDIT = Permission("audit.read")
OWN_ACCOUNT = Permission("account.own")  # everybody has it, whatever their role

_EDITOR = frozenset({WRITE_NEWS, WRITE_ISSUES, SEND_TESTS})

_APPROVER = _EDITOR | {APPROVE_ISSUES, SEND_ISSUES, CORRECT_ISSUES}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.EDITOR: _EDITOR,
    Role.APPROVER: _APPROVER,
    Role.LIST_ADMIN: frozenset({MANAGE_PEOPLE}),
    Role.ADMIN: _APPROVER | {SET_RATES, MANAGE_PUBLICATIONS, MANAGE_PEOPLE, MANAGE_STAFF, READ_AUDIT},
}

# About the installation itself: no role on a single publication gives them, wherever they are asked.
INSTALLATION = frozenset({SET_RATES, MANAGE_STAFF, READ_AUDIT})
# The same for all publications: a role on any of them gives these.
SHARED = frozenset({WRITE_NEWS})


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, on one publication, or on all where that is None."""

    role: Role
    publication_id: int | None = None


def permissions_of(grants: Iterable[Grant], *, publication_id: int | None) -> frozenset[Permission]:
    """What somebody with these grants may do on a publication; with None, on the whole installation."""
    held = {OWN_ACCOUNT}
    for grant in grants:
        given = PERMISSIONS[grant.role]
        if grant.publication_id is None:
            held |= given
        elif grant.publication_id == publication_id:
            held |= given - INSTALLATION
        else:
            held |= given & SHARED
    return frozenset(held)


def permissions_anywhere(grants: Iterable[Grant]) -> frozenset[Permission]:
    """What somebody with these grants may do on the installation or on any publication."""
    held = tuple(grants)
    places = {None, *(grant.publication_id for grant in held)}
    return frozenset().union(*(permissions_of(held, publication_id=place) for place in places))


def roles_with(permission: Permission) -> tuple[Role, ...]:
    """The roles that give a permission."""
    return tuple(role for role, permissions in PERMISSIONS.items() if permission in permissions)
