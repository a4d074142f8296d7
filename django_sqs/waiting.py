"""Waiting until queues are empty."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from django_sqs.exceptions import AWSError
from django_sqs.registered_queue import QueueDestination
from django_sqs.status import Snapshot, take_snapshot

logger = logging.getLogger("django_sqs.waiting")

#: A single empty reading proves little: SQS asks only some of its servers, and a message that moves from one state to
#: the next may be counted in neither.
READINGS = 3
#: Seconds between two readings.
INTERVAL_SECS = 1.0
#: Readings in a row that may fail before we give up: an outage of some seconds must not end a deployment's wait.
FAILURES = 10


def wait_until_empty(
    destinations: Sequence[QueueDestination],
    timeout: float | None = None,
    on_reading: Callable[[Snapshot], object] = lambda snapshot: None,
) -> Snapshot:
    """Read until nothing waits, is in flight or is delayed in any of the queues, for `READINGS` readings in a row.

    Returns the last snapshot. Where `timeout` seconds have passed first, that is one with messages. `on_reading` is
    called with every snapshot. Raises the `AWSError` of a queue that cannot be read: at once where it is the first
    reading or no passing fault, else after `FAILURES` such readings.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    empty = failures = 0
    first = True
    while True:
        snapshot = take_snapshot(destinations)
        if snapshot.failed:
            failures += 1
            _tolerate(snapshot, may_pass=not first and failures < FAILURES)
        else:
            failures = 0
            on_reading(snapshot)
        first = False
        empty = empty + 1 if not snapshot.failed and snapshot.total.total == 0 else 0
        # An empty reading is confirmed before the deadline is looked at, so that a short one is no failure by itself.
        if empty == READINGS or (not empty and deadline is not None and time.monotonic() >= deadline):
            return snapshot
        pause = INTERVAL_SECS
        if not empty and deadline is not None:
            pause = min(pause, max(0.0, deadline - time.monotonic()))
        time.sleep(pause)


def _tolerate(snapshot: Snapshot, may_pass: bool) -> None:
    """Log the failures if they may pass, else raise the first."""
    for reading in snapshot.failed:
        failure = reading.failure
        assert failure is not None
        if not (may_pass and isinstance(failure, AWSError) and failure.transient):
            raise failure
        logger.warning(
            "The queue %s could not be read, trying again: %s",
            reading.full_name,
            failure,
            extra={"queue": reading.full_name, "action": "wait_failed"},
        )
