"""Who is compared: a program that drains or sends, and the messages that it understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.measuring.environments import Peer
from benchmarks.measuring.program import Program
from benchmarks.measuring.runs import Bench, drain, send
from benchmarks.measuring.sample import Sample


@dataclass(frozen=True, kw_only=True)
class Contender:
    """Without `bodies`, which makes those of its messages, any text of the usual length will do."""

    program: Program
    queue: str
    peer: Peer | None = None
    bodies: Callable[[Bench], Iterator[str]] | None = None

    @property
    def name(self) -> str:
        return self.program.name

    def drains(self, bench: Bench, limit: float) -> Callable[[int], Sample]:
        """A run in which it drains so many messages."""
        bodies = None if self.bodies is None else self.bodies(bench)
        return lambda count: drain(bench, self.program, self.queue, count, bodies=bodies, limit=limit)

    def sends(self, bench: Bench, limit: float) -> Callable[[int], Sample]:
        """A run in which it sends so many messages."""
        return lambda count: send(bench, self.program, self.queue, count, limit=limit)
