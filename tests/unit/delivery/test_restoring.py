import datetime as dt
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from newsletter.database import Database
from newsletter.delivery import ledger, mailings, planning, restoring
from newsletter.delivery.executors import Executor
from newsletter.delivery.identity import who_of
from newsletter.delivery.journal import SUFFIX, Answer, Begin, Journal, Leased
from newsletter.delivery.journals import SWEPT, Journals
from newsletter.delivery.models import Delivery, Mailing
from newsletter.delivery.pairing import JournalFolder
from newsletter.delivery.patience import Patient
from newsletter.delivery.recovering import Recovery
from newsletter.delivery.restoring import Findings, Stranger
from newsletter.delivery.verdicts import Reply, Step, Verdict
from subscribers.actor import Actor, ActorKind
from subscribers.audit import AuditEntry
from subscribers.errors import NotPermitted
from tests.support.ledgers import Clock, a_mailing, a_system_mail
from tests.support.makers import BY, NOW

TAKEN = Reply(Step.FINAL_DOT, 250, "2.0.0", "Ok")
REFUSED = Reply(Step.RCPT, 550, "5.1.1", "no such user")
ADDRESSES = tuple(f"r{number}@example.org" for number in range(1, 5))
NOBODY = Actor(ActorKind.STAFF, "eda@example.org", frozenset())


@pytest.fixture
def journals(tmp_path: Path) -> Journals:
    return Journals(tmp_path / "journal", monotonic=lambda: 0.0)


@pytest.fixture
def recovery(database: Database, journals: Journals) -> Recovery:
    return Recovery(Patient(database, sleep=lambda _: None), journals, clock=Clock())


@pytest.fixture
def recover(database: Database, journals: Journals, recovery: Recovery) -> Callable[[], Findings]:
    return lambda: restoring.recover(database, journals, recovery=recovery, by=BY, clock=Clock())


@pytest.fixture
def unplanned(database: Database) -> int:
    with database.writing() as session:
        return a_mailing(session, ADDRESSES).id


@pytest.fixture
def mailing(database: Database, unplanned: int) -> int:
    """A planned mailing to four."""
    with database.writing() as session:
        while planning.plan_chunk(session, unplanned, now=NOW):
            pass
    return unplanned


def _sent(journals: Journals, mailing: int, *outcomes: tuple[int, Reply | None], made_at: dt.datetime = NOW) -> Journal:
    """A journal of a lease, still open: each position with its answer, or begun without one."""
    journal = journals.create()
    journal.write(Leased(mailing, 1, 4, made_at=made_at, name="Aktuell"))
    for position, reply in outcomes:
        who = who_of(mailing, made_at, f"r{position}@example.org")
        if reply is None or reply.step is Step.FINAL_DOT:
            journal.write(Begin(mailing, position, 1, date=NOW, digest="d", who=who))
        if reply is not None:
            journal.write(Answer(mailing, position, 1, reply=reply, relay="relay", at=NOW, who=who))
    return journal


def _older(database: Database, *, seen_at: dt.datetime = NOW) -> None:
    """Have the database be of before the last rise."""
    with database.writing() as session:
        session.execute(update(JournalFolder).values(generation=1, mark="older", seen_at=seen_at))


def _states(database: Database, mailing: int) -> list[str]:
    with database.reading() as session:
        rows = select(Delivery.state).where(Delivery.mailing_id == mailing).order_by(Delivery.position)
        return list(session.scalars(rows))


def _mailing(database: Database, mailing: int) -> tuple[str, str]:
    with database.reading() as session:
        found = session.get_one(Mailing, mailing)
        return found.state, found.stopped_for


def _restored(database: Database, recovery: Recovery, before: Sequence[Callable[[], object]] = ()) -> None:
    recovery.run()
    for act in before:
        act()
    with database.writing() as session:
        session.execute(update(JournalFolder).values(doubt="database older"))


