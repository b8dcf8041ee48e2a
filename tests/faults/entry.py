"""The command `newsletter`, whose children are like it, with little patience: `python -m tests.faults.entry worker`.

What takes minutes in life, such as a relay's rest or the time after which a silent process is taken for dead, takes
moments here. FAULTS_PATIENCE is a `Patience` as JSON.
"""

import datetime as dt
import json
import os
import socket
import sys
from typing import Any

from newsletter import cli
from newsletter.cli import supervising, work
from newsletter.delivery import batches, books, executors, fleet, journals, planning, recovering, retry
from newsletter.delivery.transports import relay
from newsletter.delivery.transports.smtp.conversation import Timeouts
from tests.faults.machine import VARIABLE, Patience

EVERY_MINUTE = "* * * * *"
OFTEN = "*/2 * * * * *"  # with seconds


def main() -> None:
    """Be the command."""
    have(Patience(**json.loads(os.environ.get(VARIABLE, "{}"))))
    cli.main()


def have(patience: Patience) -> None:
    """Change what is waited for, in this process."""
    _restart_at_once()
    if "--child" not in sys.argv:  # who sends needs no engine, which takes a second to load
        _be_often_there(patience)
    _defaults(journals.Journals)["silent_s"] = fleet.SILENT_S = patience.sender_silent_s
    books.SIGN_OF_LIFE = dt.timedelta(seconds=min(60, patience.lost_after_s / 4))
    retry.RELAY_FIRST, retry.RELAY_LONGEST = dt.timedelta(seconds=0.3), dt.timedelta(seconds=2)
    retry.DELAYS = (dt.timedelta(seconds=1),) * len(retry.DELAYS)
    planning.WINDOW, batches.WINDOWS = 25, 3  # so that every connection has one, and there are several batches
    reply = patience.reply_s
    vars(relay)["Timeouts"] = lambda: Timeouts(10, reply, reply, reply, reply)
    if patience.host:
        socket.gethostname = lambda: patience.host
    if patience.boot:
        vars(executors)["boot_id"] = vars(recovering)["boot_id"] = lambda: patience.boot


def _restart_at_once() -> None:
    """Whoever is killed on purpose is replaced at once, by one of us."""
    supervising.FIRST_PAUSE_S = supervising.LONGEST_PAUSE_S = 0.05
    fleet.FIRST_PAUSE_S = fleet.LONGEST_PAUSE_S = 0.05
    child, with_pages = work._command, work._with_pages

    def of_ours(command: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("tests.faults.entry" if word == "newsletter" else word for word in command)

    work._command = lambda *them, **more: of_ours(child(*them, **more))
    work._with_pages = lambda processes: of_ours(with_pages(processes))


def _be_often_there(patience: Patience) -> None:
    """An engine beats, reaps and reconciles every few moments."""
    from newsletter import service
    from newsletter.engine import engine, presence

    made = engine.Cron

    def often(name: str, schedule: str, function: Any) -> engine.Cron:
        return made(name, OFTEN if schedule == EVERY_MINUTE else schedule, function)

    vars(engine)["Cron"] = vars(service)["Cron"] = often
    beat_s = min(presence.BEAT_S, patience.silent_s / 8)
    vars(service)["Recovery"] = _recovery(dt.timedelta(seconds=patience.lost_after_s))
    _defaults(engine.Engine).update(beat_s=beat_s, silent_after=dt.timedelta(seconds=patience.silent_s))


def _recovery(lost_after: dt.timedelta) -> Any:
    def made(*them: Any, **more: Any) -> recovering.Recovery:
        return recovering.Recovery(*them, **{**more, "lost_after": lost_after})

    return made


def _defaults(of: type) -> dict[str, Any]:
    found: dict[str, Any] = vars(of)["__init__"].__kwdefaults__
    return found


if __name__ == "__main__":
    main()
