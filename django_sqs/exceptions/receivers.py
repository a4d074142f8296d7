"""What receivers raise, and what is raised for the message that they were to handle."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any


class RestartLater(Exception):
    """Leave the message in the queue, to be received again.

    `delay` is in seconds (or a timedelta), 0 to 43,200, which is SQS's limit for a visibility timeout. Without it the
    message comes back after the queue's visibility timeout, counted from now. It is no failure and no limit applies.
    """

    def __init__(self, delay: float | timedelta | None = None) -> None:
        if isinstance(delay, timedelta):
            delay = delay.total_seconds()
        if delay is not None and (isinstance(delay, bool) or not isinstance(delay, (int, float))):
            raise TypeError(f"RestartLater(delay=...) takes seconds or a timedelta, not {delay!r}.")
        if delay is not None and not 0 <= delay <= 43_200:
            raise ValueError(
                f"RestartLater(delay={delay!r}): SQS can hide a message for 0 to 43,200 seconds (12 hours)."
            )
        self.delay = delay
        super().__init__("" if delay is None else f"in {delay:g} s")


class Reject(Exception):
    """Give up on a message that no retry will mend: it is kept (dead-letter queue or failed row) and deleted."""

    def __init__(self, reason: str = "rejected by its receiver") -> None:
        self.reason = str(reason)
        super().__init__(self.reason)


class BatchFailed(Exception):
    """Raise it from a batch receiver with those of its messages that failed; the others are deleted. Raised `from`
    another exception, that one is why."""

    def __init__(self, messages: Iterable[Any]) -> None:
        self.messages = list(messages)
        super().__init__(f"{len(self.messages)} messages of the batch failed")


class UndecodableBody(Reject):
    """The body of a received message is not what its message class expects. A `Reject` by nature."""


class PayloadMissing(Reject):
    """The object in S3 that a message points to is gone. A `Reject` by nature."""


class ModelNotFound(Reject):
    """The model that a message names is not installed here. A `Reject` by nature."""


class InstanceNotFound(Reject):
    """The row that a message names is gone. A `Reject` by nature."""


class ReceiverTimeout(Exception):
    """A receiver ran past its `timeout`. `stack` is where its thread was."""

    def __init__(self, timeout: float, stack: str = "") -> None:
        self.timeout = timeout
        self.stack = stack
        where = f", while it was here:\n{stack}" if stack else ""
        super().__init__(f"its receiver ran for more than {timeout:g} s{where}")
