"""idle: what a receiver costs whose queue is empty."""

from __future__ import annotations

import time
from dataclasses import replace

from benchmarks.bench_contenders import known
from benchmarks.measuring import process_tree
from benchmarks.measuring.backlog import Backlog
from benchmarks.measuring.contender import Contender
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.runs import Bench
from benchmarks.measuring.sample import requests_of
from benchmarks.measuring.turns import tell

#: The default of SQS_POLL_PERIOD, and what a quick run takes instead.
_PERIOD_SECS = 10.0
_QUICK_PERIOD_SECS = 1.0
_LATENCY_MS = 15.0
_CPU_PERCENT = 0.3


def run(plan: Plan) -> Report:
    """A minute each: ours with one handler and with 16, and the peers."""
    period, seconds = (_QUICK_PERIOD_SECS, 3.0) if plan.quick else (_PERIOD_SECS, 60.0)
    report = Report("idle", tables=[Table("An empty queue", ("", "requests a minute", "CPU % of a core"))])
    names = {1: "django-sqs, 1 handler", 16: "django-sqs, 16 handlers"}
    ours = [known.ours(name=name, concurrency=number) for number, name in names.items()]
    with plan.bench(_LATENCY_MS) as bench:
        for contender in [*(_with_period(one, period) for one in ours), *_peers(plan)]:
            requests, percent = _idles(bench, contender, seconds)
            tell(f"idle: {contender.name}: {requests:.1f} requests a minute, {percent:.2f} % of a core")
            report.tables[0].rows.append((contender.name, f"{requests:.1f}", f"{percent:.2f}"))
            if contender.peer is None:
                name = contender.name
                report.targets += [
                    Target(f"requests a minute of {name}", requests, 60 / period, at_least=False),
                    Target(f"CPU of {name}, % of a core", percent, _CPU_PERCENT, at_least=False),
                ]
    return report


def _with_period(contender: Contender, seconds: float) -> Contender:
    program = contender.program
    return replace(
        contender, program=replace(program, environment={**program.environment, "BENCH_POLL_PERIOD": str(seconds)})
    )


def _peers(plan: Plan) -> list[Contender]:
    return [known.workers(peer)[0] for peer in plan.peers]


def _idles(bench: Bench, contender: Contender, seconds: float) -> tuple[float, float]:
    """Requests a minute, and the part of a core that it uses, in percent."""
    bench.renewed()
    Backlog(bench.server, contender.queue).close()
    bench.with_latency()
    with bench.start(contender.program) as running:
        running.wait_until_ready(bench.polled)
        bench.server.reset()
        cpu, started = process_tree.cpu_seconds(running.pid), time.monotonic()
        time.sleep(seconds)
        cpu, elapsed = process_tree.cpu_seconds(running.pid) - cpu, time.monotonic() - started
        requests = sum(requests_of(bench.server.counters()).values())
    return requests / elapsed * 60, cpu / elapsed * 100
