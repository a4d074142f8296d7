"""memory: whether a receiver grows."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.bench_contenders import known
from benchmarks.measuring import process_tree
from benchmarks.measuring.backlog import Backlog
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.program import ProgramError
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.runs import Bench
from benchmarks.measuring.turns import tell

_MESSAGES = 200_000
_LIMIT_SECS = 600.0


def run(plan: Plan) -> Report:
    """Drain many messages, and look at the receiver's memory ten times."""
    count = 2_000 if plan.quick else _MESSAGES
    with plan.bench() as bench:
        private = _private(bench, count)
    rows: list[Sequence[str]] = [(f"{done:,}", f"{kib / 1024:.1f}") for done, kib in private]
    # The first look is after a tenth of them.
    return Report(
        "memory",
        tables=[Table("Private memory while draining", ("messages", "MiB"), rows)],
        targets=[
            Target(
                f"private memory after {count:,} messages, in that after {private[0][0]:,}",
                private[-1][1] / private[0][1],
                1.05,
                at_least=False,
            )
        ],
    )


def _private(bench: Bench, count: int) -> list[tuple[int, int]]:
    """The private memory in KiB of all our processes after each tenth of the messages."""
    contender = known.ours()
    bench.renewed()
    backlog = Backlog(bench.server, contender.queue)
    looks: list[tuple[int, int]] = []
    with bench.start(contender.program) as running:
        running.wait_until_ready(bench.polled)
        end = time.monotonic() + _LIMIT_SECS
        for number in range(1, 11):
            # In tenths, so that the server need not hold all of them.
            backlog.store(count // 10)
            backlog.release()
            while bench.server.counters()["queues"][contender.queue]["deleted"] < count * number // 10:
                if running.wait(0.05) is not None or time.monotonic() > end:
                    raise ProgramError(f"{count:,} messages were not drained in time.\n{running.output}")
            looks.append((count * number // 10, process_tree.memory(running.pid).private))
            tell(f"memory: {looks[-1][0]:,} messages, {looks[-1][1] / 1024:.1f} MiB")
    backlog.close()
    return looks
