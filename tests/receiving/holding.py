"""What the tests of the holdings share."""

from __future__ import annotations

import threading

from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from tests.receiving.support import held


class Taker(threading.Thread):
    """A handler that waits for one thing to run."""

    def __init__(self, from_: Holdings, timeout: float | None = None) -> None:
        super().__init__(daemon=True)
        self._from = from_
        self._timeout = timeout
        self.taken: list[HeldMessage] | None = None
        self.start()

    def run(self) -> None:
        self.taken = self._from.take(wait=True, timeout=self._timeout)

    @property
    def waits(self) -> bool:
        return bool(self._from.work._waiters) and self.is_alive()  # type: ignore[attr-defined]


def fill(into: Holdings, *names: str) -> list[HeldMessage]:
    """Add messages; those called "a1" are of the group "a"."""
    messages = [held(name, group=name[0]) for name in names]
    assert into.add(messages) == []
    return messages


def take_one(from_: Holdings) -> HeldMessage:
    (message,) = from_.take(wait=False)
    return message
