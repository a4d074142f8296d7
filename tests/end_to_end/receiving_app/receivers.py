"""Receivers that append a line to the journal (DJANGO_SQS_TEST_JOURNAL) when they start and when they end."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django_sqs import Reject, RestartLater, receiver, register
from django_sqs.message import JSONMessage, Message, ModelInstanceMessage


def note(*words: object) -> None:
    """Append one line; a single write of O_APPEND is never torn."""
    line = " ".join(map(str, words)) + f" {time.time():.3f} {os.getpid()}\n"
    descriptor = os.open(Path(os.environ["DJANGO_SQS_TEST_JOURNAL"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


@receiver("plain")
def plain(message: Message) -> None:
    note("plain", "start", message.body)
    note("plain", "end", message.body)


@receiver("json", message_class=JSONMessage)
def json(message: JSONMessage) -> None:
    note("json", "start", message.body["id"])
    note("json", "end", message.body["id"])


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