def test_what_the_journals_know_is_told_to_the_database(
    database: Database, journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    recovery.run()
    _sent(journals, mailing, (1, TAKEN), (2, REFUSED), (3, None)).close()

    found = recover()

    assert _states(database, mailing) == ["accepted", "rejected", "unknown", "queued"]
    assert (found.journals, found.accepted, found.unknown, found.since, found.until) == (1, 1, 1, NOW, NOW)
    assert found.settled == Counter({Verdict.ACCEPTED: 1, Verdict.REJECTED: 1, Verdict.UNKNOWN: 1})


def test_recovering_pauses_what_no_worker_has_paused_yet(
    database: Database, journals: Journals, recover: Callable[[], Findings], mailing: int
) -> None:
    recover()
    _older(database)
    _sent(journals, mailing, (1, TAKEN)).close()
    clock = Clock()
    late = Recovery(Patient(database, sleep=lambda _: None), journals, clock=clock)

    found = restoring.recover(database, journals, recovery=late, by=BY, clock=clock)

    assert found.happened.startswith("The database is older than the journals of ")
    assert found.waiting == (mailing,)
    assert _mailing(database, mailing) == ("paused", "restored")
    with database.writing() as session:
        mailings.resume(session, mailings.mailing(session, mailing), by=BY, now=NOW)


def test_once_more_changes_nothing(
    database: Database, journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    _restored(database, recovery, [lambda: _sent(journals, mailing, (1, TAKEN), (3, None)).close()])
    recover()
    with database.writing() as session:
        session.execute(update(Delivery).where(Delivery.position == 3).values(state="queued"))  # a person resent it

    found = recover()

    assert (found.happened, found.journals, found.accepted, found.unknown) == ("", 1, 0, 0)
    assert _states(database, mailing) == ["accepted", "queued", "queued", "queued"]


def test_home_and_database_match_again(
    database: Database, journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    del mailing
    _restored(database, recovery)

    recover()

    with database.reading() as session:
        assert session.scalars(select(JournalFolder.doubt)).all() == [""]
        audited = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert audited is not None
    assert (audited.action, audited.subject) == ("journal.recover", f"journal:{journals.me.folder}")
    told: list[str] = []
    again = Recovery(Patient(database, sleep=lambda _: None), journals, clock=Clock(), say=told.append)
    again.run()
    assert told == []


def test_a_mailing_that_is_not_planned_yet_is_frozen_first(
    database: Database, journals: Journals, recovery: Recovery, unplanned: int
) -> None:
    recovery.run()
    _sent(journals, unplanned, (1, TAKEN), (4, TAKEN)).close()
    with database.writing() as session:
        session.execute(delete(JournalFolder))
    again = Recovery(Patient(database, sleep=lambda _: None), journals, clock=Clock())

    found = restoring.recover(database, journals, recovery=again, by=BY, clock=Clock())

    assert (found.accepted, found.waiting) == (2, (unplanned,))
    assert _states(database, unplanned) == ["accepted", "queued", "queued", "accepted"]
    assert _mailing(database, unplanned) == ("paused", "restored")


def test_a_number_that_was_given_anew_is_told_and_left_alone(
    database: Database, journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    recovery.run()
    before = NOW - dt.timedelta(hours=1)
    _sent(journals, mailing, (1, TAKEN), (2, None), made_at=before).close()
    _sent(journals, 99, (1, TAKEN)).close()

    found = recover()

    assert found.strangers == Counter({Stranger(mailing, before, "Aktuell"): 2, Stranger(99, NOW, "Aktuell"): 1})
    assert (found.accepted, found.unknown) == (0, 0)
    assert _states(database, mailing) == ["queued"] * 4


def test_who_is_not_in_the_audience_is_told(
    journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    recovery.run()
    _sent(journals, mailing, (1, TAKEN), (7, TAKEN)).close()

    assert recover().absent == Counter({mailing: 1})


def test_what_a_lease_of_the_backup_did_not_begin_is_queued_again(
    database: Database, journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    """The backup holds a lease whose journal was closed since; it is lost, until the closed journal tells of it."""
    journal = _sent(journals, mailing, (1, TAKEN), (2, None))
    me = journals.me
    dead = Executor(me.folder, me.host, me.boot, me.pid, me.started + 1)
    with database.writing() as session:
        assert ledger.claim(session, str(dead), token=journal.token, now=NOW)
    journal.close()
    with database.writing() as session:
        mailings.pause(session, mailings.mailing(session, mailing), by=BY, now=NOW)
    recovery.run()
    assert _states(database, mailing) == ["unknown"] * 4

    recover()

    assert _states(database, mailing) == ["accepted", "unknown", "queued", "queued"]


def test_a_journal_that_lost_lines_with_the_power_leaves_its_rows_in_doubt(
    database: Database, journals: Journals, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    journal = _sent(journals, mailing, (1, TAKEN))
    journal.let_go()
    (journals.folder / "closed").mkdir()
    path = journals.folder / f"{journal.token}{SUFFIX}"
    path.rename(journals.folder / "closed" / path.name)
    _restored(database, recovery)

    found = recover()

    assert _states(database, mailing) == ["accepted", "unknown", "unknown", "unknown"]
    assert (found.accepted, found.unknown, found.lost) == (1, 3, 3)


@pytest.mark.parametrize(("hours", "state"), [(1, "unknown"), (-1, "queued")])
def test_a_backup_older_than_the_journals_leaves_no_row_to_be_sent(
    database: Database,
    journals: Journals,
    recovery: Recovery,
    recover: Callable[[], Findings],
    *,
    hours: int,
    state: str,
) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, ADDRESSES, due_at=NOW).id
        system = a_system_mail(session).id
        for each in (mailing, system):
            mailings.pause(session, mailings.mailing(session, each), by=BY, now=NOW)
    _restored(database, recovery)
    swept = (NOW + dt.timedelta(hours=hours)).timestamp()
    (journals.folder / SWEPT).touch()
    os.utime(journals.folder / SWEPT, (swept, swept))

    found = recover()

    assert found.lost == (5 if state == "unknown" else 0)
    assert _states(database, mailing) == ([state] * 4 if state == "unknown" else [])
    assert _states(database, system) == ["queued"], "in doubt, a system mail goes out once more"


def test_other_machines_are_named(
    database: Database, recovery: Recovery, recover: Callable[[], Findings], mailing: int
) -> None:
    del mailing
    recovery.run()
    with database.writing() as session:
        for folder, host, days in (("b", "mail-2", 0), ("c", "mail-3", 5)):
            seen_at = NOW - dt.timedelta(days=days)
            session.add(JournalFolder(id=folder, host=host, generation=1, mark="", seen_at=seen_at, doubt=""))

    assert recover().others == ("mail-2",)


def test_a_machine_that_is_gone_leaves_what_it_may_have_sent_unknown(
    database: Database, journals: Journals, recovery: Recovery, mailing: int
) -> None:
    recovery.run()
    _sent(journals, mailing, (1, TAKEN)).close()
    with database.writing() as session:
        gone = JournalFolder(id="b", host="mail-2", generation=1, mark="", seen_at=NOW, doubt="database older")
        session.add(gone)

    found = restoring.recover(database, journals, recovery=recovery, by=BY, clock=Clock(), without=["mail-2"])

    assert (found.accepted, found.lost, found.others, found.waiting) == (1, 3, (), (mailing,))
    assert _states(database, mailing) == ["accepted", "unknown", "unknown", "unknown"]
    with database.writing() as session:
        mailings.resume(session, mailings.mailing(session, mailing), by=BY, now=NOW)


def test_a_machine_that_nobody_knows_is_refused(
    database: Database, journals: Journals, recovery: Recovery, mailing: int
) -> None:
    for host in ("mail-9", journals.me.host):
        with pytest.raises(restoring.MachineUnknown, match=f"No other machine {host} has sent"):
            restoring.recover(database, journals, recovery=recovery, by=BY, clock=Clock(), without=[host])

    assert _states(database, mailing) == ["queued"] * 4


def test_not_everybody_recovers(database: Database, journals: Journals, recovery: Recovery) -> None:
    with pytest.raises(NotPermitted):
        restoring.recover(database, journals, recovery=recovery, by=NOBODY, clock=Clock())
