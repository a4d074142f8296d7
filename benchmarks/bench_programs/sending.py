"""send: how fast, and how cheaply, messages get into a queue."""

from __future__ import annotations

from benchmarks.bench_contenders import known
from benchmarks.bench_programs.draining import LATENCIES_MS
from benchmarks.measuring.contender import Contender
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.sample import Sample
from benchmarks.measuring.turns import Samples, medians, ratio

MANY = "django-sqs, =send_many()="
ONE = "django-sqs, send() in a loop"
LOOP = "batches in a loop"
THREADS = "8 threads with batches"

_HEADER = ("messages of 200 bytes", "a second", "CPU ms each", "requests each", "peak MiB", "private MiB")


def contenders(plan: Plan) -> list[Contender]:
    """Ours, what one would write by hand, and the peers."""
    return [
        known.our_sender("many", MANY),
        known.hand_written("send-in-threads", THREADS),
        known.hand_written("send", LOOP),
        known.our_sender("one", ONE),
        *(sender for peer in plan.peers for sender in known.senders(peer)),
    ]


def run(plan: Plan) -> Report:
    """At each latency."""
    report = Report("send")
    for latency_ms in LATENCIES_MS:
        with plan.bench(latency_ms) as bench:
            runs = {one.name: one.sends(bench, plan.limit) for one in contenders(plan)}
            samples = plan.turns.take(runs, f"send at {latency_ms:g} ms")
        report.tables.append(_table(f"Sending at {latency_ms:g} ms", samples))
        each = medians(samples[MANY], Sample.requests_each)
        report.targets.append(
            Target(f"requests a message of =send_many()= at {latency_ms:g} ms", each, 0.105, at_least=False)
        )
        if latency_ms:
            found = ratio(samples[MANY], samples[THREADS], lambda sample: sample.rate)
            report.targets.append(Target("=send_many()= at 15 ms, as fast as 8 threads", found, 0.85))
    return report


def _table(title: str, samples: dict[str, Samples]) -> Table:
    made = Table(title, _HEADER)
    for name, found in samples.items():
        cut_off = "" if all(sample.complete for sample in found) else " (cut off)"
        made.rows.append(
            (
                name + cut_off,
                f"{medians(found, lambda sample: sample.rate):,.0f}",
                f"{medians(found, lambda sample: sample.cpu_ms):.3f}",
                f"{medians(found, Sample.requests_each):.3f}",
                f"{medians(found, lambda sample: sample.peak) / 1024:,.0f}",
                f"{medians(found, lambda sample: sample.private) / 1024:,.0f}",
            )
        )
    return made
