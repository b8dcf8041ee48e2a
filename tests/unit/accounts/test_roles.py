import importlib
import pkgutil

import newsletter
import subscribers
from newsletter.accounts.roles import PERMISSIONS, Role
from subscribers.actor import CHANGE_OWN_CHOICES


def _stated_permissions() -> set[str]:
    """Every constant of a permission in the code: upper case, with a text such as `news.write`."""
    found: set[str] = set()
    for package in (newsletter, subscribers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith(("permissions", "roles", "actor")):
                names = vars(importlib.import_module(module.name))
                found |= {
                    value for name, value in names.items() if name.isupper() and isinstance(value, str) and "." in value
                }
    return found


def test_an_admin_may_do_everything_but_act_as_a_reader() -> None:
    assert PERMISSIONS[Role.ADMIN] == _stated_permissions() - {CHANGE_OWN_CHOICES}


def test_an_editor_writes_and_tries_but_neither_approves_nor_sends_nor_sees_people() -> None:
    assert PERMISSIONS[Role.EDITOR] == {"news.write", "issues.write", "issues.test"}


def test_an_approver_does_what_an_editor_does_and_releases() -> None:
    assert PERMISSIONS[Role.APPROVER] - PERMISSIONS[Role.EDITOR] == {
        "issues.approve",
        "issues.send",
        "issues.correct",
    }


def test_a_list_admin_sees_people_alone() -> None:
    assert PERMISSIONS[Role.LIST_ADMIN] == {"people.manage"}
