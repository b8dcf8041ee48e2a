"""An SMTP sink in a process of its own that breaks the rules as it is told, and remembers what it took.

    rules = [Rule(Step.RCPT, "452 4.2.2 full", to="b@example.org"), Rule(Step.FINAL_DOT, Fault.DROP, taken=True)]
    with HostileRelay(folder, rules) as relay:
        …  # send to relay.url
        relay.received["a@example.org"]  # the Message-IDs it took for this address, also those without a reply
        relay.obey()  # no more faults

A rule strikes at a step, on one connection or on any, so many times. `Chances` strike by a seed: what the nth
connection meets depends on the seed alone. Without either the relay keeps to RFC 5321.

What was taken is in a file before the reply is on the wire, one JSON object a line: recipient, message_id,
connection. What was done to clients is in a file beside it: step, answer, taken, connection.
"""

import json
import multiprocessing
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support import hostile_session
from tests.support.hostility import Chances, Rule, Struck, Taken


class HostileRelay:
    """Listens from `with` to the end of it. `latency_s` is how long each message takes; `tls` offers STARTTLS."""

    def __init__(
        self,
        folder: Path,
        rules: Sequence[Rule] = (),
        *,
        chances: Chances | None = None,
        latency_s: float = 0.0,
        tls: bool = False,
        port: int = 0,
    ) -> None:
        """Write into `folder`, after what is there: a relay may be killed and another started on its port."""
        self._files = (folder / "taken.jsonl", folder / "struck.jsonl")
        self._orders = (tuple(rules), chances)
        self._options = {"latency_s": latency_s, "tls": tls}
        self.port = port

    def __enter__(self) -> Self:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        arguments = (theirs, self._files, self._orders, self.port, self._options)
        self._process = context.Process(target=hostile_session.serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self.port = self._pipe.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The process, for who wants to stop or kill it."""
        assert self._process.pid
        return self._process.pid

    def obey(self, rules: Sequence[Rule] = (), *, chances: Chances | None = None) -> None:
        """Have it do this from now on, on open connections too; without anything, as it should."""
        self._pipe.send((tuple(rules), chances))
        assert self._pipe.recv() == "understood"

    @property
    def taken(self) -> list[Taken]:
        """Every message it took, in order."""
        return [Taken(**line) for line in _lines(self._files[0])]

    @property
    def struck(self) -> list[Struck]:
        """Every fault it committed, in order."""
        return [Struck(**line) for line in _lines(self._files[1])]

    @property
    def received(self) -> dict[str, list[str]]:
        """The Message-IDs taken for each address."""
        found = defaultdict(list)
        for taken in self.taken:
            found[taken.recipient].append(taken.message_id)
        return dict(found)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
