"""Receivers for the tests of faults. Most take messages whose body is how long to take, in seconds, and a name."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.db import transaction

from django_sqs import Reject, RestartLater, receiver, register, signals
from django_sqs.message import JSONMessage, Message
from django_sqs.receiving import silence
from django_sqs.receiving.keeper import Keeper
from tests.end_to_end.receiving_app.receivers import note, timed
from tests.sample.models import Article

# A queue at its limit, and sixty polls, are too much for a test.
if _numbers := os.environ.get("DJANGO_SQS_TEST_SILENCE"):
    silence.LOOK_AFTER_POLLS, silence.IN_FLIGHT_LIMIT = map(int, _numbers.split(","))


for _queue in ("settling", "hidden", "waiting", "buffered", "dropped"):
    timed(_queue, visibility_timeout=2)
for _end in ("refused", "failing", "hanging", "pretended"):
    timed(f"comes_back_{_end}", visibility_timeout=2)
for _end in ("refused", "failing", "hanging", "then_refused", "then_taken"):
    timed(f"lost_{_end}", visibility_timeout=2)
timed("lost_waiting.fifo", visibility_timeout=2)
timed("gathered", concurrency=4, visibility_timeout=30)
timed("groups.fifo", concurrency=2, visibility_timeout=5)
timed("refused.fifo", concurrency=3, visibility_timeout=3)
timed("contended", concurrency=3, visibility_timeout=2)
timed("steady", concurrency=2, visibility_timeout=5)


@receiver("lost_restarting", visibility_timeout=2)
def lost_restarting(message: Message) -> None:
    """Wants to be restarted at its first receive."""
    seconds, name = message.body.split()
    note("lost_restarting", "start", name, message.receive_count)
    if message.receive_count == 1:
        time.sleep(float(seconds))
        raise RestartLater(delay=0)
    note("lost_restarting", "end", name)


@receiver("stalling", visibility_timeout=30)
def stalling(message: Message) -> None:
    """Where the body says so, the keeper of this process never looks again."""
    if message.body == "stall":
        Keeper._due = lambda *_: time.sleep(3600)  # type: ignore[assignment, method-assign]
    note("stalling", "end", message.body)


# --- failures of receivers


def failing(queue: str, **options: Any) -> None:
    """Register a receiver that fails each time, with a reason that no queue and no database takes as it is."""

    def receive(message: Message) -> None:
        note(queue, "start", message.body, message.receive_count)
        raise RuntimeError(f"cannot be kept as it is: \x00 \ud800 {'é' * 1000} of {message.body}")

    register(queue, receive, **options)


register("letters")
register("letters.fifo")
failing("to_letters", dead_letter="letters", retry_delays=(1,))
failing("to_letters.fifo", dead_letter="letters.fifo")
failing("redriven", retry_delays=(1,))
failing("kept", retry_delays=(1,))
failing("kept_again", visibility_timeout=2)
# What is to run at most once is not retried, whatever else is asked for.
failing("first_failing", delete_on_start=True, on_error="retry", retry_delays=(1,))


@receiver("left_open")
def left_open(message: Message) -> None:
    """Leaves a transaction open, and what it wrote in it."""
    note("left_open", "start", message.body)
    transaction.set_autocommit(False)
    Article.objects.create(title=message.body)
    raise RuntimeError("fails within its transaction")


@receiver("called", on_error="retry", retry_delays=lambda count: 2.0 if count < 3 else 0.0, max_receives=4)
def called(message: Message) -> None:
    note("called", "start", message.body, message.receive_count)
    raise RuntimeError("fails each time")


@receiver("patient", on_error="retry", max_receives=2)
def patient(message: Message) -> None:
    note("patient", "start", message.body, message.receive_count)
    if message.receive_count < 6:
        raise RestartLater(delay=0)
    note("patient", "end", message.body)


timed("limited", on_error="retry", max_receives=3)
timed("much_received", on_error="retry", max_receives=10)


@receiver("poisoned", on_error="retry", max_receives=3, visibility_timeout=2)
def poisoned(message: Message) -> None:
    note("poisoned", "start", message.body, message.receive_count)
    if message.body == "poison":
        os.kill(os.getpid(), 9)


@receiver("first_refused", delete_on_start=True, visibility_timeout=5, retry_delays=(1,))
def first_refused(message: Message) -> None:
    note("first_refused", "start", message.body, message.receive_count)


def anew(queue: str) -> None:
    """Register a receiver that wants to be restarted until there is a file that says enough."""

    def receive(message: Message) -> None:
        note(queue, "start", message.body, message.id, message.message_attributes.get("colour"))
        if message.body == "rejected":
            raise Reject("not this one")
        if not Path(os.environ["DJANGO_SQS_TEST_JOURNAL"]).with_name("enough").exists():
            raise RestartLater(delay=0)
        note(queue, "end", message.body)

    register(queue, receive, delete_on_start=True)


anew("anew")
anew("anew.fifo")


@receiver("hostile", message_class=JSONMessage, concurrency=4)
def hostile(message: JSONMessage) -> None:
    """Does with the body what a careless receiver does."""
    note("hostile", "start", message.id)
    note("hostile", "end", message.body["id"] + "")


# --- listeners


@receiver("heard", on_error="retry", retry_delays=(0,), max_receives=2)
def heard(message: Message) -> None:
    if message.body == "later" and message.receive_count == 1:
        raise RestartLater(delay=0)
    if message.body == "bad":
        raise RuntimeError("fails each time")


def listen(kind: str, sender: Any, message: Message, **facts: Any) -> None:
    """Note what is told of the queue `heard`, and fail."""
    if sender.name == "heard":
        note("heard", kind, message.body, *sorted(set(facts) - {"signal", "queue"}))
        raise ValueError(f"a listener that fails for {facts['queue']}")


def _connect(kind: str) -> None:
    def hear(sender: Any, **facts: Any) -> None:
        listen(kind, sender, **facts)

    getattr(signals, f"message_{kind}").connect(hear, weak=False)


for _kind in ("received", "succeeded", "failed", "retried"):
    _connect(_kind)
