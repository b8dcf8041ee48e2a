"""A folder of journals and its database, each put back alone."""

import datetime as dt
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from newsletter.database import Database
from newsletter.delivery import generations, mailings, missed, pairing, planning, resending
from newsletter.delivery.executors import Executor
from newsletter.delivery.identity import who_of
from newsletter.delivery.journal import Answer, Begin, Journal, Leased
from newsletter.delivery.journals import Journals
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.pairing import JournalFolder, Pairing, RestoreInDoubt
from newsletter.delivery.patience import Patient
from newsletter.delivery.verdicts import Reply, Step
from subscribers.audit import AuditEntry
from tests.support.ledgers import Clock, a_mailing, a_system_mail
from tests.support.makers import BY, NOW

TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")
T = TypeVar("T")
Pair = Callable[[], Pairing]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def journals(folder: Path, clock: Clock) -> Journals:
    return Journals(folder, monotonic=clock.monotonic)


@pytest.fixture
def pair(database: Database, journals: Journals, clock: Clock) -> Pair:
    """Makes what a process makes when it starts."""
    return lambda: Pairing(Patient(database, sleep=lambda _: None), journals, clock=clock)


@pytest.fixture
def mailing(database: Database) -> int:
    """A planned mailing to four."""
    with database.writing() as session:
        made = a_mailing(session, [f"r{number}@example.org" for number in range(1, 5)]).id
        while planning.plan_chunk(session, made, now=NOW):
            pass
    return made


def _row(database: Database) -> JournalFolder:
    with database.reading() as session:
        return session.scalars(select(JournalFolder)).one()


def _put_back(database: Database, row: JournalFolder) -> None:
    """Restore what the database had of the folder."""
    with database.writing() as session:
        session.execute(update(JournalFolder).values(generation=row.generation, mark=row.mark))


def _state(database: Database, mailing: int) -> tuple[str, str]:
    with database.reading() as session:
        found = session.get_one(Mailing, mailing)
        return found.state, found.stopped_for


def _closed_journal(database: Database, journals: Journals, mailing: int, *, settled: bool) -> None:
    """A journal that says that the first recipient accepted, which the database has heard of, or not."""
    with database.writing() as session:
        found = session.get_one(Mailing, mailing)
        who = who_of(mailing, found.created_at, "r1@example.org")
        if settled:
            session.execute(
                update(Delivery).where(Delivery.position == 1).values(state="accepted", attempt=1, code=250)
            )
    journal = journals.create()
    journal.write(Leased(mailing, 1, 4, made_at=NOW, name="Aktuell"), Begin(mailing, 1, 1, date=NOW, who=who))
    journal.write(Answer(mailing, 1, 1, reply=TAKEN, relay="relay", at=NOW, who=who))
    journal.close()


def test_two_new_ones_belong_together(database: Database, pair: Pair, folder: Path, journals: Journals) -> None:
    assert pair().keep() == ""

    row = _row(database)
    assert (row.id, row.host, row.generation, row.seen_at) == (journals.me.folder, journals.me.host, 1, NOW)
    with generations.noted(folder) as file:
        assert file.read().confirmed == row.at


def test_their_generation_rises_every_ten_seconds(database: Database, pair: Pair, clock: Clock) -> None:
    running = pair()
    for seconds in (0, 5, 4, 1, 10):
        clock.forward(seconds=seconds)
        running.keep()

    assert _row(database).generation == 3
    assert _row(database).seen_at == NOW + dt.timedelta(seconds=20)


def test_a_clock_that_goes_back_does_not_stop_it(database: Database, pair: Pair, clock: Clock) -> None:
    running = pair()
    running.keep()
    clock.forward(days=-30)
    running.keep()

    assert _row(database).generation == 2


def test_an_older_database_pauses_everything(database: Database, pair: Pair, clock: Clock, mailing: int) -> None:
    with database.writing() as session:
        system = a_system_mail(session).id
    running = pair()
    running.keep()
    backup = _row(database)
    clock.forward(seconds=10)
    running.keep()
    _put_back(database, backup)

    told = pair().keep()

    assert told.startswith("The database is older than the journals of ")
    assert (_state(database, mailing), _state(database, system)) == (("paused", "restored"), ("paused", "restored"))
    with database.reading() as session:
        assert session.get_one(Mailing, mailing).reason.endswith(
            "First run `newsletter mailing recover` on that machine."
        )
        assert pairing.problems(session) == (session.get_one(Mailing, mailing).reason,)
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id.desc()).limit(2)).all()
    assert actions == ["mailing.pause", "mailing.pause"]


def test_a_database_from_before_the_folder_is_older(database: Database, pair: Pair, mailing: int) -> None:
    pair().keep()
    with database.writing() as session:
        session.execute(delete(JournalFolder))

    assert pair().keep().startswith("The database is older")
    assert _state(database, mailing) == ("paused", "restored")


def test_a_database_is_put_back_under_a_running_worker(
    database: Database, pair: Pair, clock: Clock, mailing: int
) -> None:
    running = pair()
    running.keep()
    backup = _row(database)
    clock.forward(seconds=10)
    running.keep()
    _put_back(database, backup)
    assert running.keep() == ""
    clock.forward(seconds=10)

    assert running.keep().startswith("The database is older")
    assert _state(database, mailing) == ("paused", "restored")


