"""A settler, and the holdings whose messages it settles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.settlement import Outcome
from django_sqs.receiving.settler import Settler
from tests.receiving.support import (
    FakeQueue,
    held,
    no_deaths,
)


class Settled:
    """A settler, and the holdings whose messages it settles."""

    def __init__(self, physical: FakeQueue, fifo: bool = False) -> None:
        self.physical = physical
        self.holdings = Holdings(8, lambda message: self.settler.release(message), fifo=fifo)
        self.settler = Settler(physical, self.holdings, no_deaths)

    def running(self, *names: str, visibility: float = 60, lost: bool = False, **more: Any) -> list[HeldMessage]:
        """Messages with their receivers."""
        self.holdings.add([held(name, visibility=visibility, **more) for name in names])
        taken = [message for _ in names for message in self.holdings.take(wait=False)]
        for message in taken:
            message.lost = lost
        return taken

    def settle(self, messages: Sequence[HeldMessage], outcome: Outcome) -> None:
        for message in messages:
            self.settler.settle(message, outcome)

    def run(self) -> None:
        """Settle all that is to be settled."""
        self.settler.hurry()
        self.settler.stop()
        self.settler.start()
        assert self.settler.join(10)


def handles(messages: Sequence[HeldMessage]) -> list[str]:
    return [message.handle for message in messages]
