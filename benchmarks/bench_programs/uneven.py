"""uneven: receivers that take 1 to 200 ms, one in a hundred 5 s, beside an ideal scheduling of the same durations."""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from statistics import median

from benchmarks.bench_contenders import known
from benchmarks.measuring.backlog import BODY_BYTES
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.runs import Bench, drain
from benchmarks.measuring.turns import tell

HANDLERS = 16
LATENCY_MS = 15.0


def drawn(seed: int, count: int, quick: bool) -> list[float]:
    """Durations in seconds; quick ones are a tenth as long."""
    chance = random.Random(seed)
    scale = 0.1 if quick else 1.0
    return [scale * (5.0 if chance.random() < 0.01 else chance.uniform(0.001, 0.2)) for _ in range(count)]


def ideal_seconds(durations: Sequence[float], handlers: int) -> float:
    """How long it takes handlers that lose no time, each of which takes the next message when it is free."""
    free_at = [0.0] * handlers
    for duration in durations:
        heapq.heapreplace(free_at, free_at[0] + duration)
    return max(free_at)


def _bodies(durations: Sequence[float]) -> Iterator[str]:
    return (f"{duration:.4f} ".ljust(BODY_BYTES, ".") for duration in durations)


def _took(bench: Bench, durations: Sequence[float]) -> float:
    """Seconds from the first start to the last end."""
    one = known.ours("uneven", concurrency=HANDLERS)
    drain(bench, one.program, one.queue, len(durations), bodies=_bodies(durations), limit=120)
    noted = [list(map(float, line.split())) for line in bench.notes.read_text().splitlines()]
    # What was received twice would have run twice.
    assert len(noted) == len(durations)
    return max(end for _, end in noted) - min(start for start, _ in noted)


def run(plan: Plan) -> Report:
    """A drawing of its own for each round."""
    count, rounds = (160, 1) if plan.quick else (1_500, plan.rounds)
    rows: list[Sequence[str]] = []
    ratios: list[float] = []
    with plan.bench(LATENCY_MS) as bench:
        for seed in range(rounds):
            durations = drawn(seed, count, plan.quick)
            ideal, took = ideal_seconds(durations, HANDLERS), _took(bench, durations)
            ratios.append(ideal / took)
            rows.append((str(seed + 1), f"{ideal:.2f}", f"{took:.2f}", f"{ratios[-1]:.3f}"))
            tell(f"uneven, {seed + 1} of {rounds}: {took:.2f} s, ideal {ideal:.2f} s")
    title = f"{count:,} messages of uneven length at {LATENCY_MS:g} ms, {HANDLERS} handlers"
    return Report(
        "uneven",
        tables=[Table(title, ("drawing", "ideal s", "took s", "ratio"), rows)],
        targets=[Target("uneven messages, as fast as an ideal scheduling", median(ratios), 0.95)],
    )
