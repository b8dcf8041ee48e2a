"""Senders, and what watches over them, are killed at random moments: nobody lost, nobody twice, few in doubt.

`make faults` kills a hundred times and more; FAULTS_SEED=… draws other moments.
"""

import os
import random
import signal
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.conftest import Installation
from tests.support.relay import wait_until

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("FAULTS_KILLS", "12"))
PROCESSES = 2


def _children(pid: int) -> list[int]:
    """The children of each of its threads."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def _wait_for_more(installation: Installation, number: int) -> None:
    most = KILLS * 50 - 60  # the last ones may be in doubt
    wanted = min(len(installation.relay.order) + number, most)
    wait_until(lambda: len(installation.relay.order) >= wanted, seconds=60)


def test_killed_at_random_moments_nobody_is_lost_and_nobody_gets_it_twice(
    installation: Installation, chance: random.Random
) -> None:
    killed = {"sender": 0, "parent": 0}
    parent = installation.worker("--processes", str(PROCESSES), "--until-idle")
    while sum(killed.values()) < KILLS:
        _wait_for_more(installation, chance.randint(5, 35))
        threading.Event().wait(chance.random() * 0.05)
        children = _children(parent.pid)
        if chance.random() < 0.2:
            parent.kill()
            parent.wait()
            killed["parent"] += 1
            parent = installation.worker("--processes", str(PROCESSES), "--until-idle")
        elif children:
            os.kill(chance.choice(children), signal.SIGKILL)
            killed["sender"] += 1
    assert parent.wait(120) == 0, (installation.home / "log").read_text()[-3000:]

    made = installation.compared()
    print(f"\nkills: {killed}, recipients: {made.recipients}, accepted: {made.accepted}, unknown: {made.unknown}")
    assert (made.state, made.accepted + made.unknown) == ("sent", made.recipients)
    assert made.unknown <= killed["sender"] * installation.connections // PROCESSES
    assert not list((installation.home / "journal").glob("*.journal"))


def test_restarted_gently_again_and_again_nobody_is_in_doubt(installation: Installation, chance: random.Random) -> None:
    restarts = 4
    for _ in range(restarts):
        worker = installation.worker("--processes", str(PROCESSES))
        _wait_for_more(installation, chance.randint(20, 60))
        worker.terminate()
        assert worker.wait(60) == 0
        stopped = installation.compared()
        assert (stopped.unknown, stopped.sending) == (0, 0)
        assert stopped.accepted == len(installation.relay.order)

    assert installation.worker("--until-idle").wait(60) == 0
    made = installation.compared()
    assert (made.state, made.accepted, made.unknown) == ("sent", made.recipients, 0)


def test_killed_before_the_reply_a_message_is_in_doubt_and_named(installation: Installation) -> None:
    worker = installation.worker()
    _wait_for_more(installation, 30)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGTERM)  # a second one is a crash
    worker.wait(30)

    assert installation.worker("--until-idle").wait(60) == 0
    made = installation.compared()
    assert made.accepted + made.unknown == made.recipients
    assert made.unknown <= installation.connections


def test_the_survivors_finish_what_a_killed_sender_held(installation: Installation) -> None:
    first, second = installation.worker(), installation.worker("--until-idle")
    _wait_for_more(installation, 40)
    first.kill()
    first.wait()

    assert second.wait(60) == 0
    made = installation.compared()
    assert made.accepted + made.unknown == made.recipients
    assert made.unknown <= installation.connections
