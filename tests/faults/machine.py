"""A machine that sends: a home with its journals, its processes, and what may be done to them.

machine = Machine(home, url, relays=[sink.url], patience=Patience(silent_s=4))
worker = machine.start("worker", "--processes", "2")
os.kill(machine.senders_of(worker)[0], signal.SIGKILL)
machine.kill()      # all at once, as when the power fails; only the boot stays the same
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2]
Process = subprocess.Popen[bytes]
VARIABLE = "FAULTS_PATIENCE"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited for whom, and who this machine says it is; the rest is the same for all."""

    silent_s: float = 60.0  # of an engine
    sender_silent_s: float = 60.0  # its start, a few seconds, is in it
    lost_after_s: float = 900.0
    reply_s: float = 300.0
    host: str = ""
    boot: str = ""

    def as_environment(self) -> dict[str, str]:
        """What a process must be started with to have it."""
        return {VARIABLE: json.dumps(asdict(self))}


class Machine:
    """One home, over a database of its own or of many. `connections` are allowed by each of its relays."""

    def __init__(
        self,
        home: Path,
        url: str,
        *,
        relays: Sequence[str],
        patience: Patience | None = None,
        connections: int = 6,
    ) -> None:
        """Make the home."""
        self.home = home
        self.patience = patience or Patience()
        self.connections = connections
        self._url = url
        self._started: list[Process] = []
        home.mkdir()
        (home / "secret").write_text("5e" * 32)
        entries = [f'[[relay]]\nurl = "{relay}?connections={connections}"\n' for relay in relays]
        (home / "newsletter.toml").write_text("".join(entries))
        (home / "newsletter.toml").chmod(0o600)

    def start(self, *arguments: str) -> Process:
        """Start a command of `newsletter`."""
        environment = os.environ | {
            "NEWSLETTER_HOME": str(self.home),
            "NEWSLETTER_DATABASE_URL": self._url,
            "NEWSLETTER_DEMO": "1",
            "PYTHONPATH": str(FOLDER),
            "PYTHONDONTWRITEBYTECODE": "",  # so that every start but the first is quick
            **self.patience.as_environment(),
        }
        command = [sys.executable, "-m", "tests.faults.entry", *arguments]
        with (self.home / "log").open("ab") as log:
            made = subprocess.Popen(
                command, cwd=self.home, env=environment, stdin=subprocess.DEVNULL, stderr=log, stdout=log
            )
        self._started.append(made)
        return made

    @property
    def pids(self) -> list[int]:
        """Every process of it that lives, whoever started it."""
        mine = f"NEWSLETTER_HOME={self.home}\0".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with suppress(OSError):
                if mine in path.read_bytes():
                    found.append(int(path.parent.name))
        return found

    @property
    def senders(self) -> list[int]:
        """All its sender processes, also those that end because their worker is gone."""
        return [pid for pid in self.pids if "--child" in _arguments(pid)]

    def signal(self, number: signal.Signals, pids: Sequence[int] | None = None) -> None:
        """Do it to all processes of the machine, or to these; to one that has just ended nothing is done."""
        for pid in self.pids if pids is None else pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End it: nobody says goodbye, and nobody starts anybody else meanwhile."""
        self.signal(signal.SIGSTOP)
        while pids := self.pids:
            self.signal(signal.SIGKILL, pids)
            self._bury()
        self._bury()

    def _bury(self) -> None:
        for process in self._started:
            process.wait()

    @property
    def said(self) -> str:
        """The end of what its processes said."""
        log = self.home / "log"
        return log.read_text("utf-8", "replace")[-6000:] if log.exists() else ""

    @property
    def journals(self) -> list[str]:
        """The journals that wait to be replayed, or are written."""
        return sorted(path.name for path in (self.home / "journal").glob("*.journal"))


def children_of(process: Process | int) -> list[int]:
    """The children that each of its threads has started."""
    pid = process if isinstance(process, int) else process.pid
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, path.read_text().split())
    return found


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
