"""Who holds a lease, and is it still alive?

    me = Executor.current(folder="a folder's uuid")
    Executor.parse(str(me)).is_dead()  # False

A process is known by its journal folder, host, the host's boot, process number and start time, so that
a number that was given again is not taken for the one that died. Of another host, or of a folder that
is not ours, nothing can be known. Reads `/proc`, as Linux has it.
"""

import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_START_TIME = 19  # the 22nd field of /proc/PID/stat, counted behind the program's name (proc(5))


@dataclass(frozen=True, slots=True)
class Executor:
    """One process on one machine, with the folder its journals lie in."""

    folder: str
    host: str
    boot: str
    pid: int
    started: int

    @classmethod
    def current(cls, *, folder: str) -> "Executor":
        """The process that asks."""
        pid = os.getpid()
        return cls(folder, socket.gethostname(), boot_id(), pid, _started(pid) or 0)

    @classmethod
    def parse(cls, text: str) -> "Executor":
        """Read what `str` wrote."""
        folder, host, boot, pid, started = text.split(" ")
        return cls(folder, host, boot, int(pid), int(started))

    def __str__(self) -> str:
        return f"{self.folder} {self.host} {self.boot} {self.pid} {self.started}"

    def is_neighbour_of(self, other: "Executor") -> bool:
        """Tell whether both run on one machine and keep their journals in one folder."""
        return (self.folder, self.host) == (other.folder, other.host)

    def is_dead(self) -> bool:
        """Tell whether a neighbour is certainly gone."""
        return self.boot != boot_id() or _started(self.pid) != self.started

    def kill(self) -> None:
        """End a neighbour for certain, however deep it sleeps; one that is gone already is left alone."""
        with suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)  # names the process itself, not a number that may be given again
            try:
                if not self.is_dead():
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
            finally:
                os.close(handle)


def boot_id() -> str:
    """What the kernel calls this boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()


def _started(pid: int) -> int | None:
    """The start time of a process in clock ticks since the boot; None where there is none, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[_START_TIME])
