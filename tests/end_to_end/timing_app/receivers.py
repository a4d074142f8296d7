"""Receivers whose options make a difference of a second plain. A body is how long to take, in seconds, and a name."""

from __future__ import annotations

import time
from typing import Any

from django_sqs import RestartLater, receiver, register
from django_sqs.message import Message
from tests.end_to_end.receiving_app.receivers import note, timed

# Visibility timeouts that a test does not live to see: what comes back was released.
timed("pair", concurrency=2, visibility_timeout=60)
timed("single", visibility_timeout=60)
timed("chained.fifo", visibility_timeout=60)


@receiver("restarted", concurrency=3, visibility_timeout=4)
def restarted(message: Message) -> None:
    """The body says how long to take, and the delay of the restart."""
    seconds, delay = message.body.split()
    note("restarted", "start", delay, message.receive_count)
    if message.receive_count == 1:
        time.sleep(float(seconds))
        note("restarted", "restart", delay)
        raise RestartLater(delay=None if delay == "none" else float(delay))
    note("restarted", "end", delay)


@receiver("retried", concurrency=4, visibility_timeout=60, on_error="retry", retry_delays=(4,), max_receives=2)
def retried(message: Message) -> None:
    note("retried", "start", message.body, message.receive_count)
    raise RuntimeError("fails each time")


def late_once(queue: str, **options: Any) -> None:
    """Register a receiver that takes as long as its message says, at the first receive only; a failure is retried."""

    def receive(message: Message) -> None:
        seconds, name = message.body.split()
        note(queue, "start", name, message.receive_count)
        if message.receive_count == 1:
            time.sleep(float(seconds))
        note(queue, "end", name)

    register(queue, receive, concurrency=2, visibility_timeout=60, on_error="retry", max_receives=9, **options)


late_once("neighbours", timeout=1.5, retry_delays=(2,))
late_once("slow_neighbours", timeout=2.5, retry_delays=(0,))
