"""Answers to a POST leave on a beat, so that their time tells nothing of what was done.

Whether an address is known must not show, and looking somebody up takes another time than writing them
down. `signing_up` does the same work for both as far as that can be had; what is left, and what a disk adds,
ends between two beats. No thread waits meanwhile.
"""

import asyncio
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Whoever gets there is signed in: nothing about readers can be asked for, and each key that is typed is saved.
UNHELD = "/staff/issues/"
# A press of a button may take that long unnoticed; a sign-up is through in a tenth of it on a quiet machine.
BEAT_S = 0.2


class EvenAnswers:
    """Hold back the answer to each POST until a whole number of beats has passed since the request came."""

    def __init__(
        self, app: ASGIApp, *, beat_s: float = BEAT_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self.beat_s = beat_s
        self.monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with a `send` that waits for the beat where it is a POST."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"].startswith(UNHELD):
            await self.app(scope, receive, send)
            return
        began = self.monotonic()

        async def held(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep((began - self.monotonic()) % self.beat_s)
            await send(message)

        await self.app(scope, receive, held)
