"""Conclusions for a queue, where its failed messages go, and who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.dispatch import Signal

from django_sqs import signals
from django_sqs.message import Message
from django_sqs.receiving.conclusion import Conclusions
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.keeping import Keeping
from django_sqs.registered_queue import RegisteredQueue
from tests.receiving.support import FakeQueue, held


class Shelf(Keeping):
    """Keeps in a list."""

    def __init__(self, queue: RegisteredQueue, physical: FakeQueue) -> None:
        super().__init__(queue, physical, None)
        #: (message id, reason, traceback)
        self.kept: list[tuple[str, str, str]] = []
        self.failure: Exception | None = None

    def keep(self, held: HeldMessage, reason: str, traceback: str) -> None:
        if self.failure is not None:
            raise self.failure
        self.kept.append((held.id, reason, traceback))


class Concluding:
    """Conclusions for a queue, and where its failed messages go."""

    def __init__(self, queue: RegisteredQueue, physical: FakeQueue) -> None:
        self.queue = queue
        self.shelf = Shelf(queue, physical)
        self.conclusions = Conclusions(queue, physical, self.shelf)

    def conclude(self, error: BaseException | None, message: HeldMessage | None = None) -> Any:
        message = message or held("a")
        message.message = Message.from_received(message.raw)
        return self.conclusions.conclude(message, error)


def boom() -> ValueError:
    """An exception that was raised, with a traceback."""
    try:
        raise ValueError("boom")
    except ValueError as error:
        return error


@contextmanager
def listening(*names: str) -> Iterator[list[dict[str, Any]]]:
    """What is sent by these signals, each with its name."""
    heard: list[dict[str, Any]] = []
    connected: list[tuple[Signal, Callable[..., None]]] = []
    for name in names or ("message_received", "message_succeeded", "message_failed", "message_retried"):

        def listen(signal: Any, name: str = name, **facts: Any) -> None:
            heard.append({"name": name, **facts})

        signal: Signal = getattr(signals, name)
        signal.connect(listen)
        connected.append((signal, listen))
    try:
        yield heard
    finally:
        for signal, listen in connected:
            signal.disconnect(listen)
