import asyncio

import pytest
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import settling
from newsletter.delivery.books import Books
from newsletter.delivery.patience import Patient
from tests.support.ledgers import Clock, a_mailing, a_worker
from tests.support.memory import MemoryTransport


class Defect(Exception):
    """An error that no database raises."""


@pytest.fixture
def _settling_is_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_session: Session, _settlements: object) -> None:
        raise Defect

    monkeypatch.setattr(settling, "settle_all", broken)


@pytest.mark.usefixtures("_settling_is_broken")
def test_a_defect_in_settling_ends_the_sender_instead_of_letting_it_wait_for_ever(database: Database) -> None:
    with database.writing() as session:
        a_mailing(session, ["anna@example.org"])

    with pytest.raises(Defect):
        a_worker(database, MemoryTransport()).run_until_idle()


@pytest.mark.usefixtures("_settling_is_broken")
def test_who_asks_after_a_defect_hears_it_at_once(database: Database) -> None:
    async def ask() -> None:
        clock = Clock()
        async with Books(Patient(database, sleep=lambda _: None), clock=clock, monotonic=clock.monotonic) as books:
            books.settle(object())  # type: ignore[arg-type]  # what it is does not matter
            for _ in range(2):
                with pytest.raises(Defect):
                    await books.ask(lambda _: None)

    with pytest.raises(Defect):
        asyncio.run(ask())
