"""A keeper, its messages, and the time that passes."""

from __future__ import annotations

from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.keeper import Keeper
from tests.receiving.support import (
    Clock,
    FakeQueue,
    Ticks,
    held,
    holdings,
    no_deaths,
)


class Kept:
    """A keeper of messages that were received just now, with a visibility timeout of 60 s."""

    def __init__(self, physical: FakeQueue, clock: Clock, visibility: float = 60) -> None:
        self.physical = physical
        self.clock = clock
        self.visibility = visibility
        self.holdings: Holdings = holdings(8)
        self.keeper = Keeper(physical, self.holdings, visibility, no_deaths)

    def add(self, *names: str, at: float | None = None) -> list[HeldMessage]:
        at = self.clock.now if at is None else at
        messages = [held(name, at=at, visibility=self.visibility) for name in names]
        self.holdings.add(messages)
        return messages

    def look(self, after: float = 0, times: int = 1) -> None:
        """Let time pass, and the keeper look."""
        self.clock.advance(after)
        self.keeper._stopped = Ticks(times)
        self.keeper._loop()

    @property
    def extended(self) -> list[str]:
        """The ids in all requests so far."""
        return [handle.partition("#")[0] for changes in self.physical.made("change") for handle, _ in changes]
