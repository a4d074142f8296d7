"""What the tests of the stand-in share."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.standin.actions import Actions
from benchmarks.standin.errors import SQSError
from benchmarks.standin.message import Draft, Message
from benchmarks.standin.message_actions import LongPoll, MessageActions
from benchmarks.standin.queue import Queue
from benchmarks.standin.store import Store


class FakeClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class Requests:
    """Actions by name; a refused one raises SQSError."""

    def __init__(self, store: Store, messages: MessageActions) -> None:
        self.messages = messages
        self._actions = Actions(store, messages)

    def __call__(self, action: str, **parameters: Any) -> dict[str, Any]:
        answer = self._actions.perform(action, parameters)
        assert not isinstance(answer, LongPoll)
        return answer

    def refused(self, action: str, **parameters: Any) -> SQSError:
        """The error that a request is answered with."""
        with pytest.raises(SQSError) as caught:
            self._actions.perform(action, parameters)
        return caught.value


def send(queue: Queue, *bodies: str, group: str | None = None, delay: int | None = None) -> None:
    """Send bodies to a queue; on a FIFO queue each is its own deduplication id."""
    for body in bodies:
        queue.send(Draft(body, delay=delay, group_id=group, deduplication_id=body if queue.fifo else None))


def bodies(messages: list[Message]) -> list[str]:
    return [message.body for message in messages]


def refusal(queue: Queue, method: str, *arguments: Any) -> SQSError:
    """The error that a method of a queue raises."""
    with pytest.raises(SQSError) as caught:
        getattr(queue, method)(*arguments)
    return caught.value
