"""Receivers of every kind. What each does with a message, the message says; see tasks.py."""

from __future__ import annotations

import asyncio
import time

from benchmarks.chaos_project.journal import note
from benchmarks.chaos_project.tasks import begin, finish, mode_of
from django_sqs import receiver, register
from django_sqs.message import JSONMessage

#: Queues that messages are given up to.
dead = register("dead", message_class=JSONMessage)
dead_fifo = register("dead.fifo", message_class=JSONMessage)


def _run(queue: str, message: JSONMessage) -> None:
    name, mode, seconds = begin(queue, message)
    time.sleep(seconds)
    finish(queue, message, name, mode)


@receiver("plain", message_class=JSONMessage, concurrency=4, processes=2)
def plain(message: JSONMessage) -> None:
    """on_error="delete": what fails becomes a row at once."""
    _run("plain", message)


@receiver(
    "retried",
    message_class=JSONMessage,
    concurrency=4,
    on_error="retry",
    retry_delays=(1, 2),
    max_receives=6,
    dead_letter="dead",
)
def retried(message: JSONMessage) -> None:
    """What fails comes back, and goes to the dead-letter queue in the end."""
    _run("retried", message)


@receiver("coroutines", message_class=JSONMessage, on_error="retry", retry_delays=(1,), max_receives=4)
async def coroutines(message: JSONMessage) -> None:
    """The same on an event loop; what fails becomes a row in the end."""
    name, mode, seconds = begin("coroutines", message)
    await asyncio.sleep(seconds)
    finish("coroutines", message, name, mode)


@receiver(
    "ordered.fifo",
    message_class=JSONMessage,
    concurrency=4,
    processes=2,
    on_error="retry",
    retry_delays=(1,),
    max_receives=4,
    dead_letter="dead.fifo",
)
def ordered(message: JSONMessage) -> None:
    """One at a time in each group, in order, whatever happens."""
    _run("ordered.fifo", message)


@receiver("batched", message_class=JSONMessage, batch=10, batch_window=0.5, on_error="retry", retry_delays=(1,))
def batched(messages: list[JSONMessage]) -> list[JSONMessage]:
    """Gives back those of a list that fail."""
    failed = []
    for message in messages:
        body = message.body
        note("start", "batched", body["name"], message.id, message.receive_count)
        fails = mode_of(body, message) == "fail" and body["mode"] == "flaky"
        note("failed" if fails else "end", "batched", body["name"], message.id, message.receive_count)
        if fails:
            failed.append(message)
    return failed


@receiver("hostile", message_class=JSONMessage, concurrency=4)
def hostile(message: JSONMessage) -> None:
    """Is sent what no class decodes and no receiver expects, among messages that are fine."""
    _run("hostile", message)


@receiver("once", message_class=JSONMessage, delete_on_start=True)
def once(message: JSONMessage) -> None:
    """At most once."""
    body = message.body
    note("start", "once", body["name"], message.id, message.receive_count)
    note("end", "once", body["name"], message.id, message.receive_count)
