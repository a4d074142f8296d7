"""What receivers do: nothing, a computation, or a wait."""

from __future__ import annotations

import os
import time

_STEPS = int(os.environ.get("BENCH_STEPS", "0"))


def compute(steps: int = _STEPS) -> int:
    """Pure computation, the same amount of it whoever asks."""
    total = 0
    for number in range(steps):
        total += number
    return total


def steps_of_a_millisecond() -> int:
    """How many steps take 1 ms of CPU time here."""
    steps = 100_000
    best = float("inf")
    for _ in range(10):
        started = time.thread_time()
        compute(steps)
        best = min(best, time.thread_time() - started)
    return max(1, int(steps * 0.001 / best))