def test_doubt_stands_until_a_person_ends_it(database: Database, pair: Pair, clock: Clock, mailing: int) -> None:
    pair().keep()
    with database.writing() as session:
        session.execute(delete(JournalFolder))
    pair().keep()
    clock.forward(days=1)

    assert pair().keep().startswith("The database is older")
    with database.writing() as session:
        found = mailings.mailing(session, mailing)
        for forbidden in (
            lambda: mailings.resume(session, found, by=BY, now=NOW),
            lambda: resending.resend_all(session, found, by=BY, now=NOW),
            lambda: missed.send(session, found, by=BY, now=NOW),
        ):
            with pytest.raises(RestoreInDoubt, match="newsletter mailing recover"):
                forbidden()
    assert _state(database, mailing) == ("paused", "restored")


def test_what_was_sent_after_the_last_rise_is_found_in_the_journals(
    database: Database, pair: Pair, journals: Journals, mailing: int
) -> None:
    pair().keep()
    _closed_journal(database, journals, mailing, settled=False)

    assert pair().keep().startswith("The database is older")
    assert _state(database, mailing) == ("paused", "restored")


def test_journals_that_the_database_has_heard_of_prove_nothing(
    database: Database, pair: Pair, journals: Journals, mailing: int
) -> None:
    pair().keep()
    _closed_journal(database, journals, mailing, settled=True)

    assert pair().keep() == ""
    assert _state(database, mailing) == ("sending", "")


class _BusyNeighbour(Patient):
    """Somebody who settles and closes a journal just when the journals are compared with a snapshot."""

    def __init__(self, database: Database, act: Callable[[], None]) -> None:
        super().__init__(database, sleep=lambda _: None)
        self._database = database
        self._act = act
        self._reads = 0

    def read(self, work: Callable[[Session], T]) -> T:
        with self._database.reading() as session:
            session.scalar(select(JournalFolder.generation))
            self._reads += 1
            if self._reads == 2:
                self._act()
            return work(session)


def test_what_a_neighbour_closes_meanwhile_proves_nothing(
    database: Database, pair: Pair, journals: Journals, clock: Clock, mailing: int
) -> None:
    pair().keep()
    settled = partial(_closed_journal, database, journals, mailing, settled=True)
    journals.create().close()

    busy = Pairing(_BusyNeighbour(database, settled), journals, clock=clock)

    assert busy.keep() == ""
    assert len(list(journals.closed())) == 2


def test_a_mailing_that_the_database_does_not_have_proves_it(pair: Pair, journals: Journals) -> None:
    pair().keep()
    journal = journals.create()
    journal.write(Leased(7, 1, 1, made_at=NOW, name="Aktuell"), Begin(7, 1, 1, who="1234"))
    journal.close()

    assert pair().keep().startswith("The database is older")


def test_an_erased_recipient_proves_nothing(database: Database, pair: Pair, journals: Journals, mailing: int) -> None:
    pair().keep()
    _closed_journal(database, journals, mailing, settled=True)
    with database.writing() as session:
        session.execute(update(Delivery).where(Delivery.position == 1).values(address="", address_key="erased:1"))

    assert pair().keep() == ""


def test_an_older_home_tells_nothing_of_its_leases(
    database: Database, pair: Pair, clock: Clock, journals: Journals, mailing: int
) -> None:
    folder = journals.folder
    pair().keep()
    dead = Executor(journals.me.folder, journals.me.host, journals.me.boot, 1, 1)
    Journal.create(folder, str(dead)).let_go()
    shutil.copytree(folder, folder.with_name("backup"))
    clock.forward(seconds=10)
    pair().keep()
    shutil.rmtree(folder)
    shutil.move(folder.with_name("backup"), folder)

    told = pair().keep()

    assert told.startswith("The journals of ")
    assert _state(database, mailing) == ("paused", "restored")
    assert list(folder.glob("*.journal")) == []
    [aside] = journals.closed()
    assert not aside.is_whole


def test_of_two_copies_of_a_home_one_is_told(
    database: Database, pair: Pair, folder: Path, tmp_path: Path, clock: Clock
) -> None:
    pair().keep()
    shutil.copytree(folder, tmp_path / "copy")
    copied = Pairing(
        Patient(database, sleep=lambda _: None), Journals(tmp_path / "copy", monotonic=clock.monotonic), clock=clock
    )
    clock.forward(seconds=10)

    assert pair().keep() == ""
    assert copied.keep().startswith("The journals of ")


def test_a_home_that_was_away_for_a_week_is_the_same(database: Database, pair: Pair, clock: Clock) -> None:
    pair().keep()
    clock.forward(days=7)

    assert pair().keep() == ""
    assert _row(database).generation == 2


def test_a_crash_between_the_two_places_is_none(database: Database, pair: Pair, folder: Path) -> None:
    pair().keep()
    before = (folder / generations.NAME).read_bytes()
    with generations.noted(folder) as file:
        at = file.read().confirmed
        assert at is not None
        file.intend(at.next(), after=at)

    assert pair().keep() == ""
    assert before != (folder / generations.NAME).read_bytes()
    intended = generations.Generation(9, "nine")
    with generations.noted(folder) as file:
        file.intend(intended, after=_row(database).at)
    with database.writing() as session:
        session.execute(update(JournalFolder).values(generation=9, mark="nine"))

    assert pair().keep() == ""
    assert _row(database).generation == 10


def test_a_folder_that_cannot_be_written_to_is_no_restore(
    database: Database, pair: Pair, folder: Path, mailing: int
) -> None:
    pair().keep()
    (folder / f"{generations.NAME}.draft").mkdir()

    assert pair().keep() == ""
    assert _row(database).generation == 1
    assert _state(database, mailing) == ("sending", "")
