"""Runs of this process: done, failed, or interrupted, and never in the way of its end."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from newsletter.engine.running import Interrupted, RunFailed, Running
from tests.support.engines import until


def doing(running: Running, name: str, what: Callable[[], object]) -> "Future[None]":
    """Do it as DBOS does, on a thread of its pool."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(running.do, name, what)  # type: ignore[arg-type]  # what it returns is not looked at
    pool.shutdown(wait=False)
    return future


def test_what_ends_is_done() -> None:
    running, seen = Running(), []

    running.do("m1:b1:1", lambda: seen.append(running.names))

    assert seen == [{"m1:b1:1"}]
    assert running.names == frozenset()


def test_a_failure_is_told_without_its_text_and_logged_with_its_place() -> None:
    def fail() -> None:
        raise ValueError("anna@example.org has no name")

    with capture_logs() as lines, pytest.raises(RunFailed, match=r"^ValueError$"):
        Running().do("m1:b1:1", fail)

    assert [(line["event"], line["run"], line["error"]) for line in lines] == [
        ("a run failed", "m1:b1:1", "ValueError")
    ]
    assert lines[0]["at"].startswith("test_running.py:")
    assert "anna" not in str(lines)


def test_what_ends_after_the_stop_is_to_be_done_again() -> None:
    running, go = Running(), threading.Event()
    future = doing(running, "m1:b1:1", go.wait)
    until(lambda: bool(running.names))

    running.stop()
    go.set()

    assert isinstance(future.exception(5), Interrupted)
    running.wait(0)
    assert running.names == frozenset()


def test_nothing_begins_after_the_stop() -> None:
    running, seen = Running(), []
    running.stop()

    with pytest.raises(Interrupted):
        running.do("m1:b1:1", lambda: seen.append("begun"))

    assert seen == []


def test_what_does_not_end_is_left_behind() -> None:
    running, go = Running(), threading.Event()
    future = doing(running, "m1:b1:1", go.wait)
    until(lambda: bool(running.names))

    running.stop()
    running.wait(0.05)

    assert isinstance(future.exception(5), Interrupted)
    assert running.names == {"m1:b1:1"}
    go.set()


def test_the_same_batch_twice_at_a_time_is_told_apart() -> None:
    running, first, second = Running(), threading.Event(), threading.Event()
    futures = [doing(running, "m1:b1:1", first.wait), doing(running, "m1:b1:1", second.wait)]
    until(lambda: len(running._runs) == 2)

    first.set()
    assert futures[0].result(5) is None
    still = running.names
    second.set()
    assert futures[1].result(5) is None

    assert still == {"m1:b1:1"}
    assert running.names == frozenset()
