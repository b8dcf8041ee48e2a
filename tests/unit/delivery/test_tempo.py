import asyncio

import pytest

from newsletter.delivery.pace import GLOBAL, relay_key
from newsletter.delivery.pacing import Grant
from newsletter.delivery.tempo import MOST, Meter, Tempo

RELAY = relay_key("relay")


class Watch:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_where_nothing_limits_a_slice_is_as_long_as_it_may_be() -> None:
    tempo = Tempo(Watch())
    assert tempo.wanted == MOST

    tempo.take(Grant(MOST, 0.0, 0.0))

    assert tempo.wanted == MOST


def test_under_a_rate_as_many_are_asked_for_as_the_connection_could_begin_in_a_second() -> None:
    watch, stopping = Watch(), asyncio.Event()
    tempo = Tempo(watch)

    async def go() -> None:
        tempo.take(Grant(20, 0.0, 0.01))
        for _ in range(4):
            watch.at += 0.1  # what sending one takes
            await tempo.moment(stopping)
        watch.at += 0.6
        tempo.take(Grant(20, 0.0, 0.01))

    asyncio.run(go())

    assert tempo.wanted == 5


def test_where_nothing_limits_a_slow_connection_reads_some_more_than_it_could_begin_in_a_second() -> None:
    watch, stopping = Watch(), asyncio.Event()
    tempo = Tempo(watch)

    async def go() -> None:
        tempo.take(Grant(MOST, 0.0, 0.0))
        for _ in range(10):
            watch.at += 0.1
            await tempo.moment(stopping)
        tempo.take(Grant(MOST, 0.0, 0.0))

    asyncio.run(go())

    assert tempo.wanted == 56


def test_each_message_has_its_moment() -> None:
    async def go() -> float:
        loop, stopping = asyncio.get_running_loop(), asyncio.Event()
        tempo = Tempo(loop.time)
        begun_at = loop.time()
        tempo.take(Grant(3, 0.05, 0.03))
        for _ in range(3):
            await tempo.moment(stopping)
        return loop.time() - begun_at

    assert asyncio.run(go()) >= 0.05 + 2 * 0.03


def test_who_waits_for_its_moment_stops_at_once_when_asked() -> None:
    async def go() -> None:
        stopping = asyncio.Event()
        tempo = Tempo(asyncio.get_running_loop().time)
        tempo.take(Grant(1, 3600.0, 1.0))
        asyncio.get_running_loop().call_later(0.01, stopping.set)
        await asyncio.wait_for(tempo.moment(stopping), 5)

    asyncio.run(go())


def test_a_meter_tells_the_speed_of_the_last_ten_seconds() -> None:
    watch = Watch()
    meter = Meter(watch)
    assert meter.per_second(RELAY) == 0.0

    for _ in range(50):
        meter.note((GLOBAL, RELAY))
        watch.at += 0.1

    assert meter.per_second(RELAY) == pytest.approx(10.0)
    assert meter.per_second(relay_key("another")) == 0.0
    watch.at += 60
    assert meter.per_second(RELAY) == 0.0
