"""More and more workers on one PostgreSQL within one mailing: 1, 2, 4, 8 of them; then one is killed, and comes back.

    python -m tests.benchmarks.bench_scaling --connections 10 --seconds 15

Each worker is a machine of its own: `newsletter worker` with a home and journals of its own. The relay takes 100 ms a
message, so that a connection sends ten a second at most: what is measured is whether more connections send more, and
whether one worker that dies or comes changes anything but the speed. At the end every row is compared with the relay:
nobody twice, nobody lost, and in doubt at most one a connection of the worker that was killed.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import select

from newsletter.database import Database
from newsletter.delivery.models import Mailing, MailingState, Window, WindowState
from tests.benchmarks import bench_assembly
from tests.benchmarks.installations import IN_EARNEST, Installation, Worker, cpu_s, family
from tests.benchmarks.measuring import machine
from tests.benchmarks.sink import Sink
from tests.support.postgres import Server

DELAY_S = 0.1
STEPS = (1, 2, 4, 8)
PHASES = 12  # at full speed: so many are never needed, so that whoever comes last still finds batches
SETTLING_S = 2.0  # what is on its way when the last worker begins
PATIENCE_S = 120.0


class Scaling:
    """One mailing, sent by more and more workers."""

    def __init__(self, installed: Installation, sink: Sink, *, connections: int, seconds: float) -> None:
        self._installed = installed
        self._sink = sink
        self._connections = connections
        self._seconds = seconds
        self._database = Database(installed.url)
        self._running: dict[str, Worker] = {}
        self._dead: set[str] = set()
        self.rates: dict[str, float] = {}

    def start(self, number: int, running: ExitStack) -> None:
        """Start a worker, or the same one again."""
        name = f"machine-{number}"
        smtp_url = f"smtp://127.0.0.1:{self._sink.port}?connections={self._connections}"
        self._running[name] = running.enter_context(self._installed.worker(name, smtp_url))

    def kill(self, number: int) -> None:
        """Kill one with all its processes."""
        name = f"machine-{number}"
        folder = (self._installed.folder / name / "journal" / "id").read_text()
        self._running.pop(name).kill()
        self._dead |= {executor for executor in self._at_work() if executor.startswith(folder)}

    def measure(self, when: str, server: int) -> None:
        """Tell how many messages a second the relay takes now, and what that costs."""
        self._wait_for_all()
        began, before, spent = time.monotonic(), self._sink.taken, self._cpu(server)
        time.sleep(self._seconds)  # noqa: TID251  # other processes are measured
        lasted = time.monotonic() - began
        self.rates[when] = (self._sink.taken - before) / lasted
        connections = len(self._running) * self._connections
        line = {
            "figure": f"messages of 39 KB a second, {when}, {connections} connections, PostgreSQL",
            "value": round(self.rates[when]),
            "peer": "as many as the relay's 100 ms allow",
            "peer_value": round(connections / DELAY_S),
            "ratio": round(self.rates[when] * DELAY_S / connections, 2),
            "processors_used": round((self._cpu(server) - spent) / lasted, 2),
            "sink": "own, 100 ms a message",
            "machine": machine(),
        }
        print(json.dumps(line, ensure_ascii=False), flush=True)

    def _wait_for_all(self) -> None:
        """Wait until every worker that runs holds leases."""
        end = time.monotonic() + PATIENCE_S
        while len(self._at_work() - self._dead) < len(self._running):
            assert time.monotonic() < end, "not every worker found something to do"
            time.sleep(0.5)  # noqa: TID251  # other processes are waited for
        time.sleep(SETTLING_S)  # noqa: TID251  # other processes are measured

    def _at_work(self) -> set[str]:
        """The processes that hold leases."""
        with self._database.reading() as session:
            return set(
                session.scalars(select(Window.executor).where(Window.state == WindowState.LEASED.value).distinct())
            )

    def _cpu(self, server: int) -> float:
        roots = [server, self._sink.pid, *(worker.pid for worker in self._running.values())]
        return sum(cpu_s(pid) for root in roots for pid in family(root))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=5, help="of each worker")
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    most = STEPS[-1] * options.connections / DELAY_S
    recipients = int(most * (options.seconds + SETTLING_S) * PHASES)
    with tempfile.TemporaryDirectory() as folder, Server(IN_EARNEST) as server:
        names = Path(folder) / "names"
        installed = Installation.made(Path(folder), server.create("scaling"))
        mailing = installed.an_issue_to(recipients, bench_assembly.compiled())
        with Sink(delay_s=DELAY_S, names=names) as sink, ExitStack() as running:
            scaling = Scaling(installed, sink, connections=options.connections, seconds=options.seconds)
            _grow(scaling, running, server.pid)
            _ended(Database(installed.url), mailing)
        made = installed.compare(names, mailing)
        _tell(made.as_json(), scaling, options.connections)


def _grow(scaling: Scaling, running: ExitStack, server: int) -> None:
    started = 0
    for step in STEPS:
        while started < step:
            started += 1
            scaling.start(started, running)
        scaling.measure(f"{step} workers", server)
    scaling.kill(started)
    scaling.measure("one of them killed", server)
    scaling.start(started, running)
    scaling.measure("the same one back", server)


def _ended(database: Database, mailing_id: int) -> None:
    while True:
        with database.reading() as session:
            state = session.get_one(Mailing, mailing_id).state
        assert state in (MailingState.SENDING, MailingState.SENT), state
        if state == MailingState.SENT:
            break
        time.sleep(0.5)  # noqa: TID251  # other processes are waited for
    database.close()


def _tell(made: Mapping[str, object], scaling: Scaling, connections: int) -> None:
    line = {
        "figure": "recipients in doubt after a worker was killed, of all that each is accepted once",
        "value": made["unknown"],
        "peer": "connections of the worker",
        "peer_value": connections,
        "accepted": made["accepted"],
        "recipients": made["recipients"],
        "growth": round(scaling.rates[f"{STEPS[-1]} workers"] / scaling.rates[f"{STEPS[0]} workers"], 2),
        "sink": "own, 100 ms a message",
        "machine": machine(),
    }
    assert int(str(made["unknown"])) <= connections, made
    print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
