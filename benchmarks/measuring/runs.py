"""One run of a program: it drains a backlog, or it sends one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import process_tree
from benchmarks.measuring.backlog import Backlog
from benchmarks.measuring.program import Program, ProgramError, Running
from benchmarks.measuring.sample import Sample, requests_of
from benchmarks.standin.process import StandIn

#: How often the server is asked how far they are, in seconds.
_LOOK_SECS = 0.02


@dataclass(frozen=True)
class Bench:
    """A server, and a directory for what the programs leave."""

    server: StandIn
    directory: Path
    #: Of each request, in milliseconds.
    latency_ms: float = 0.0

    @property
    def notes(self) -> Path:
        """The file into which receivers write."""
        return self.directory / "notes"

    def start(self, program: Program, log: Path | None = None, **environment: str) -> Running:
        """Start a program, which finds in its environment where the server is and where it may write."""
        common = {
            "BENCH_ENDPOINT_URL": self.server.endpoint_url,
            "BENCH_DATABASE": str(self.directory / "database"),
            "BENCH_NOTES": str(self.notes),
        }
        return Running(program, {**common, **environment}, log or self.directory / "log")

    def renewed(self) -> None:
        """The server as new: no queues, no counts, no latency; and no notes."""
        self.server.reset(queues=True)
        self.notes.unlink(missing_ok=True)

    def with_latency(self) -> None:
        """From here on requests take their time."""
        self.server.control(latency_ms=self.latency_ms)

    def polled(self) -> bool:
        """Does anybody wait for messages?"""
        return bool(self.server.counters()["waiting_polls"])


def drain(
    bench: Bench,
    program: Program,
    queue: str,
    count: int,
    *,
    bodies: Iterator[str] | None = None,
    limit: float = 60.0,
) -> Sample:
    """Have a program that waits at an empty queue drain `count` messages that come at once. After `limit` seconds it is
    stopped, and what it has done by then is what counts."""
    bench.renewed()
    backlog = Backlog(bench.server, queue)
    try:
        backlog.store(count, bodies)
        bench.with_latency()
        with bench.start(program, BENCH_COUNT=str(count)) as running:
            running.wait_until_ready(bench.polled)
            cpu = process_tree.cpu_seconds(running.pid)
            bench.server.reset()
            backlog.release()
            return _watch(bench, running, queue, "deleted", count, limit, cpu)
    finally:
        backlog.close()


def send(bench: Bench, program: Program, queue: str, count: int, *, limit: float = 60.0) -> Sample:
    """Have a program send `count` messages. It prints "ready" when it could begin, and begins when it reads a line."""
    bench.renewed()
    Backlog(bench.server, queue).close()
    bench.with_latency()
    with bench.start(program, BENCH_COUNT=str(count)) as running:
        running.wait_until_ready(lambda: "ready" in running.output)
        cpu = process_tree.cpu_seconds(running.pid)
        bench.server.reset()
        running.say("go")
        return _watch(bench, running, queue, "sent", count, limit, cpu)


def _watch(
    bench: Bench, running: Running, queue: str, done: str, count: int, limit: float, cpu_before: float
) -> Sample:
    started = time.perf_counter()
    while True:
        counters = bench.server.counters()
        seconds = time.perf_counter() - started
        tally = counters["queues"][queue]
        if tally[done] >= count or seconds > limit:
            break
        if running.wait(_LOOK_SECS) not in (None, 0):
            raise ProgramError(f"{running.program.name} has ended too early.\n{running.output}")
    cpu = process_tree.cpu_seconds(running.pid) - cpu_before
    memory = process_tree.memory(running.pid)
    requests = requests_of(counters)
    requests.pop("StartMessageMoveTask", None)
    return Sample(
        messages=tally[done],
        seconds=seconds,
        cpu=cpu,
        requests=requests,
        duplicates=max(0, tally["received"] - count),
        peak=memory.peak,
        private=memory.private,
        complete=tally[done] >= count,
    )
