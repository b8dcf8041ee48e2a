import pytest
from sqlalchemy import func, select
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
