"""A poller, and all that it tells others."""

from __future__ import annotations

from typing import Any

from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.poller import Poller
from django_sqs.receiving.quota import Quota
from tests.receiving.support import (
    FakeQueue,
    holdings,
    no_deaths,
)


class Allowance(Quota):
    """Grants from a list, and then everything; notes what is settled."""

    def __init__(self, *grants: int) -> None:
        self.grants = list(grants)
        self.asked: list[int] = []
        self.settled: list[tuple[int, int]] = []

    def reserve(self, count: int) -> int:
        self.asked.append(count)
        return self.grants.pop(0) if self.grants else count

    def settle(self, reserved: int, received: int) -> None:
        self.settled.append((reserved, received))


class Polling:
    """A poller, and all that it tells others."""

    def __init__(self, physical: FakeQueue, handlers: int = 10, period: float = 20, quota: Quota | None = None) -> None:
        self.physical = physical
        self.holdings: Holdings = holdings(handlers)
        # What polls cost the processor is another matter, and changes from run to run.
        self.holdings.window._look_at_processor = lambda got: None  # type: ignore[method-assign]
        self.unwanted: list[HeldMessage] = []
        self.polls: list[int] = []
        self.quota = quota if quota is not None else Allowance()
        self.poller = Poller(
            physical,
            self.holdings,
            visibility_timeout=60,
            poll_period=period,
            quota=self.quota,
            unwanted=self.unwanted.append,
            after_poll=self.polls.append,
            on_death=no_deaths,
        )

    def run(self, *answers: Any) -> None:
        """Poll, in this thread, until these answers have come."""
        self.physical.answer("receive", *answers)
        self.physical.always("receive", lambda: self.holdings.end_polls())
        self.poller._loop()

    def start(self) -> None:
        self.poller.start()

    def end(self) -> None:
        self.holdings.close()
        assert self.poller.join(5)

    @property
    def threads(self) -> int:
        return len(self.poller._threads)


def hungry(polling: Polling) -> None:
    """Handlers that are fast, and a queue that gave messages just now."""
    with polling.holdings.lock:
        polling.holdings.window.handled(0.001)
        polling.holdings.window.hot = True
        polling.holdings.offer_room()
