"""Contenders run in turn: A B C A B C ..., so that a machine that gets slower gets slower for all of them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.measuring.sample import Sample

Run = Callable[[int], Sample]
Samples = list[Sample]

#: Messages of the first run, which only finds out how many a contender can do.
_PILOT = 160
#: Counts are multiples of this, so that they can be dealt to 8 threads in batches of ten.
_MULTIPLE = 80


class Turns:
    """How often and how long each contender runs."""

    def __init__(self, rounds: int, seconds: float, most: int) -> None:
        self.rounds = rounds
        self.seconds = seconds
        self.most = most

    def take(self, runs: dict[str, Run], told: str) -> dict[str, Samples]:
        """Run each for about as long as it should take, and return its samples, round by round."""
        counts = {name: self._count(run) for name, run in runs.items()}
        samples: dict[str, Samples] = {name: [] for name in runs}
        for number in range(self.rounds):
            for name, run in runs.items():
                sample = run(counts[name])
                samples[name].append(sample)
                tell(
                    f"{told}, {number + 1} of {self.rounds}: {name}: {sample.messages:,} messages,"
                    f" {sample.rate:,.0f}/s, {sample.cpu_ms:.3f} ms of CPU each"
                )
        return samples

    def _count(self, run: Run) -> int:
        """Found by a run that does not count, or by two, since a short one says little."""
        count = self._count_after(run(_PILOT))
        return self._count_after(run(count // 4 // _MULTIPLE * _MULTIPLE)) if count > 8 * _PILOT else count

    def _count_after(self, pilot: Sample) -> int:
        wanted = pilot.rate * self.seconds
        return max(_MULTIPLE, min(self.most, int(wanted // _MULTIPLE * _MULTIPLE)))


def tell(line: str) -> None:
    """Say on standard error how far things are."""
    print(line, file=sys.stderr, flush=True)


def medians(samples: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """The median of what `value` finds in each sample."""
    return median(map(value, samples))


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample], value: Callable[[Sample], float]) -> float:
    """The median of the ratios round by round: each pair has run within seconds of each other."""
    pairs = [(value(one), value(other)) for one, other in zip(ours, theirs, strict=True)]
    return median(one / other if other else 0.0 for one, other in pairs)
