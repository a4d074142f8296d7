"""The receivers. What they note is read by the benchmark that started them."""

from __future__ import annotations

import os
import time

from benchmarks.bench_contenders.work import compute
from django_sqs import receiver
from django_sqs.message import Message


@receiver("noop")
def noop(message: Message) -> None:
    """Nothing, or the computation that was asked for."""
    compute()


@receiver("uneven", concurrency=16)
def uneven(message: Message) -> None:
    """The body is how long to take, in seconds."""
    started = time.monotonic()
    time.sleep(float(message.body.split()[0]))
    note(started, time.monotonic())


@receiver("noting")
def noting(message: Message) -> None:
    """When it started."""
    note(time.monotonic())


def note(*times: float) -> None:
    """Append a line of times; a single write of O_APPEND is never torn."""
    descriptor = os.open(os.environ["BENCH_NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, (" ".join(f"{value:.6f}" for value in times) + "\n").encode())
    finally:
        os.close(descriptor)
