"""A database is restored from a backup of the middle of a mailing: nobody gets it twice, and nobody is forgotten."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.database import Database
from newsletter.delivery import mailings, planning, restoring
from newsletter.delivery.alerts import listing, watching
from newsletter.delivery.journals import Journals
from newsletter.delivery.pairing import RestoreInDoubt
from newsletter.delivery.patience import Patient
from newsletter.delivery.recovering import Recovery
from newsletter.delivery.restoring import Findings
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import SmtpUrl, parse
from tests.support.backups import Backup
from tests.support.ledgers import Clock, a_mailing, a_worker, journal_folder, numbers, the_statement
from tests.support.makers import BY, NOW
from tests.support.relay import Relay, wait_until

pytestmark = pytest.mark.slow

READERS = 150
WINDOW = 5  # a batch is two: of three senders, who send thirty together, at least one has ended its journal
WORKER = """
import sys
from newsletter.database import Database
from newsletter.delivery.transports import open_transport
from tests.support.ledgers import Clock, a_worker

a_worker(Database(sys.argv[1]), open_transport(sys.argv[2]), clock=Clock()).run_until_idle()
"""


@pytest.fixture
def backup(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], Backup]:
    is_sqlite = database.engine.dialect.name == "sqlite"
    server = None if is_sqlite else request.getfixturevalue("postgresql_server")
    return lambda: Backup.make(database, tmp_path, server=server)


@pytest.fixture
def mailing(database: Database, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(planning, "WINDOW", WINDOW)
    with database.writing() as session:
        made = a_mailing(session, [f"r{number}@example.org" for number in range(READERS)]).id
        while planning.plan_chunk(session, made, now=NOW):
            pass
    return made


def _started(database: Database, relay: Relay) -> "subprocess.Popen[bytes]":
    url = database.engine.url.render_as_string(hide_password=False)
    folder = Path(__file__).parents[3]
    command = [sys.executable, "-c", WORKER, url, f"{relay.url}?connections=3"]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)


def _worked(database: Database, relay: Relay) -> None:
    url = parse(f"{relay.url}?connections=3")
    assert isinstance(url, SmtpUrl)
    a_worker(database, SmtpTransport(url), clock=Clock()).run_until_idle()


def _recovered(database: Database) -> Findings:
    journals = Journals(journal_folder(database), monotonic=time.monotonic)
    recovery = Recovery(Patient(database, sleep=lambda _: None), journals, clock=Clock())
    return restoring.recover(database, journals, recovery=recovery, by=BY, clock=Clock())


def _resumed(database: Database, mailing: int) -> None:
    with database.writing() as session:
        mailings.resume(session, mailings.mailing(session, mailing), by=BY, now=NOW)


def _alerts(database: Database) -> list[str]:
    with database.writing() as session:
        watching.watch(session, now=NOW)
        return [alert.kind for alert in listing.waiting(session)]


def test_everybody_gets_it_once(database: Database, backup: Callable[[], Backup], mailing: int) -> None:
    with Relay(delay_s=0.02) as relay:
        worker = _started(database, relay)
        wait_until(lambda: len(relay.order) >= 10)
        before = backup()
        known = len(relay.order)
        wait_until(lambda: len(relay.order) >= known + 6 * WINDOW)
        worker.kill()
        worker.communicate(timeout=120)
        sent = len(relay.order)
        before.restore()
        _worked(database, relay)

        assert len(relay.order) == sent, "it went on as if nothing had happened"
        assert the_statement(database, mailing).state == "paused"
        assert _alerts(database)[0] == "mailing_paused"
        with pytest.raises(RestoreInDoubt, match="First run `newsletter mailing recover`"):
            _resumed(database, mailing)

        found = _recovered(database)
        assert found.accepted >= 15
        _resumed(database, mailing)
        _worked(database, relay)

    twice = [address for address, mails in relay.received.items() if len(mails) > 1]
    assert twice == [], "somebody got it twice"
    made = the_statement(database, mailing)
    assert (made.state, made.accepted + made.unknown) == ("sent", READERS)
    assert made.unknown <= 3, "more than one for each connection that was cut"
    assert len(relay.received) >= made.accepted, "somebody was lost"


def test_a_mailing_that_the_backup_has_not_planned_goes_to_nobody_twice(
    database: Database, backup: Callable[[], Backup]
) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, [f"r{number}@example.org" for number in range(20)]).id
    before = backup()
    with Relay() as relay:
        _worked(database, relay)
        before.restore()
        _worked(database, relay)
        found = _recovered(database)
        _resumed(database, mailing)
        _worked(database, relay)

    assert found.accepted == 20
    assert numbers(database, mailing) == {"state": "sent", "accepted": 20}
    assert [len(mails) for mails in relay.received.values()] == [1] * 20
