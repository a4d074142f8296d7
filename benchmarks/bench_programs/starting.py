"""start: how long it takes until runreceiver polls, and what it costs to import django_sqs."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.bench_contenders import known
from benchmarks.measuring.backlog import Backlog
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.program import ROOT, ProgramError, clean_environment
from benchmarks.measuring.report import Report, Table
from benchmarks.measuring.runs import Bench
from benchmarks.measuring.turns import tell

_START_SECS = 30.0

_STATEMENTS = ("import django_sqs", "from django_sqs import receiver, send", "import boto3")

# What a project that uses django_sqs has imported anyhow.
_IMPORT = """
import sys, time
import django, django.conf, django.utils.module_loading, asgiref.sync, logging
before, started = set(sys.modules), time.perf_counter()
{statement}
print(time.perf_counter() - started, len(set(sys.modules) - before))
"""


def run(plan: Plan) -> Report:
    """Medians, in turn."""
    rounds = 1 if plan.quick else plan.rounds
    starts: list[float] = []
    imports: dict[str, list[tuple[float, int]]] = {statement: [] for statement in _STATEMENTS}
    with plan.bench() as bench:
        for number in range(rounds):
            starts.append(_seconds_to_poll(bench))
            for statement in _STATEMENTS:
                imports[statement].append(_import(statement))
            tell(f"start, {number + 1} of {rounds}: {starts[-1]:.2f} s until it polls")
    rows: list[Sequence[str]] = [("=runreceiver= until it polls", f"{median(starts) * 1000:,.0f}", "")]
    for statement, found in imports.items():
        milliseconds, count = median(seconds for seconds, _ in found) * 1000, found[0][1]
        rows.append((f"={statement}=", f"{milliseconds:,.1f}", str(count)))
    return Report("start", tables=[Table("Starting", ("", "ms", "new modules"), rows)])


def _seconds_to_poll(bench: Bench) -> float:
    contender = known.ours()
    bench.renewed()
    Backlog(bench.server, contender.queue).close()
    started = time.perf_counter()
    with bench.start(contender.program) as running:
        _wait_for(bench.polled, running.output)
        return time.perf_counter() - started


def _wait_for(condition: Callable[[], bool], told: str) -> None:
    end = time.monotonic() + _START_SECS
    while not condition():
        if time.monotonic() > end:
            raise ProgramError(f"runreceiver did not poll in {_START_SECS:g} s.\n{told}")
        time.sleep(0.005)


def _import(statement: str) -> tuple[float, int]:
    """Seconds, and how many modules it brought."""
    command = (sys.executable, "-c", _IMPORT.format(statement=statement))
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True)
    seconds, count = done.stdout.split()
    return float(seconds), int(count)
