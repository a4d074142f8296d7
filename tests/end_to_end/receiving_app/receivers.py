"""Receivers that append a line to the journal (DJANGO_SQS_TEST_JOURNAL) when they start and when they end."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path
from typing import Any

from django_sqs import BatchFailed, Reject, RestartLater, receiver, register
from django_sqs.message import JSONMessage, Message, ModelInstanceMessage
from tests.sample.models import Article


def note(*words: object) -> None:
    """Append one line; a single write of O_APPEND is never torn."""
    line = " ".join(map(str, words)) + f" {time.time():.3f} {os.getpid()}\n"
    descriptor = os.open(Path(os.environ["DJANGO_SQS_TEST_JOURNAL"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def timed(queue: str, **options: Any) -> None:
    """Register a receiver that takes as long as its message says: "0.3 a" is 0.3 s for the message a."""

    def receive(message: Message) -> None:
        seconds, name = message.body.split()
        note(queue, "start", name, message.receive_count)
        time.sleep(float(seconds))
        note(queue, "end", name)

    register(queue, receive, **options)


@receiver("plain")
def plain(message: Message) -> None:
    note("plain", "start", message.body)
    note("plain", "end", message.body)


@receiver("json", message_class=JSONMessage)
def json(message: JSONMessage) -> None:
    note("json", "start", message.body["id"])
    note("json", "end", message.body["id"])


class CarelessMessage(JSONMessage):
    """Believes in its senders before its body was looked at."""

    @property
    def ignored(self) -> bool:
        return bool(self.body["id"] == "test event")


@receiver("careless", message_class=CarelessMessage)
def careless(message: CarelessMessage) -> None:
    note("careless", "end", message.body["id"])


@receiver("relay")
def relay(message: Message) -> None:
    plain(body=message.body)


@receiver("slow", visibility_timeout=2)
def slow(message: Message) -> None:
    """The body is how long to take, in seconds, and a name: "0.3 a"."""
    seconds, name = message.body.split()
    note("slow", "start", name)
    time.sleep(float(seconds))
    note("slow", "end", name)


@receiver("failing")
def failing(message: Message) -> None:
    note("failing", "start", message.body)
    raise RuntimeError("the receiver failed on purpose")


@receiver("rejecting")
def rejecting(message: Message) -> None:
    note("rejecting", "start", message.body)
    raise Reject("it is not wanted")


@receiver("restarting", visibility_timeout=2)
def restarting(message: Message) -> None:
    note("restarting", "start", message.body, message.receive_count)
    if message.receive_count < 3:
        raise RestartLater(delay=1 if message.receive_count == 1 else None)
    note("restarting", "end", message.body)


@receiver("retrying", on_error="retry", retry_delays=(0, 1), max_receives=3)
def retrying(message: Message) -> None:
    note("retrying", "start", message.body, message.receive_count)
    raise RuntimeError("it never works")


@receiver("deadly", visibility_timeout=2)
def deadly(message: Message) -> None:
    """Kills its process the first time."""
    note("deadly", "start", message.body, message.receive_count)
    if message.receive_count == 1:
        os.kill(os.getpid(), 9)
    note("deadly", "end", message.body)


@receiver("exiting")
def exiting(message: Message) -> None:
    note("exiting", "start", message.body)
    raise SystemExit(f"a receiver that exits: {message.body}")


@receiver("instances", message_class=ModelInstanceMessage)
def instances(message: ModelInstanceMessage) -> None:
    note("instances", "start", message.get_instance())


@receiver("first", delete_on_start=True)
def first(message: Message) -> None:
    note("first", "start", message.body)
    if message.body == "again":
        raise RestartLater(delay=0)


send_only = register("send_only")


@receiver("threads", concurrency=4, visibility_timeout=5)
def threads(message: Message) -> None:
    """The body is how long to take, in seconds, and a name."""
    seconds, name = message.body.split()
    note("threads", "start", name)
    time.sleep(float(seconds))
    note("threads", "end", name)


@receiver("coroutines", visibility_timeout=5)
async def coroutines(message: Message) -> None:
    """Counts itself in the database, waits, and fails where the name says so."""
    seconds, name = message.body.split()
    note("coroutines", "start", name)
    article = await Article.objects.acreate(title=name)
    await asyncio.sleep(float(seconds))
    if name.startswith("bad"):
        raise RuntimeError("a coroutine failed on purpose")
    await Article.objects.filter(pk=article.pk).aupdate(runs=1)
    note("coroutines", "end", name)


@receiver("hasty", timeout=0.5, visibility_timeout=5)
def hasty(message: Message) -> None:
    seconds, name = message.body.split()
    note("hasty", "start", name)
    time.sleep(float(seconds))
    note("hasty", "end", name)


@receiver("hasty_coroutines", timeout=0.5, visibility_timeout=5)
async def hasty_coroutines(message: Message) -> None:
    seconds, name = message.body.split()
    note("hasty_coroutines", "start", name)
    await asyncio.sleep(float(seconds))
    note("hasty_coroutines", "end", name)


@receiver("ordered", fifo=True, concurrency=4, on_error="retry", retry_delays=(1,), visibility_timeout=5)
def ordered(message: Message) -> None:
    """The body is group, number, seconds; a number that ends in "!" fails at its first receive."""
    group, number, seconds = message.body.split()
    note("ordered", "start", group, number)
    time.sleep(float(seconds))
    if number.endswith("!") and message.receive_count == 1:
        raise RuntimeError("fails the first time")
    note("ordered", "end", group, number)


@receiver("batched", batch=25, batch_window=1, visibility_timeout=5, on_error="retry", retry_delays=(0,))
def batched(messages: list[Message]) -> list[Message]:
    """Those whose body starts with "bad" fail at their first receive."""
    note("batched", "batch", len(messages))
    failed = [message for message in messages if message.body.startswith("bad") and message.receive_count == 1]
    for message in messages:
        if message not in failed:
            note("batched", "end", message.body)
    return failed


@receiver("batched_raising", batch=10, batch_window=0.2, visibility_timeout=5)
def batched_raising(messages: list[Message]) -> None:
    note("batched_raising", "batch", len(messages))
    failed = [message for message in messages if message.body.startswith("bad")]
    if failed:
        raise BatchFailed(failed) from RuntimeError("these are bad")


@receiver("to_dead_letters", on_error="delete", dead_letter="dead_letters")
def to_dead_letters(message: Message) -> None:
    note("to_dead_letters", "start", message.body)
    raise RuntimeError("goes to the dead letters: \x00 é")


dead_letters = register("dead_letters")
