from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from newsletter.accounts import installation
from newsletter.accounts.models import Installation
from subscribers.actor import Actor, ActorKind
from subscribers.errors import NotPermitted
from subscribers.secret import Secret
from tests.support.makers import BY, NOW, SECRET

ANOTHER = Secret(bytes(range(1, 33)))


def test_a_database_belongs_to_the_secret_it_was_made_with(session: Session) -> None:
    installation.bind(session, SECRET, by=BY, now=NOW)

    installation.check(session, SECRET)
    with pytest.raises(installation.SecretChanged, match="restore it from the same backup"):
        installation.check(session, ANOTHER)


def test_binding_again_changes_nothing(session: Session) -> None:
    installation.bind(session, SECRET, by=BY, now=NOW)

    installation.bind(session, SECRET, by=BY, now=NOW)
    with pytest.raises(installation.SecretChanged):
        installation.bind(session, ANOTHER, by=BY, now=NOW)

    assert session.scalar(select(func.count()).select_from(Installation)) == 1
    installation.check(session, SECRET)


def test_a_new_database_belongs_to_none(session: Session) -> None:
    assert not installation.is_bound(session)
    installation.check(session, SECRET)


def test_not_everybody_binds(session: Session) -> None:
    with pytest.raises(NotPermitted):
        installation.bind(session, SECRET, by=Actor(ActorKind.STAFF, "eda@example.org", frozenset()), now=NOW)


def test_a_home_belongs_to_the_first_database_it_meets(session: Session, tmp_path: Path) -> None:
    installation.bind(session, SECRET, by=BY, now=NOW)

    installation.check_home(session, tmp_path)
    installation.check_home(session, tmp_path)
    session.execute(update(Installation).values(install_id="another"))

    with pytest.raises(installation.HomeOfAnother, match="belongs to another installation"):
        installation.check_home(session, tmp_path)


def test_a_new_database_is_refused_by_a_home_that_has_one(session: Session, tmp_path: Path) -> None:
    installation.check_home(session, tmp_path)
    assert not (tmp_path / installation.HOME_FILE).exists()
    (tmp_path / installation.HOME_FILE).write_text("its database is lost")

    with pytest.raises(installation.HomeOfAnother):
        installation.check_home(session, tmp_path)


def test_a_home_that_cannot_be_written_to_is_taken_as_it_is(session: Session, tmp_path: Path) -> None:
    installation.bind(session, SECRET, by=BY, now=NOW)

    installation.check_home(session, tmp_path / "gone")
