"""How much may be asked for: never more than can soon start."""

from __future__ import annotations

import math
import time
from collections import deque

from django_sqs.aws.physical_queue import BATCH

#: Polls in flight at the most.
MAX_POLLS = 8
#: Messages asked for and buffered at the most: what that many polls ask for, and two batches that wait, or else each
#: poll would stay away from SQS until what it brought before has been handled.
MAX_WINDOW = (MAX_POLLS + 2) * BATCH
#: Where ten messages take longer than this, in seconds, none is fetched ahead: it would hide behind them from other
#: processes.
_BATCH_LASTS_SECS = 1.0
#: Round trips of work that are fetched ahead; more than one, because no two round trips are alike.
_ROUND_TRIPS = 1.5
#: The weight of the newest handling time in their mean.
_WEIGHT = 0.1
#: Until a round trip was measured it is taken for this, in seconds.
_FIRST_ROUND_TRIP_SECS = 0.02
#: How many of the last polls tell how long one takes, and what a message costs the processor.
_POLLS_LOOKED_AT = 16


class Window:
    """The arithmetic of polling. It has no lock: whoever uses it holds that of `Holdings`.

    Capacity is handlers / mean handling time, never the throughput seen: measured while starved, that would keep the
    window shut. Nor is it more than the processor can do, with all that a message costs, its requests too: polls beyond
    that would only take the interpreter's lock from each other.
    """

    def __init__(self, handlers: int, unit: int = 1) -> None:
        self.handlers = handlers
        #: How many messages a handler takes at once.
        self.unit = unit
        self._most = max(MAX_WINDOW, handlers * unit)
        self.asked = 0
        self.polls = 0
        #: The last poll brought messages, so that there are likely to be more.
        self.hot = False
        self._mean: float | None = None
        self._round_trips: deque[float] = deque(maxlen=_POLLS_LOOKED_AT)
        #: How long the same polls did nothing but wait for SQS.
        self._waits: deque[float] = deque(maxlen=_POLLS_LOOKED_AT)
        #: Of the last polls: when, the CPU time that this process had used by then, and what they brought.
        self._polled: deque[tuple[float, float, int]] = deque(maxlen=_POLLS_LOOKED_AT + 1)
        self._polls_possible = math.inf
        self._each_brings = float(BATCH)

    def handled(self, seconds: float) -> None:
        """A handler was busy for so long with what it had taken."""
        self._mean = seconds if self._mean is None else self._mean + _WEIGHT * (seconds - self._mean)

    def polled(self, asked: int, got: int, seconds: float, worked: float = 0.0) -> None:
        """A poll was answered. Of its seconds it `worked` so many itself."""
        self.asked -= asked
        # Only a poll that found messages right after another did cannot have waited for them.
        if got and self.hot:
            self._round_trips.append(seconds)
            self._waits.append(seconds - worked)
        self.hot = got > 0
        self._look_at_processor(got)

    def _look_at_processor(self, got: int) -> None:
        """Find out how many polls a second this process can follow up. One thread runs at a time, as a rule: one second
        of CPU time for each second. Where more was used, by code that lets go of the interpreter's lock, so much is
        possible."""
        now, used = time.monotonic(), time.process_time()
        self._polled.append((now, used, got))
        then, used_then, got_then = self._polled[0]
        cpu, passed = used - used_then, now - then
        if cpu > 0 and passed > 0:
            polls = len(self._polled) - 1
            self._polls_possible = polls / cpu * max(1.0, cpu / passed)
            self._each_brings = (sum(brought for _, _, brought in self._polled) - got_then) / polls

    @property
    def round_trip(self) -> float:
        return min(self._round_trips, default=_FIRST_ROUND_TRIP_SECS)

    @property
    def capacity(self) -> float:
        """Messages a second that the handlers can do; 0 while that is not known."""
        if self._mean is None:
            return 0.0
        return self.handlers * self.unit / max(self._mean, 1e-6)

    def may_ask(self, free: int, buffered: int, held_up: int = 0) -> int:
        """How many messages another poll may ask for now; 0 for none. `free` are handlers, `buffered` messages that
        could start, `held_up` those in the buffer that could not."""
        if self.polls >= MAX_POLLS or (self.polls and not self.hot):
            return 0
        if buffered + held_up + self.asked >= self._most:
            return 0
        wanted = free * self.unit
        capacity = self.capacity
        if capacity * _BATCH_LASTS_SECS <= BATCH:
            # Slow messages, or the first ones: one poll, for exactly the handlers that are free.
            return 0 if self.polls else min(BATCH, max(0, wanted - buffered))
        target = wanted + capacity * _ROUND_TRIPS * self.round_trip
        if self._polls_possible * self._each_brings < capacity:
            # It is not the handlers that could starve. As many polls as keep the processor busy while they wait, and
            # two batches in the buffer, so that none stays away from SQS until what it brought has been handled.
            polls = max(1, math.ceil(self._polls_possible * _ROUND_TRIPS * min(self._waits, default=0.0)))
            if self.polls >= polls:
                return 0
            target = min(target, max(wanted, (polls + 2) * BATCH))
        # Full batches: half a batch costs the same request.
        target = math.ceil(min(self._most, target) / BATCH) * BATCH
        return BATCH if buffered + self.asked + BATCH <= target else 0
