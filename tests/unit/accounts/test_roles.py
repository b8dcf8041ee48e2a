import importlib
import pkgutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsletter
import subscribers
from newsletter.accounts.roles import INSTALLATION, OWN_ACCOUNT, PERMISSIONS, Grant, Role, permissions_of
from newsletter.news.permissions import WRITE_NEWS
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
    assert PERMISSIONS[Role.ADMIN] == _stated_permissions() - {CHANGE_OWN_CHOICES, OWN_ACCOUNT}


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


@pytest.mark.parametrize(
    ("grants", "publication_id", "may"),
    [
        ((), None, set()),
        ((Grant(Role.EDITOR),), None, {"news.write", "issues.write", "issues.test"}),
        ((Grant(Role.EDITOR),), 7, {"news.write", "issues.write", "issues.test"}),
        ((Grant(Role.EDITOR, 7),), 7, {"news.write", "issues.write", "issues.test"}),
        ((Grant(Role.EDITOR, 7),), 8, {"news.write"}),
        ((Grant(Role.EDITOR, 7),), None, {"news.write"}),
        ((Grant(Role.LIST_ADMIN, 7),), None, set()),
        ((Grant(Role.LIST_ADMIN, 7), Grant(Role.EDITOR, 8)), 7, {"people.manage", "news.write"}),
    ],
)
def test_a_grant_counts_where_it_is_held(grants: tuple[Grant, ...], publication_id: int | None, may: set[str]) -> None:
    assert permissions_of(grants, publication_id=publication_id) - {OWN_ACCOUNT} == may


def test_an_admin_of_one_publication_may_all_there_but_what_is_about_the_installation() -> None:
    there = permissions_of([Grant(Role.ADMIN, 7)], publication_id=7)

    assert PERMISSIONS[Role.ADMIN] - there == {"staff.manage", "audit.read", "rates.set"}
    assert permissions_of([Grant(Role.ADMIN, 7)], publication_id=None) == {"news.write", OWN_ACCOUNT}


grants = st.builds(Grant, st.sampled_from(list(Role)), st.one_of(st.none(), st.integers(1, 3)))


@given(st.lists(grants, max_size=6), st.one_of(st.none(), st.integers(1, 4)))
def test_nothing_is_allowed_that_no_grant_gives_there(held: list[Grant], publication_id: int | None) -> None:
    may = permissions_of(held, publication_id=publication_id)

    reaching = [each for each in held if each.publication_id in {None, publication_id}]
    given_there = set().union(*(PERMISSIONS[each.role] for each in reaching))
    assert may <= given_there | {OWN_ACCOUNT, WRITE_NEWS}
    if not any(each.publication_id is None for each in held):
        assert not may & INSTALLATION
