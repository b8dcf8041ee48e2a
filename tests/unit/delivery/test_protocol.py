"""Whatever senders, relays, machines, engine and staff do: it adds up, nobody is lost, nobody gets it twice.

`make faults` tries it much longer: FAULTS_EXAMPLES=… says how often.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support import postgres
from tests.support.protocol.machine import Protocol

EXAMPLES = int(os.environ.get("FAULTS_EXAMPLES", "0"))


def _try(begun: Callable[[], Protocol], *, examples: int) -> None:
    patient = settings(
        max_examples=EXAMPLES or examples,
        stateful_step_count=60,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(begun, settings=patient)  # type: ignore[arg-type]  # anything that makes a machine will do


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder that no disk holds up, where the machine has one."""
    memory = Path("/dev/shm")  # noqa: S108  # mkdtemp makes a folder of ours in it
    folder = Path(tempfile.mkdtemp(prefix="newsletter-", dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


def test_no_order_on_sqlite_loses_or_repeats_anybody(migrated: Path, in_memory: Path) -> None:
    path = in_memory / "newsletter.db"

    def begun() -> Protocol:
        for left in in_memory.iterdir():
            left.unlink()
        shutil.copyfile(migrated, path)
        return Protocol(f"sqlite:///{path}")

    _try(begun, examples=6)


@pytest.mark.slow
def test_no_order_on_postgresql_loses_or_repeats_anybody(migrated_postgresql: str) -> None:
    def begun() -> Protocol:
        postgres.empty(migrated_postgresql)
        return Protocol(migrated_postgresql)

    try:
        _try(begun, examples=4)
    finally:
        postgres.empty(migrated_postgresql)
