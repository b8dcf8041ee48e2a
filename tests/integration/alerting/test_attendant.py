"""The thread that looks after alerts, on real databases; and many of them at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import OperationalError

from newsletter.alerting.attendant import Attendant
from newsletter.alerting.channels import NotTold
from newsletter.alerting.delivering import deliver
from newsletter.database import Database
from newsletter.delivery import endings, mailings
from newsletter.delivery.alerts import acknowledging, causes, listing, raising, watching
from newsletter.delivery.alerts.models import Medium
from newsletter.delivery.alerts.notices import Notice
from newsletter.delivery.models import Delivery
from tests.support.alerts import a_planned_mailing, alerts, in_doubt, over
from tests.support.ledgers import Clock
from tests.support.makers import BY, NOW
from tests.support.relay import wait_until


class Told:
    """A channel that remembers."""

    medium = Medium.MAIL

    def __init__(self, on_tell: Callable[[Notice], None] = lambda _: None) -> None:
        self.keys: list[str] = []
        self._on_tell = on_tell

    def tell(self, notice: Notice) -> None:
        self._on_tell(notice)
        self.keys.append(notice.key)


class Watch:
    """A monotonic clock that a test turns."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def an_attendant(database: Database, *channels: Told, clock: Clock, watch: Watch | None = None) -> Attendant:
    return Attendant(database, channels, clock=clock, monotonic=watch or Watch(), round_s=0.01)


def stopped(database: Database) -> int:
    with database.writing() as session:
        mailing = a_planned_mailing(session, "a@example.org")
        endings.stop(session, mailing, reason="refused", now=NOW)
    return mailing.id


def test_a_round_raises_tells_and_ends(database: Database, clock: Clock) -> None:
    mailing_id, told = stopped(database), Told()
    attendant = an_attendant(database, told, clock=clock)

    attendant.go_round()
    attendant.go_round()
    assert told.keys == [f"mailing:{mailing_id}:paused"]

    with database.writing() as session:
        mailings.resume(session, mailings.mailing(session, mailing_id), by=BY, now=NOW)
    attendant.go_round()

    with database.reading() as session:
        assert [alert.ended_at for alert in alerts(session)] == [NOW]
    assert told.keys == [f"mailing:{mailing_id}:paused"]


def test_the_thread_goes_round_until_its_block_ends(database: Database, clock: Clock) -> None:
    told = Told()
    with an_attendant(database, told, clock=clock):
        mailing_id = stopped(database)
        wait_until(lambda: told.keys)

    assert told.keys == [f"mailing:{mailing_id}:paused"]
    assert "alerts" not in [thread.name for thread in threading.enumerate()]


def test_nobody_waits_for_a_channel_that_hangs(database: Database, clock: Clock) -> None:
    stopped(database)
    asked, goes_on = threading.Event(), threading.Event()

    def hang(_: Notice) -> None:
        asked.set()
        goes_on.wait(20)

    with an_attendant(database, Told(hang), clock=clock):
        assert asked.wait(20)
        with database.writing() as session:  # also on SQLite, where one writes at a time
            raising.raise_alert(session, causes.journal_unusable("mail-2", "full"), now=NOW)
        goes_on.set()


def test_what_one_alert_or_one_round_breaks_the_next_does_without(database: Database, clock: Clock) -> None:
    stopped(database)
    failures = iter([NotTold("not now"), RuntimeError("a bug"), OperationalError("away", None, Exception("away"))])

    def fail(_: Notice) -> None:
        for failure in failures:
            raise failure

    def is_told() -> bool:
        clock.forward(minutes=1)
        return bool(told.keys)

    told = Told(fail)
    with an_attendant(database, told, clock=clock):
        wait_until(is_told)

    assert len(told.keys) == 1


def test_sums_are_taken_every_ten_minutes(database: Database, clock: Clock) -> None:
    watch, told = Watch(), Told()
    attendant = an_attendant(database, told, clock=clock, watch=watch)
    attendant.go_round()
    with database.writing() as session:
        mailing = a_planned_mailing(session, "a@example.org", "b@example.org")
        session.delete(session.get_one(Delivery, (mailing.id, 2)))

    attendant.go_round()
    assert told.keys == []
    watch.at = 600
    attendant.go_round()
    assert told.keys == [f"mailing:{mailing.id}:ledger"]


def test_racing_watchers_raise_one_alert_for_each_state(database: Database) -> None:
    with database.writing() as session:
        mailing = a_planned_mailing(session, *(f"p{number}@example.org" for number in range(5)))
        in_doubt(session, mailing, 1)
        over(session, mailing)
    start = threading.Barrier(8)

    def watch(number: int) -> None:
        start.wait()
        for _ in range(3):
            with database.writing() as session:
                watching.watch(session, now=NOW)
                raising.raise_alert(session, causes.journal_unusable("mail-2", str(number)), now=NOW)

    with ThreadPoolExecutor(8) as others:
        list(others.map(watch, range(8)))

    with database.reading() as session:
        counts = {alert.key: alert.count for alert in alerts(session)}
    assert counts == {f"mailing:{mailing.id}:unknown": 1, "journal:mail-2": 24}


def test_of_racing_attendants_one_tells(database: Database, clock: Clock) -> None:
    with database.writing() as session:
        for number in range(6):
            raising.raise_alert(session, causes.journal_unusable(f"mail-{number}", "full"), now=NOW)
    told = Told()
    start = threading.Barrier(6)

    def tell(_: int) -> None:
        start.wait()
        deliver(database, [told], clock=clock)

    with ThreadPoolExecutor(6) as others:
        list(others.map(tell, range(6)))

    assert sorted(told.keys) == [f"journal:mail-{number}" for number in range(6)]


def test_an_acknowledged_alert_is_told_to_nobody(database: Database, clock: Clock) -> None:
    stopped(database)
    with database.writing() as session:
        watching.watch(session, now=NOW)
        [alert] = listing.waiting(session)
        acknowledging.acknowledge(session, alert, by=BY, now=NOW)
    told = Told()
    clock.forward(hours=5)

    an_attendant(database, told, clock=clock).go_round()

    assert told.keys == []
