import asyncio
import time

import pytest
from starlette.types import Message, Receive, Scope, Send

from newsletter.web.beat import EvenAnswers

BEAT_S = 0.02


def _held_s(method: str, *, work_s: float, path: str = "/lists/news") -> float:
    """How long after its request an answer leaves that takes so long to make; by a clock that only work moves."""
    now = 100.0
    left_at = 0.0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal now
        del scope, receive
        now += work_s
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    async def send(message: Message) -> None:
        nonlocal left_at
        if message["type"] == "http.response.start":
            left_at = time.perf_counter()

    async def receive() -> Message:
        return {"type": "http.request"}

    even = EvenAnswers(app, beat_s=BEAT_S, monotonic=lambda: now)
    began = time.perf_counter()
    asyncio.run(even({"type": "http", "method": method, "path": path}, receive, send))
    return work_s + left_at - began


@pytest.mark.parametrize(("work_s", "beats"), [(0.001, 1), (0.019, 1), (0.021, 2), (0.055, 3)])
def test_an_answer_to_a_post_leaves_on_the_next_beat(work_s: float, beats: int) -> None:
    assert beats * BEAT_S - 0.001 <= _held_s("POST", work_s=work_s) < beats * BEAT_S + 0.5


def test_what_is_typed_in_the_composer_is_saved_at_once() -> None:
    began = time.perf_counter()
    for _ in range(100):
        _held_s("POST", work_s=0.001, path="/staff/issues/7/edit")

    assert time.perf_counter() - began < 100 * BEAT_S


def test_what_only_looks_waits_for_nothing() -> None:
    began = time.perf_counter()
    for _ in range(100):
        _held_s("GET", work_s=0.001)

    assert time.perf_counter() - began < 100 * BEAT_S
