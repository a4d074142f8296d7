"""compute: draining with receivers of 1 ms of pure computation, beside a loop that does nothing but that."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.bench_contenders import known
from benchmarks.bench_contenders.work import steps_of_a_millisecond
from benchmarks.bench_programs.draining import LOOP, OURS, table
from benchmarks.measuring.contender import Contender
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report, Target
from benchmarks.measuring.turns import ratio


def run(plan: Plan) -> Report:
    """At 0 ms, where the loop has next to nothing to wait for."""
    steps = steps_of_a_millisecond()
    with plan.bench() as bench:
        both = (_computing(known.ours(name=OURS), steps), _computing(known.hand_written("loop", LOOP), steps))
        samples = plan.turns.take({one.name: one.drains(bench, plan.limit) for one in both}, "compute")
    found = ratio(samples[OURS], samples[LOOP], lambda sample: sample.rate)
    return Report(
        "compute",
        tables=[table("Draining at 0 ms, 1 ms of computation for each message", samples)],
        targets=[Target("with 1 ms of computation, as fast as the plain loop", found, 0.9)],
    )


def _computing(contender: Contender, steps: int) -> Contender:
    program = contender.program
    return replace(contender, program=replace(program, environment={**program.environment, "BENCH_STEPS": str(steps)}))
