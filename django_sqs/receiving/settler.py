"""Deletes and visibility changes, in batches."""

from __future__ import annotations

import heapq
import itertools
import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from django_sqs.aws.physical_queue import BATCH, PhysicalQueue
from django_sqs.exceptions import AWSError
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.outage import Outage
from django_sqs.receiving.part import Part, logger
from django_sqs.receiving.settlement import NOTHING, Outcome, Settlement

#: Requests in flight at the most.
MAX_REQUESTS = 8
#: The longest that a settlement waits for others to share its request, in seconds.
_GATHER_SECS = 0.05
#: Waits between tries, in seconds: the first, and the longest.
_RETRY_SECS = (0.2, 5.0)
#: How long a change waits for an extension of the same message to end, in seconds.
_EXTENSION_PAUSE_SECS = 0.02


class Settler(Part):
    """Confirms to SQS what became of messages, and lets go of them when SQS has confirmed it."""

    name = "settler"

    def __init__(
        self,
        queue: PhysicalQueue,
        holdings: Holdings,
        on_death: Callable[[Part], None],
        after_delete: Callable[[Sequence[HeldMessage]], None] = lambda gone: None,
    ) -> None:
        super().__init__(queue.name, on_death)
        #: Called with messages whose delete was confirmed.
        self._after_delete = after_delete
        self._physical = queue
        self._holdings = holdings
        self._wanted = threading.Condition()
        self._deletes: deque[Settlement] = deque()
        self._changes: deque[Settlement] = deque()
        #: To be tried again, by when.
        self._later: list[tuple[float, int, Settlement]] = []
        self._number = itertools.count()
        self._idle = 0
        #: Idle threads that look again before the time to gather is over.
        self._clocks = 0
        #: An idle thread was woken and has not looked yet.
        self._called = False
        self._hurried = False
        self._stopped = False
        self._progress = False
        self._outage = Outage(logger, queue.name, "deleting")

    def start(self) -> None:
        self.spawn(self._loop)

    def settle(self, message: HeldMessage, outcome: Outcome) -> None:
        """Do what was decided: delete it, show it again in some seconds, or nothing where SQS knows already."""
        if outcome is None:
            self.delete(message)
        elif isinstance(outcome, float) and not message.lost:
            self.give_back(message, outcome)
        else:
            if outcome is not NOTHING:
                # Another may hold it by now, and our handle must not change what it does.
                self._holdings.stays(message)
            self._holdings.drop(message)

    def delete(self, message: HeldMessage) -> None:
        """The message is done with."""
        self._put(self._deletes, Settlement(message, None))

    def give_back(self, message: HeldMessage, seconds: float) -> None:
        """The message stays in the queue and becomes visible in `seconds` from now."""
        self._holdings.stays(message)
        self.release(message, seconds)

    def release(self, message: HeldMessage, seconds: float = 0.0) -> None:
        """Make it visible in `seconds` from now, by default at once."""
        message.returning = True
        self._put(self._changes, Settlement(message, seconds))

    def nudge(self) -> None:
        """A handler has finished: if it was the last one at work, there is nothing to gather any more."""
        if self._holdings.quiet and (self._deletes or self._changes):
            with self._wanted:
                if self._idle and not self._called:
                    self._call()

    def hurry(self) -> None:
        """The process drains: gather no longer."""
        with self._wanted:
            self._hurried = True
            self._wanted.notify_all()

    def stop(self) -> None:
        """End when nothing is left to settle."""
        with self._wanted:
            self._stopped = True
            self._wanted.notify_all()

    def progressed(self) -> bool:
        """Was anything confirmed since this was last asked?"""
        progressed, self._progress = self._progress, False
        return progressed

    def _put(self, queue: deque[Settlement], settlement: Settlement) -> None:
        with self._wanted:
            queue.append(settlement)
            self._see_to(queue)

    def _see_to(self, queue: deque[Settlement]) -> None:
        """Have a thread look at what has to go now, or look when the time to gather is over. One that was called and
        has not looked yet, or that keeps the time already, is enough: threads that are woken for nothing cost much. For
        who has the lock."""
        if not queue or self._called or (self._clocks and not self._ripe(queue)):
            return
        if self._idle:
            self._call()
        elif len(queue) >= BATCH and len(self._threads) < MAX_REQUESTS:
            self.spawn(self._loop)

    def _call(self) -> None:
        self._called = True
        self._wanted.notify()

    def _loop(self) -> None:
        while True:
            batch = self._next_batch()
            if batch is None:
                return
            if batch[0].seconds is None:
                self._delete(batch)
            else:
                self._change(batch)

    def _next_batch(self) -> list[Settlement] | None:
        with self._wanted:
            while True:
                now = time.monotonic()
                self._bring_back(now)
                wait: float | None = None
                # The longest wait first, so that neither kind is held up by the other.
                for queue in sorted(filter(None, (self._deletes, self._changes)), key=lambda queue: queue[0].since):
                    ripe_in = 0.0 if self._ripe(queue) else queue[0].since + _GATHER_SECS - now
                    if ripe_in <= 0:
                        batch = [queue.popleft() for _ in range(min(BATCH, len(queue)))]
                        self._see_to(self._deletes)
                        self._see_to(self._changes)
                        return batch
                    wait = ripe_in if wait is None else min(wait, ripe_in)
                if self._later:
                    due_in = max(0.001, self._later[0][0] - now)
                    wait = due_in if wait is None else min(wait, due_in)
                elif wait is None and self._stopped:
                    return None
                self._wait(wait)

    def _wait(self, seconds: float | None) -> None:
        keeps_time = seconds is not None and seconds <= _GATHER_SECS
        self._idle += 1
        self._clocks += keeps_time
        self._wanted.wait(seconds)
        self._clocks -= keeps_time
        self._idle -= 1
        self._called = False

    def _ripe(self, queue: deque[Settlement]) -> bool:
        return len(queue) >= BATCH or self._hurried or self._holdings.quiet

    def _bring_back(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            settlement = heapq.heappop(self._later)[2]
            (self._deletes if settlement.seconds is None else self._changes).append(settlement)

    # --- deletes

    def _delete(self, batch: list[Settlement]) -> None:
        handles = [settlement.message.handle for settlement in batch]
        try:
            failures = self._physical.delete_batch(handles)
        except AWSError as error:
            self._outage.failed(error)
            self._try_later([settlement for settlement in batch if self._delete_failed(settlement, str(error), False)])
            return
        self._outage.ended()
        self._progress = True
        failed = {failure.index: failure for failure in failures}
        again, gone = [], []
        for index, settlement in enumerate(batch):
            if index in failed:
                if self._delete_failed(settlement, str(failed[index]), failed[index].permanent):
                    again.append(settlement)
                continue
            message = settlement.message
            if message.handle != handles[index]:
                # Received again meanwhile: SQS takes the old handle and may not delete for it.
                self.delete(message)
                continue
            gone.append(message)
        # Remembered although it is confirmed: SQS also confirms for the handle of a message that was received again
        # since, and may then not delete it; and it may hand out once more what it has deleted.
        self._holdings.deleted(gone)
        self._try_later(again)
        # Last, so that nothing waits for it.
        self._after_delete(gone)

    def _delete_failed(self, settlement: Settlement, reason: str, permanent: bool) -> bool:
        """Remember it. Returns whether to try again."""
        message = settlement.message
        self._holdings.remember(message)
        if not permanent and not message.lost and time.monotonic() < message.deadline:
            return True
        logger.warning(
            "%s: message %s was handled but could not be deleted (%s). If it comes back to this process it is deleted"
            " without being run; another process would run it again.",
            self.queue,
            message.id,
            reason,
            extra=message.log_extra(self.queue, "delete_failed"),
        )
        self._holdings.stays(message)
        self._holdings.drop(message)
        return False

    # --- visibility changes

    def _change(self, batch: list[Settlement]) -> None:
        ready: list[Settlement] = []
        busy: list[Settlement] = []
        for settlement in batch:
            if settlement.message.superseded:
                self._holdings.drop(settlement.message)
            else:
                (busy if settlement.message.extending else ready).append(settlement)
        self._try_later(busy, _EXTENSION_PAUSE_SECS)
        if not ready:
            return
        # SQS takes whole seconds. Never less than was meant: half a second would be none, and a retry at once.
        changes = [(settlement.message.handle, math.ceil(settlement.seconds or 0)) for settlement in ready]
        try:
            failures = self._physical.change_visibility_batch(changes)
        except AWSError as error:
            self._outage.failed(error)
            # Where the answer was lost the change may have been made, and another may have the message by now: to make
            # it visible once more would have it run twice. It becomes visible by itself.
            self._try_later([one for one in ready if self._change_failed(one, permanent=error.maybe_done)])
            return
        self._outage.ended()
        self._progress = True
        failed = {failure.index: failure for failure in failures}
        again = []
        for index, settlement in enumerate(ready):
            if index not in failed:
                self._holdings.drop(settlement.message)
            elif self._change_failed(settlement, failed[index].permanent):
                again.append(settlement)
        self._try_later(again)

    def _change_failed(self, settlement: Settlement, permanent: bool) -> bool:
        """Returns whether to try again."""
        message = settlement.message
        if permanent or message.lost or time.monotonic() >= message.deadline:
            # It is visible again, or will be: that is all that was wanted.
            self._holdings.drop(message)
            return False
        return True

    def _try_later(self, settlements: Sequence[Settlement], seconds: float | None = None) -> None:
        """Together, so that they share a request again."""
        if not settlements:
            return
        if seconds is None:
            first, longest = _RETRY_SECS
            attempts = min(settlement.message.attempts for settlement in settlements)
            # A delete may be refused for hours: 2 to the power of its tries would be too large for a float.
            seconds = min(longest, first * 2 ** min(attempts, 16)) * random.uniform(0.5, 1.0)
            for settlement in settlements:
                settlement.message.attempts += 1
        due = time.monotonic() + seconds
        with self._wanted:
            for settlement in settlements:
                heapq.heappush(self._later, (due, next(self._number), settlement))
            self._wanted.notify()
