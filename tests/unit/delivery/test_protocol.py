"""Whatever senders, relays, machines, engine and staff do in any order: it adds up, nobody is lost, nobody gets it twice.

`make faults` tries it much longer: FAULTS_EXAMPLES=… says how often.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support import postgres
from tests.support.protocol.machine import Protocol

EXAMPLES = int(os.environ.get("FAULTS_EXAMPLES", "0"))


def _tried(examples: int) -> settings:
    return settings(
        max_examples=EXAMPLES or examples,
        stateful_step_count=60 if EXAMPLES else 40,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder that no disk holds up, where the machine has one."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="newsletter-", dir=memory if os.access(memory, os.W_OK) else None))
    yield folder
    shutil.rmtree(folder)


def test_no_order_on_sqlite_loses_or_repeats_anybody(migrated: Path, in_memory: Path) -> None:
    path = in_memory / "newsletter.db"

    def machine() -> Protocol:
        for left in in_memory.iterdir():
            left.unlink()
        shutil.copyfile(migrated, path)
        return Protocol(f"sqlite:///{path}")

    run_state_machine_as_test(machine, settings=_tried(15))


@pytest.mark.slow
def test_no_order_on_postgresql_loses_or_repeats_anybody(migrated_postgresql: str) -> None:
    def machine() -> Protocol:
        postgres.empty(migrated_postgresql)
        return Protocol(migrated_postgresql)

    try:
        run_state_machine_as_test(machine, settings=_tried(8))
    finally:
        postgres.empty(migrated_postgresql)
