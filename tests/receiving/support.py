"""What the tests of the engine stand on: a queue in memory that fails on demand, a clock that is moved by hand, and
waits for conditions."""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django_sqs.aws.client import Connection
from django_sqs.aws.physical_queue import EntryFailure, PhysicalQueue
from django_sqs.exceptions import AWSError, EndpointUnreachable
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.part import Part
from django_sqs.receiving.settlement import Outcome
from django_sqs.receiving.settler import Settler
from django_sqs.registered_queue import RegisteredQueue

NAME = "test__jobs"
#: What a queue with a redrive policy says of it.
POLICY = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:test__dead"})}
#: Registers a queue, by default one called "jobs" whose receiver does nothing.
Registering = Callable[..., RegisteredQueue]
_numbers = itertools.count(1)


class Clock:
    """Stands in for the module `time`. It moves only when it is told to, or when somebody sleeps."""

    def __init__(self) -> None:
        # Near the real one, for what compares with times that Django took.
        self.now = time.monotonic()
        #: The CPU time used by the process and by each of its threads.
        self.used = 0.0

    def monotonic(self) -> float:
        return self.now

    def process_time(self) -> float:
        return self.used

    def thread_time(self) -> float:
        return self.used

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def advance(self, seconds: float) -> float:
        self.now += seconds
        return self.now


class Ticks(threading.Event):
    """Stands in for the event that ends a part's loop: lets it look so many times, and moves the clock between."""

    def __init__(self, times: int, clock: Clock | None = None) -> None:
        super().__init__()
        self._left = times
        self._clock = clock
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        if self._clock is not None and timeout is not None:
            self._clock.advance(timeout)
        self._left -= 1
        return self._left < 0


def eventually(condition: Callable[[], Any], seconds: float = 5.0) -> Any:
    """Wait until the condition is true, and return it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.002)


def never(condition: Callable[[], Any], seconds: float = 0.1) -> None:
    """Be sure that the condition stays false for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert not condition()
        time.sleep(0.002)


# --- messages


def raw(
    name: str = "m",
    *,
    body: str = "hello",
    group: str | None = None,
    count: int = 1,
    handle: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """A message as ReceiveMessage returns it, with a handle of its own."""
    attributes = {"ApproximateReceiveCount": str(count)}
    if group is not None:
        attributes["MessageGroupId"] = group
    return {
        "MessageId": name,
        "ReceiptHandle": handle or f"{name}#{next(_numbers)}",
        "Body": body,
        "Attributes": attributes,
        **more,
    }


def held(name: str = "m", *, visibility: float = 60, at: float | None = None, **more: Any) -> HeldMessage:
    """A message that was received just now, or `at`."""
    return HeldMessage(raw(name, **more), time.monotonic() if at is None else at, visibility)


def ids(messages: Sequence[HeldMessage]) -> list[str]:
    return [message.id for message in messages]


# --- failures


def unreachable(**more: Any) -> AWSError:
    """The whole call failed, and was not carried out."""
    return EndpointUnreachable(endpoint="http://nowhere", action="something", detail="no route", **more)


def refused(*indexes: int, permanent: bool = False) -> list[EntryFailure]:
    """These entries of a batch failed."""
    return [EntryFailure(index, "Refused", "for the test", permanent) for index in indexes]


# --- the queue

Answer = AWSError | list[EntryFailure] | list[dict[str, Any]] | Mapping[str, str] | Callable[[], Any]


class FakeQueue(PhysicalQueue):
    """A queue in memory. Each action goes well, and receives bring nothing, unless an answer was put there for it."""

    def __init__(self, name: str = NAME) -> None:
        super().__init__(name, Connection())
        #: (action, what it was called with), in order.
        self.calls: list[tuple[str, Any]] = []
        self._answers: dict[str, deque[Answer]] = {}
        self._always: dict[str, Answer] = {}

    def answer(self, action: str, *answers: Answer) -> None:
        """What the next calls of this action give: an error to raise, entries that failed, messages, or a function to
        call for it."""
        self._answers.setdefault(action, deque()).extend(answers)

    def always(self, action: str, answer: Answer) -> None:
        """What all further calls of this action give."""
        self._always[action] = answer

    def calm(self) -> None:
        """From now on all goes well."""
        self._answers.clear()
        self._always.clear()

    def made(self, action: str) -> list[Any]:
        """What the calls of this action were made with."""
        return [call for name, call in self.calls if name == action]

    def _act(self, action: str, call: Any, default: Any) -> Any:
        self.calls.append((action, call))
        answers = self._answers.get(action)
        answer = answers.popleft() if answers else self._always.get(action, default)
        if callable(answer) and not isinstance(answer, AWSError):
            answer = answer()
        if isinstance(answer, Exception):
            raise answer
        return default if answer is None else answer

    def receive(self, count: int, wait: float, visibility_timeout: float) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self._act("receive", (count, wait, visibility_timeout), [])
        return messages

    def delete_batch(self, handles: Sequence[str]) -> list[EntryFailure]:
        failures: list[EntryFailure] = self._act("delete", list(handles), [])
        return failures

    def change_visibility_batch(self, changes: Sequence[tuple[str, float]]) -> list[EntryFailure]:
        failures: list[EntryFailure] = self._act("change", list(changes), [])
        return failures

    def send_batch(self, entries: Sequence[Mapping[str, Any]]) -> tuple[dict[int, str], list[EntryFailure]]:
        failures = self._act("send", list(entries), [])
        lost = {failure.index for failure in failures}
        return {index: f"id{index}" for index in range(len(entries)) if index not in lost}, failures

    def attributes(self, *names: str) -> dict[str, str]:
        attributes: dict[str, str] = self._act("attributes", names, {})
        return attributes


class Gate:
    """An answer that waits until it is opened; `reached` is set when the call is there."""

    def __init__(self, answer: Any = None) -> None:
        self.reached = threading.Event()
        self.open = threading.Event()
        self._answer = answer

    def __call__(self) -> Any:
        self.reached.set()
        assert self.open.wait(10), "the test did not open the gate"
        return self._answer


# --- parts


class Deaths(list[Part]):
    """The parts that have died."""

    def __call__(self, part: Part) -> None:
        self.append(part)


def no_deaths(part: Part) -> None:
    raise AssertionError(f"{part.name} died")


def holdings(handlers: int = 1, **options: Any) -> Holdings:
    """Holdings whose releases go nowhere."""
    return Holdings(handlers, options.pop("release", lambda message: None), **options)


def actions(records: Sequence[logging.LogRecord]) -> list[str]:
    """What log records say they are about."""
    return [str(record.__dict__["action"]) for record in records if "action" in record.__dict__]


class Outcomes(Settler):
    """A settler that notes what it is to do and does nothing."""

    def __init__(self, physical: FakeQueue, kept: Holdings) -> None:
        super().__init__(physical, kept, no_deaths)
        #: By message id.
        self.noted: dict[str, Outcome] = {}

    def settle(self, message: HeldMessage, outcome: Outcome) -> None:
        assert message.id not in self.noted, "settled twice"
        self.noted[message.id] = outcome
