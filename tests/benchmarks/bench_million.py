"""A million recipients by `newsletter worker --processes 2`, from the first frozen to the last reply, on each database.

    python -m tests.benchmarks.bench_million --recipients 100000 --databases sqlite

Tells how long planning and sending took, the processor time of each part a recipient, and how much the memory of
each process moved between a tenth of the way and the end; each row is compared with the sink. First the
same with ten thousand, for a recipient must cost the same.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.app import now
from newsletter.database import Database
from newsletter.delivery.models import Mailing, MailingState
from newsletter.rendering.compiled import CompiledIssue
from tests.benchmarks import bench_assembly
from tests.benchmarks.installations import IN_EARNEST, Installation, cpu_s, family, resident_mb
from tests.benchmarks.measuring import machine
from tests.benchmarks.sink import Sink
from tests.support import ledgers
from tests.support.postgres import Server

FEW = 10_000
CONNECTIONS = 20
PROCESSES = 2
LOOK_S = 1.0
TELL_S = 15.0


@dataclass(slots=True)
class Run:
    """What was seen of one mailing."""

    recipients: int
    most_s: float
    sent: int = 0
    planning_s: float = 0.0
    sending_s: float = 0.0
    cpu_us: dict[str, float] = field(default_factory=dict)
    memory_mb: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        return self.sent / self.sending_s

    @property
    def cost_us(self) -> float:
        """The processor time of the worker and the database a recipient."""
        return sum(spent for part, spent in self.cpu_us.items() if part != "sink")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--databases", nargs="+", default=["SQLite", "PostgreSQL"])
    parser.add_argument("--connections", type=int, default=CONNECTIONS)
    parser.add_argument("--seconds", type=float, default=math.inf, help="of sending at most, where time is short")
    parser.add_argument("--small", action="store_true", help="a message of 1 KB, to see the ledger alone")
    options = parser.parse_args()
    for kind in options.databases:
        size, mail = ("1", ledgers.COMPILED) if options.small else ("39", bench_assembly.compiled())
        few, many = (
            measured(kind, recipients, mail, connections=options.connections, seconds=options.seconds)
            for recipients in (min(FEW, options.recipients), options.recipients)
        )
        _tell(kind, few, many, size)


def measured(kind: str, recipients: int, mail: CompiledIssue, *, connections: int, seconds: float) -> Run:
    """One mailing in an installation of its own."""
    with tempfile.TemporaryDirectory() as folder, _database(kind, Path(folder)) as (url, server):
        installed = Installation.made(Path(folder), url)
        mailing_id = installed.an_issue_to(recipients, mail)
        names = Path(folder) / "names"
        run = Run(recipients, seconds)
        with Sink(names=names) as sink:
            smtp_url = f"smtp://127.0.0.1:{sink.port}?connections={connections}"
            with installed.worker("worker", smtp_url, processes=PROCESSES) as worker:
                _follow(run, Database(url), mailing_id, sink, {"worker": worker.pid, "sink": sink.pid, **server})
        made = installed.compare(names, mailing_id)
        assert made.accepted == sink.taken, made
        assert (made.state, made.accepted) == ("sent", recipients) or made.accepted + made.queued == recipients, made
        return run


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[tuple[str, dict[str, int]]]:
    """A new database, with the process of its server."""
    if kind.lower() == "sqlite":
        yield f"sqlite:///{folder / 'newsletter.db'}", {}
        return
    with Server(IN_EARNEST) as server:
        yield server.create("million"), {"server": server.pid}


def _follow(run: Run, database: Database, mailing_id: int, sink: Sink, roots: dict[str, int]) -> None:
    """Look now and then until the mailing is sent. The mailing's row alone is read: whoever looks costs nothing."""
    begun_at, memory = None, defaultdict[str, list[float]](list)
    cpu: dict[str, float] = {}
    told_at = time.monotonic()
    while True:
        with database.reading() as session:
            mailing = session.get_one(Mailing, mailing_id)
        if begun_at is None and mailing.plan_cursor:
            begun_at = now()
        if mailing.planned_at and not cpu:
            run.planning_s = (mailing.planned_at - (begun_at or mailing.planned_at)).total_seconds()
            cpu = _cpu(roots)
        if mailing.state == MailingState.SENT or (
            mailing.planned_at and (now() - mailing.planned_at).total_seconds() > run.most_s
        ):
            break
        if cpu:
            for part, number in _parts(roots["worker"]):
                memory[part].append(resident_mb(number))
            if time.monotonic() - told_at >= TELL_S:
                told_at = time.monotonic()
                held = {part: round(seen[-1]) for part, seen in memory.items()}
                print(f"{sink.taken:,} of {run.recipients:,} sent, MB: {held}", file=sys.stderr, flush=True)
        time.sleep(LOOK_S if cpu else 0.05)  # noqa: TID251  # processes are waited for
    assert mailing.planned_at
    run.sent = sink.taken
    run.sending_s = ((mailing.finished_at or now()) - mailing.planned_at).total_seconds()
    run.cpu_us = {part: (spent - cpu[part]) / run.sent * 1e6 for part, spent in _cpu(roots).items()}
    for part, seen in memory.items():
        later = seen[len(seen) // 10 :]
        run.memory_mb[part] = min(later), max(later)
    database.close()


def _cpu(roots: dict[str, int]) -> dict[str, float]:
    """The processor time so far: of the senders, the engine's process, the sink, the server."""
    parts = {part: sum(map(cpu_s, family(root))) for part, root in roots.items()}
    engine = cpu_s(roots["worker"])
    parts["senders"] = parts.pop("worker") - engine
    return {**parts, "engine": engine}


def _parts(worker: int) -> Iterator[tuple[str, int]]:
    yield "engine", worker
    _, *senders = family(worker)
    for number, sender in enumerate(sorted(senders), 1):
        yield f"sender {number}", sender


def _tell(kind: str, few: Run, many: Run, kilobytes: str) -> None:
    common = {"sink": "own, one thread, in a process of its own", "machine": machine()}
    of = f"{many.recipients:,} recipients, {PROCESSES} processes, {kind}"
    if many.sent < many.recipients:
        of += f", {many.sent:,} of them sent"
    for figure in (
        {"figure": f"planning of {of}, s", "value": round(many.planning_s, 1)},
        {"figure": f"messages of {kilobytes} KB a second, {of}", "value": round(many.per_second)},
        {
            "figure": f"processor time of a recipient, {of}, µs",
            "value": round(many.cost_us),
            "parts": {part: round(spent) for part, spent in sorted(many.cpu_us.items())},
        },
        {
            "figure": f"cost of a recipient, {of} ÷ {few.recipients:,}",
            "value": round(many.cost_us / few.cost_us, 2),
            "peer_value": round(few.cost_us),
        },
        {
            "figure": f"memory of a process from a tenth of the way on, most it moved, {of}, MB",
            "value": round(max(most - least for least, most in many.memory_mb.values())),
            "parts": {part: [round(least), round(most)] for part, (least, most) in sorted(many.memory_mb.items())},
        },
    ):
        print(json.dumps({**figure, **common}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
