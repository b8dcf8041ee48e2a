"""A worker is killed in the middle, again and again: nobody twice, nobody lost, at most one in doubt each time."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from newsletter.database import Database
from newsletter.delivery.transports.relay import SmtpTransport
from newsletter.delivery.transports.urls import SmtpUrl, parse
from tests.support.ledgers import Clock, a_mailing, a_worker, the_statement
from tests.support.relay import Relay, wait_until

pytestmark = pytest.mark.slow

READERS = 120
KILLS = 4
WORKER = """
import signal, sys
from newsletter.database import Database
from newsletter.delivery.transports import open_transport
from newsletter.delivery.worker import Stop
from tests.support.ledgers import Clock, a_worker

stop = Stop()
signal.signal(signal.SIGTERM, lambda *_: stop.ask())
a_worker(Database(sys.argv[1]), open_transport(sys.argv[2]), clock=Clock(), stop=stop).run_until_idle()
"""


def _started(database: Database, relay: Relay) -> "subprocess.Popen[bytes]":
    url = database.engine.url.render_as_string(hide_password=False)
    folder = Path(__file__).parents[3]
    return subprocess.Popen([sys.executable, "-c", WORKER, url, relay.url], cwd=folder, stderr=subprocess.PIPE)


def test_a_killed_worker_costs_at_most_one_doubt(database: Database) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, [f"r{number}@example.org" for number in range(READERS)]).id
    with Relay(delay_s=0.005) as relay:
        for kill in range(1, KILLS + 1):
            worker = _started(database, relay)
            wait_until(lambda many=kill * 20: len(relay.order) >= many)  # type: ignore[misc]  # bound now
            threading.Event().wait(0.001 * kill)  # not always at the same step
            worker.kill()
            worker.communicate()
            interrupted = the_statement(database, mailing)
            assert interrupted.sending + interrupted.queued + interrupted.accepted + interrupted.unknown == READERS

        url = parse(relay.url)
        assert isinstance(url, SmtpUrl)
        a_worker(database, SmtpTransport(url), clock=Clock()).run_until_idle()

    made = the_statement(database, mailing)
    assert (made.state, made.accepted + made.unknown) == ("sent", READERS)
    assert made.unknown <= KILLS
    assert all(len(mails) == 1 for mails in relay.received.values()), "somebody got it twice"
    assert len(relay.received) >= made.accepted, "somebody was lost"


def test_a_worker_asked_to_stop_leaves_no_doubt(database: Database) -> None:
    with database.writing() as session:
        mailing = a_mailing(session, [f"r{number}@example.org" for number in range(READERS)]).id
    with Relay(delay_s=0.005) as relay:
        worker = _started(database, relay)
        wait_until(lambda: len(relay.order) >= 20)
        worker.terminate()
        _, complaints = worker.communicate(timeout=120)

    stopped = the_statement(database, mailing)
    assert (worker.returncode, complaints) == (0, b"")
    assert (stopped.state, stopped.unknown, stopped.sending) == ("sending", 0, 0)
    assert stopped.accepted == len(relay.order)
    assert stopped.queued == READERS - len(relay.order) > 0
