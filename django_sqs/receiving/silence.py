"""Why a queue gives nothing: because it is empty, or because SQS gives no more of it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django_sqs.exceptions import AWSError
from django_sqs.registered_queue import QueueStatus

logger = logging.getLogger("django_sqs.receiving")

#: SQS's limit for the messages of one queue that are received and not yet deleted, of standard and FIFO queues alike.
#: Beyond it long polls just come back empty, which looks like an empty queue.
IN_FLIGHT_LIMIT = 120_000
#: So many polls in a row must have brought nothing before the queue is looked at: one request more in sixty.
LOOK_AFTER_POLLS = 60
#: SQS's counts are approximate: from this part of the limit on, the queue counts as full.
_NEAR = 0.98


class Silence:
    """Says so in the log when a queue is silent because too many of its messages are in flight; once, until that is
    over."""

    def __init__(
        self,
        queue: str,
        status: Callable[[], QueueStatus],
        *,
        polls: int | None = None,
        limit: int | None = None,
    ) -> None:
        self._queue = queue
        self._status = status
        self._polls = LOOK_AFTER_POLLS if polls is None else polls
        self._limit = IN_FLIGHT_LIMIT if limit is None else limit
        self._silent = 0
        self._full = False

    def after_poll(self, got: int) -> None:
        """A poll brought so many messages. Called by the polling threads, of which only one polls while nothing
        comes."""
        if got:
            self._silent = 0
            self._tell(False)
            return
        self._silent += 1
        if self._silent < self._polls:
            return
        self._silent = 0
        try:
            status = self._status()
        except AWSError:
            # It is only a look: what fails here either fails for the polls too, which tell, or is not allowed.
            return
        self._tell(status.in_flight >= self._limit * _NEAR, status.in_flight)

    def _tell(self, full: bool, in_flight: int = 0) -> None:
        if full is self._full:
            return
        self._full = full
        if not full:
            logger.warning(
                "%s: it is not held up by its messages in flight any more.",
                self._queue,
                extra={"queue": self._queue, "action": "in_flight_limit"},
            )
            return
        logger.warning(
            "%s: nothing is received, and that is no sign of an empty queue: %d of its messages are in flight, and near"
            " %d SQS gives no more. They were received and neither deleted nor released: look for receivers that take"
            " too long, or that die and leave messages hidden for a long visibility timeout.",
            self._queue,
            in_flight,
            self._limit,
            extra={"queue": self._queue, "action": "in_flight_limit"},
        )
