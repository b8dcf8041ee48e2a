"""What others do in the very moment in which somebody is erased: it waits, and brings nothing back."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from pathlib import Path

import pytest
from sqlalchemy import select

from newsletter.database import Database
from newsletter.delivery import planning
from newsletter.delivery.models import Delivery, Mailing
from newsletter.readers import erasing
from subscribers import importing, lists, people
from subscribers.address import EmailAddress
from subscribers.importing import Import
from subscribers.models import Subscriber
from tests.support.ledgers import a_mailing_to
from tests.support.people import NOW, SECRET, STAFF, a_list, a_subscription, asked

ANNA = EmailAddress.parse("anna@example.org")


def sign_up(database: Database, folder: Path) -> object:
    del folder
    with database.writing() as session:
        return asked(session, lists.named(session, "events"))


def take_in(database: Database, folder: Path) -> object:
    path = folder / "leser.csv"
    path.write_text("email;Vorname\nanna@example.org;Anna\n", "utf-8")
    with database.reading() as session:
        events = lists.named(session, "events")
    with (
        importing.opened(path) as sheet,
        Import(sheet, events, proof="Papier", secret=SECRET, by=STAFF) as run,
    ):
        for chunk in sheet.chunks():
            with database.writing() as session:
                run.take(session, chunk, now=NOW)
        return run.report().suppressed


def plan(database: Database, folder: Path) -> object:
    del folder
    with database.writing() as session:
        mailing_id = session.scalars(select(Mailing.id)).one()
        planning.plan_chunk(session, mailing_id, now=NOW)
        return session.scalars(select(Delivery.address)).all()


@pytest.mark.parametrize("act", [sign_up, take_in, plan])
def test_nothing_of_an_erased_person_comes_back(
    database: Database, tmp_path: Path, act: Callable[[Database, Path], object]
) -> None:
    with database.writing() as session:
        news = a_list(session)
        a_list(session, "events")
        person = a_subscription(session, news).subscriber_id
        a_mailing_to(session, news, due_at=NOW)
    with ThreadPoolExecutor(1) as others:
        with database.writing() as session:
            erasing.erase(session, person, secret=SECRET, by=STAFF, now=NOW)
            doing = others.submit(act, database, tmp_path)
            with pytest.raises(StillWaiting):
                doing.result(timeout=0.5)
        done = doing.result(timeout=20)

    with database.reading() as session:
        row = session.get_one(Subscriber, person)
        assert (row.address, row.first_name, row.address_key) == ("", "", f"erased:{person}")
        found = people.find(session, ANNA)
    if act is sign_up:
        assert found is not None
        assert found.id != person
    else:
        assert found is None
        assert done == (1 if act is take_in else [])
