"""One timer that keeps every held message invisible to others."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django_sqs.aws.physical_queue import BATCH, EntryFailure, PhysicalQueue
from django_sqs.exceptions import AWSError
from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.outage import Outage
from django_sqs.receiving.part import Part, logger

#: A message is extended when less than this part of its visibility timeout is left, so that a failure leaves time to
#: try again;
_EXTEND_BELOW = 0.5
#: and those with less than this go along in the same requests.
_ALONG_BELOW = 0.75
#: No extension is shorter than this, in seconds; nor is a receiver's visibility timeout.
_SHORTEST_SECS = 2
#: Extensions in flight at the most.
_PARALLEL = 4
#: The longest time between two looks, in seconds; shorter where the visibility timeout is short.
_LOOK_SECS = 1.0


class Keeper(Part):
    """Extends the visibility of all that is held, in batches, for as long as it is held."""

    name = "keeper"

    def __init__(
        self, queue: PhysicalQueue, holdings: Holdings, visibility_timeout: float, on_death: Callable[[Part], None]
    ) -> None:
        super().__init__(queue.name, on_death)
        self._physical = queue
        self._holdings = holdings
        self._visibility_timeout = visibility_timeout
        self._stopped = threading.Event()
        self._outage = Outage(logger, queue.name, "extending visibility timeouts")
        #: When it last looked: a sign of life.
        self.ticked = time.monotonic()

    def start(self) -> None:
        self.spawn(self._loop)

    def stop(self) -> None:
        """Nothing is held any more."""
        self._stopped.set()

    def _loop(self) -> None:
        look = min(_LOOK_SECS, self._visibility_timeout / 20)
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="sqs-extend") as pool:
            while not self._stopped.wait(look):
                self.ticked = time.monotonic()
                due = self._due(self.ticked)
                if due:
                    batches = [due[start : start + BATCH] for start in range(0, len(due), BATCH)]
                    list(pool.map(self._extend, batches))

    def _due(self, now: float) -> list[HeldMessage]:
        """Those to extend now, marked as such. Marks as lost what has outlived its deadline."""
        urgent = False
        chosen = []
        with self._holdings.lock:
            for message in self._holdings.each_held():
                if message.lost or message.returning or message.deleted:
                    continue
                left = message.deadline - now
                possible = message.extension(self._visibility_timeout)
                if possible < _SHORTEST_SECS:
                    self._lose(message, "it has been held for 12 hours, which is all that SQS allows")
                elif left <= 0:
                    self._lose(message, "its visibility timeout ended before SQS confirmed an extension")
                elif left < self._visibility_timeout * _ALONG_BELOW and possible > left + 1:
                    # Toward the end of the 12 hours an extension would gain nothing, and be made at every look.
                    urgent = urgent or left < self._visibility_timeout * _EXTEND_BELOW
                    chosen.append(message)
            if not urgent:
                return []
            for message in chosen:
                message.extending = True
        return chosen

    def _extend(self, messages: Sequence[HeldMessage]) -> None:
        # Many extensions that each wait out their time-out are no hang.
        started = self.ticked = time.monotonic()
        changes = [(message.handle, max(1, message.extension(self._visibility_timeout))) for message in messages]
        failures: dict[int, EntryFailure] = {}
        confirmed = False
        try:
            failures = {failure.index: failure for failure in self._physical.change_visibility_batch(changes)}
            confirmed = True
            self._outage.ended()
        except AWSError as error:
            # Looked at again at the next tick, which is soon enough: half of the visibility timeout is left.
            self._outage.failed(error)
        with self._holdings.lock:
            for index, message in enumerate(messages):
                message.extending = False
                if message.handle != changes[index][0]:
                    continue  # received again meanwhile, and held by its new handle
                if index in failures:
                    if failures[index].permanent:
                        self._lose(message, str(failures[index]))
                elif confirmed:
                    message.deadline = started + int(changes[index][1])

    def _lose(self, message: HeldMessage, reason: str) -> None:
        message.lost = True
        # A message whose delete is under way may be gone already, which is how an extension learns of it.
        if message.state in (State.WAITING, State.RUNNING) and not message.deleted:
            logger.warning(
                "%s: lost the hold on message %s: %s. It may be received again while it is %s.",
                self.queue,
                message.id,
                reason,
                message.state.value,
                extra=message.log_extra(self.queue, "lost"),
            )
