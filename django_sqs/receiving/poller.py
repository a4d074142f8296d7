"""Polls: one when the queue is idle, up to eight when handlers would starve."""

from __future__ import annotations

import time
from collections.abc import Callable

from django_sqs.aws.physical_queue import MAX_WAIT_SECS, PhysicalQueue
from django_sqs.exceptions import AWSError
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.outage import Outage
from django_sqs.receiving.part import Part, logger
from django_sqs.receiving.quota import Quota
from django_sqs.receiving.window import MAX_POLLS

#: Polls beside the first wait only so long, in seconds: when the backlog ends there is soon one poll again. Not 0,
#: because a short poll asks only some of SQS's servers.
_EXTRA_WAIT_SECS = 1
#: How soon a poll that the message limit did not allow asks again, in seconds.
_QUOTA_PAUSE_SECS = 0.2


class Poller(Part):
    """Fetches messages into the holdings, as the window allows."""

    name = "poller"

    def __init__(
        self,
        queue: PhysicalQueue,
        holdings: Holdings,
        *,
        visibility_timeout: float,
        poll_period: float,
        quota: Quota,
        unwanted: Callable[[HeldMessage], None],
        after_poll: Callable[[int], None],
        on_death: Callable[[Part], None],
    ) -> None:
        super().__init__(queue.name, on_death)
        self._physical = queue
        self._holdings = holdings
        self._visibility_timeout = visibility_timeout
        self._period = poll_period
        self._quota = quota
        self._unwanted = unwanted
        self._after_poll = after_poll
        self._outage = Outage(logger, queue.name, "receiving")

    def start(self) -> None:
        """Begin to poll. It ends when the holdings say so."""
        self.spawn(self._loop)

    def _loop(self) -> None:
        with self._holdings.lock:
            count, first = self._await_room()
        while count:
            reserved = self._quota.reserve(count)
            if reserved:
                count, first = self._poll(count, reserved, first)
            else:
                count, first = self._next(count, pause=_QUOTA_PAUSE_SECS)

    def _await_room(self) -> tuple[int, bool]:
        """Wait until another poll is wanted: for how many messages, and whether it is the only one. 0 when polling is
        to end. For who has the lock."""
        holdings, window = self._holdings, self._holdings.window
        while not holdings.ending:
            count = holdings.may_ask()
            if count:
                first = window.polls == 0
                window.polls += 1
                window.asked += count
                if holdings.may_ask():
                    self._wake_another()
                return count, first
            holdings.wait_for_room()
        return 0, False

    def _wake_another(self) -> None:
        # A thread more only when it is needed: an idle queue keeps one.
        if len(self._threads) < MAX_POLLS and len(self._threads) <= self._holdings.window.polls:
            self.spawn(self._loop)
        else:
            self._holdings.room.notify()

    def _poll(self, count: int, reserved: int, first: bool) -> tuple[int, bool]:
        """Returns what to poll for next."""
        wait = min(self._period, MAX_WAIT_SECS if first else _EXTRA_WAIT_SECS)
        started, worked = time.monotonic(), time.thread_time()
        pause = 0.0
        received: list[HeldMessage] = []
        try:
            raws = self._physical.receive(reserved, wait, self._visibility_timeout)
            now = time.monotonic()
            received = [HeldMessage(raw, now, self._visibility_timeout) for raw in raws]
            self._outage.ended()
        except AWSError as error:
            pause = self._outage.failed(error)
        elapsed, worked = time.monotonic() - started, time.thread_time() - worked
        # The messages first, then the room that was kept for them: the sum is never too small.
        for message in self._holdings.add(received):
            self._unwanted(message)
        self._quota.settle(reserved, len(received))
        if not pause:
            self._after_poll(len(received))
            if first and not received:
                pause = self._period - elapsed
        return self._next(count, len(received), elapsed, worked, pause)

    def _next(
        self, count: int, got: int = 0, elapsed: float = 0.0, worked: float = 0.0, pause: float = 0.0
    ) -> tuple[int, bool]:
        """Give up the room that a poll had, and its place among the polls only after the pause, so that no other thread
        polls meanwhile. Returns what to poll for next."""
        holdings = self._holdings
        end = time.monotonic() + pause
        with holdings.lock:
            holdings.window.polled(count, got, elapsed, worked)
            while not holdings.ending and (left := end - time.monotonic()) > 0:
                if holdings.room.wait(left):
                    # Meant for one that waits for room; this one waits on, and would keep it to itself.
                    holdings.offer_room()
            holdings.window.polls -= 1
            # Without letting go of the lock: another thread would take the place, and to change threads costs more.
            return self._await_room()
