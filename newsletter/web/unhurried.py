"""An answer whose time tells nothing: it is sent at the next full step after the work began.

Who measures how long a sign-up takes could else tell whether an address is known, for then there is less to do.
"""

import asyncio
import time

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# Longer than a sign-up takes; where one takes longer still, the next multiple is waited for.
STEP_S = 0.25


class Unhurried(Response):
    """An answer that waits, holding neither a thread nor the database meanwhile."""

    def __init__(self, answer: Response, *, begun: float, step_s: float) -> None:
        """Hold an answer; `begun` is what `time.monotonic` said before the work."""
        super().__init__(bytes(answer.body), answer.status_code, dict(answer.headers))
        self.begun = begun
        self.step_s = step_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then answer."""
        await asyncio.sleep(until_step(time.monotonic() - self.begun, step_s=self.step_s))
        await super().__call__(scope, receive, send)


def until_step(elapsed_s: float, *, step_s: float) -> float:
    """How long it is until the next full step."""
    return step_s - elapsed_s % step_s if step_s else 0.0
