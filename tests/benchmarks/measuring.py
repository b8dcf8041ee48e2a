"""How benchmarks measure: ours and the peer's turn about, in one run, and the median of the rounds.

measure("assembly of one message", unit="µs", ours=ours, peer=peer, peer_name="…", per=1000)

A benchmark is a file `bench_….py` beside this one; `make bench` runs them all.
"""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

ROUNDS = 5


def measure(
    figure: str,
    *,
    ours: Callable[[], object],
    peer: Callable[[], object],
    peer_name: str,
    per: int,
    clock: Callable[[], float] = time.process_time,
) -> None:
    """Print one line of JSON: microseconds for each of the `per` things that a call does, of CPU time as a rule."""
    ours_us, peer_us = _medians(ours, peer, per, clock)
    line = {
        "figure": f"{figure}, {'CPU µs' if clock is time.process_time else 'µs'}",
        "value": round(ours_us, 1),
        "peer": peer_name,
        "peer_value": round(peer_us, 1),
        "ratio": round(peer_us / ours_us, 2),
        "sink": "none",
        "machine": machine(),
    }
    print(json.dumps(line, ensure_ascii=False))


def machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} × {_processor()}, Python {platform.python_version()}"


def _medians(
    ours: Callable[[], object], peer: Callable[[], object], per: int, clock: Callable[[], float]
) -> tuple[float, float]:
    ours(), peer()  # what is made once is made before
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for run, taken in zip((ours, peer), times, strict=True):
            began = clock()
            run()
            taken.append((clock() - began) / per * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())
