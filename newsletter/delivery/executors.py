"""Which process holds a lease, and is it still alive?

    me = Executor.current()
    Executor.parse(str(me)).is_dead()  # False

A process is known by host, the host's boot, process number and start time, so that a number that
was given again is not taken for the one that died. Of another host nothing can be known.
Reads `/proc`, as Linux has it.
"""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_START_TIME = 19  # the 22nd field of /proc/PID/stat, counted behind the program's name (proc(5))


@dataclass(frozen=True, slots=True)
class Executor:
    """One process on one machine."""

    host: str
    boot: str
    pid: int
    started: int

    @classmethod
    def current(cls) -> "Executor":
        """The process that asks."""
        pid = os.getpid()
        return cls(socket.gethostname(), _boot(), pid, _started(pid) or 0)

    @classmethod
    def parse(cls, text: str) -> "Executor":
        """Read what `str` wrote."""
        host, boot, pid, started = text.rsplit(" ", 3)
        return cls(host, boot, int(pid), int(started))

    def __str__(self) -> str:
        return f"{self.host} {self.boot} {self.pid} {self.started}"

    def is_dead(self) -> bool:
        """Tell whether the process is certainly gone; False where nobody here can know."""
        if self.host != socket.gethostname():
            return False
        return self.boot != _boot() or _started(self.pid) != self.started


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _started(pid: int) -> int | None:
    """The start time of a process in clock ticks since the boot; None where there is none, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[_START_TIME])
