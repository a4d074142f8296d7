"""Long polls that wait: woken when a message may have become receivable, in the order they came."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.standin.message_actions import LongPoll
from benchmarks.standin.parameters import JSON
from benchmarks.standin.queue import Queue


@dataclass(eq=False)
class Waiter:
    """One request that waits. ``done`` is called once, with what was received or None."""

    poll: LongPoll
    done: Callable[[JSON | None], None]
    deadline: asyncio.TimerHandle | None = None


class LongPolls:
    """All requests that wait, by queue. One timer for each queue, none for its messages."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiters: dict[Queue, OrderedDict[Waiter, None]] = {}
        self._timers: dict[Queue, asyncio.TimerHandle] = {}
        self._to_wake: set[Queue] = set()

    def wait(self, poll: LongPoll, done: Callable[[JSON | None], None]) -> Waiter:
        """Let a poll wait; it ends by a message, by its time, or by cancel()."""
        waiter = Waiter(poll, done)
        waiter.deadline = self._loop.call_later(poll.seconds, self._time_out, waiter)
        self._waiters.setdefault(poll.queue, OrderedDict())[waiter] = None
        self._set_timer(poll.queue)
        return waiter

    def cancel(self, waiter: Waiter) -> None:
        """Forget a poll whose client went away: nothing may be handed to it."""
        if waiter.deadline is not None:
            waiter.deadline.cancel()
        waiters = self._waiters.get(waiter.poll.queue)
        if waiters is not None:
            waiters.pop(waiter, None)
            if not waiters:
                self._forget(waiter.poll.queue)

    def _forget(self, queue: Queue) -> None:
        self._waiters.pop(queue, None)
        if timer := self._timers.pop(queue, None):
            timer.cancel()

    def arrived(self, queue: Queue) -> None:
        """Note that something may be receivable; the polls are tried when the request at hand is done.

        So a batch of ten wakes one poll with ten messages and not with the first of them.
        """
        if queue in self._waiters and queue not in self._to_wake:
            self._to_wake.add(queue)
            self._loop.call_soon(self._wake, queue)

    def _wake(self, queue: Queue) -> None:
        self._to_wake.discard(queue)
        waiters = self._waiters.get(queue)
        while waiters:
            waiter = next(iter(waiters))
            answer = waiter.poll.attempt()
            if answer is None:
                break
            self.cancel(waiter)
            waiter.done(answer)
        if waiters:
            self._set_timer(queue)

    def _time_out(self, waiter: Waiter) -> None:
        self.cancel(waiter)
        # Its time and a message's may have come in the same instant.
        waiter.done(waiter.poll.attempt())

    def _set_timer(self, queue: Queue) -> None:
        """Wake the polls of a queue when its next hidden message becomes visible."""
        if timer := self._timers.pop(queue, None):
            timer.cancel()
        change = queue.next_change()
        if change is not None:
            delay = max(0.0, change - queue.surroundings.clock())
            self._timers[queue] = self._loop.call_later(delay, self._on_timer, queue)

    def _on_timer(self, queue: Queue) -> None:
        self._timers.pop(queue, None)
        queue.advance()
        self._wake(queue)

    def drop_queue(self, queue: Queue) -> None:
        """End the polls of a queue that was deleted, as if they had found nothing."""
        for waiter in list(self._waiters.get(queue, ())):
            self.cancel(waiter)
            waiter.done(None)

    def __len__(self) -> int:
        return sum(map(len, self._waiters.values()))
