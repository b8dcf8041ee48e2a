"""What each role of the staff may do."""

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

_EDITOR = frozenset({WRITE_NEWS, WRITE_ISSUES, SEND_TESTS})

_APPROVER = _EDITOR | {APPROVE_ISSUES, SEND_ISSUES, CORRECT_ISSUES}

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.EDITOR: _EDITOR,
    Role.APPROVER: _APPROVER,
    Role.LIST_ADMIN: frozenset({MANAGE_PEOPLE}),
    Role.ADMIN: _APPROVER | {SET_RATES, MANAGE_PUBLICATIONS, MANAGE_PEOPLE, MANAGE_STAFF},
}
