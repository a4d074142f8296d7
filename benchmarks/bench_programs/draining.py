"""drain: how fast, and how cheaply, a backlog is worked off by receivers that do nothing."""

from __future__ import annotations

from benchmarks.bench_contenders import known
from benchmarks.measuring.contender import Contender
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.sample import DELETES, RECEIVES, Sample
from benchmarks.measuring.turns import Samples, medians, ratio

OURS = "django-sqs"
OURS_TWICE = "django-sqs, 2 processes"
LOOP = "plain loop"
PIPELINE = "pipeline of threads"
PIPELINE_TWICE = "two such pipelines"

LATENCIES_MS = (15.0, 0.0)

_HEADER = (
    "messages of 200 bytes",
    "a second",
    "CPU ms each",
    "receives each",
    "deletes each",
    "twice",
    "peak MiB",
    "private MiB",
)
#: How many times as fast as the peers at 15 ms, with their best settings.
_FASTER = {"taskiq": 2.5, "dramatiq": 3.0, "celery": 40.0}


def contenders(plan: Plan) -> list[Contender]:
    """Ours, what one would write by hand, and the peers."""
    return [
        known.ours(name=OURS),
        known.hand_written("pipeline", PIPELINE),
        known.ours(name=OURS_TWICE, processes=2),
        known.hand_written("pipeline", PIPELINE_TWICE, processes=2),
        known.hand_written("loop", LOOP),
        *(worker for peer in plan.peers for worker in known.workers(peer)),
    ]


def run(plan: Plan) -> Report:
    """At each latency."""
    report = Report("drain")
    for latency_ms in LATENCIES_MS:
        with plan.bench(latency_ms) as bench:
            runs = {one.name: one.drains(bench, plan.limit) for one in contenders(plan)}
            samples = plan.turns.take(runs, f"drain at {latency_ms:g} ms")
        report.tables.append(table(f"Draining at {latency_ms:g} ms", samples))
        report.targets += _targets_far(plan, samples) if latency_ms else _targets_near(samples)
        each = medians(samples[OURS], Sample.requests_each)
        report.targets.append(Target(f"requests a message, draining at {latency_ms:g} ms", each, 0.21, at_least=False))
    return report


def table(title: str, samples: dict[str, Samples]) -> Table:
    """A row of medians for each contender."""
    made = Table(title, _HEADER)
    for name, found in samples.items():
        cut_off = "" if all(sample.complete for sample in found) else " (cut off)"
        made.rows.append(
            (
                name + cut_off,
                f"{medians(found, lambda sample: sample.rate):,.0f}",
                f"{medians(found, lambda sample: sample.cpu_ms):.3f}",
                f"{medians(found, lambda sample: sample.requests_each(*RECEIVES)):.3f}",
                f"{medians(found, lambda sample: sample.requests_each(*DELETES)):.3f}",
                f"{max(sample.duplicates for sample in found):,}",
                f"{medians(found, lambda sample: sample.peak) / 1024:,.0f}",
                f"{medians(found, lambda sample: sample.private) / 1024:,.0f}",
            )
        )
    return made


def _rate(sample: Sample) -> float:
    return sample.rate


def _cpu(sample: Sample) -> float:
    return sample.cpu_ms


def _targets_far(plan: Plan, samples: dict[str, Samples]) -> list[Target]:
    targets = [
        Target("at 15 ms, as fast as the pipeline", ratio(samples[OURS], samples[PIPELINE], _rate), 0.95),
        Target(
            "at 15 ms, two processes as fast as two pipelines",
            ratio(samples[OURS_TWICE], samples[PIPELINE_TWICE], _rate),
            0.85,
        ),
    ]
    for peer in plan.peers:
        best = samples[known.workers(peer)[1].name]
        targets.append(
            Target(f"at 15 ms, as fast as {peer.name}", ratio(samples[OURS], best, _rate), _FASTER[peer.name])
        )
    return targets


def _targets_near(samples: dict[str, Samples]) -> list[Target]:
    return [
        Target("at 0 ms, as fast as the plain loop", ratio(samples[OURS], samples[LOOP], _rate), 0.75),
        Target("at 0 ms, CPU time of the plain loop", ratio(samples[OURS], samples[LOOP], _cpu), 1.4, at_least=False),
    ]
