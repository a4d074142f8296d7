"""latency: from the return of send() to the start of a receiver that had nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from benchmarks.bench_contenders import known
from benchmarks.bench_programs.draining import LATENCIES_MS
from benchmarks.measuring.backlog import Backlog
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.program import ProgramError
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.runs import Bench
from benchmarks.measuring.sample import percentile
from benchmarks.measuring.turns import tell

_HEADER = ("server latency", "median ms", "95 % ms", "99 % ms", "longest ms")
#: What the median may be: so many round trips, and so many milliseconds more.
_ROUND_TRIPS = 1.5
_MORE_MS = 5.0


def run(plan: Plan) -> Report:
    """At each latency, one message at a time."""
    count = 10 if plan.quick else 300
    report = Report("latency", tables=[Table("From send() to the receiver", _HEADER)])
    for latency_ms in LATENCIES_MS:
        with plan.bench(latency_ms) as bench:
            waits = _waits(bench, count, plan.limit)
        middle = median(waits)
        cells = (middle, percentile(waits, 0.95), percentile(waits, 0.99), max(waits))
        report.tables[0].rows.append((f"{latency_ms:g} ms", *(f"{cell:.1f}" for cell in cells)))
        tell(f"latency at {latency_ms:g} ms: {middle:.1f} ms")
        bound = _ROUND_TRIPS * latency_ms + _MORE_MS
        text = f"ms from send() to an idle receiver at {latency_ms:g} ms"
        report.targets.append(Target(text, middle, bound, at_least=False))
    return report


def _waits(bench: Bench, count: int, limit: float) -> Sequence[float]:
    """Milliseconds of each message; negative where the receiver was faster than the answer to its sender."""
    receiver, sender = known.ours("noting"), known.our_sender("timed", "sender")
    bench.renewed()
    Backlog(bench.server, receiver.queue).close()
    bench.with_latency()
    with bench.start(receiver.program) as receiving:
        receiving.wait_until_ready(bench.polled)
        log = bench.directory / "sender"
        with bench.start(sender.program, log=log, BENCH_COUNT=str(count)) as sending:
            sending.wait_until_ready(lambda: "ready" in log.read_text())
            sending.say("go")
            sending.wait_until_ready(lambda: log.read_text().count("\n") > count, limit)
        sent = [float(line) for line in log.read_text().splitlines()[1 : count + 1]]
    started = [float(line) for line in bench.notes.read_text().splitlines()]
    if len(started) != count:
        raise ProgramError(f"{len(started)} messages were received of {count} that were sent.")
    return [(start - end) * 1000 for start, end in zip(started, sent, strict=True)]
