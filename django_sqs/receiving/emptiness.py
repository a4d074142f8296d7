"""Whether a queue is empty, for `--until-empty`."""

from __future__ import annotations

from collections.abc import Callable

from django_sqs.exceptions import AWSError
from django_sqs.receiving.holdings import Holdings
from django_sqs.registered_queue import QueueStatus

#: SQS's counts are approximate: so many readings in a row must say that nothing is there.
_READINGS = 2


class Emptiness:
    """Tells (through `report`) when the queue has become empty, and when it is not any more.

    Empty means that polls come back without messages and that none is in flight or delayed either: one that waits for
    its retry, or that another process holds, is still to be done.
    """

    def __init__(self, status: Callable[[], QueueStatus], holdings: Holdings, report: Callable[[bool], None]) -> None:
        self._status = status
        self._holdings = holdings
        self._report = report
        self._readings = 0

    def after_poll(self, got: int) -> None:
        """A poll brought so many messages. Called by the polling threads, of which only one polls while nothing
        comes."""
        if got or not self._holdings.quiet:
            self._not_empty()
            return
        try:
            total = self._status().total
        except AWSError:
            total = -1
        if total:
            self._not_empty()
            return
        self._readings += 1
        if self._readings == _READINGS:
            self._report(True)

    def _not_empty(self) -> None:
        if self._readings >= _READINGS:
            self._report(False)
        self._readings = 0
