"""Waiting out failures of AWS: told once, retried with back-off."""

from __future__ import annotations

import logging
import random
import threading
import time

from django_sqs.exceptions import AWSError

#: The longest wait between two tries, in seconds.
MAX_WAIT_SECS = 60.0
_FIRST_WAIT_SECS = 0.5
# Each wait is this part of the time that the outage has lasted, which makes waits grow exponentially: one of 20 s is
# noticed to be over within 4 s, one of an hour within a minute.
_GROWTH = 0.2


class Outage:
    """Whether one kind of call to one queue fails at present. Logs each change of state once."""

    def __init__(self, logger: logging.Logger, queue: str, doing: str) -> None:
        self._logger = logger
        self._queue = queue
        self._doing = doing
        self._lock = threading.Lock()
        self._since: float | None = None
        self._kind: type[AWSError] | None = None

    def failed(self, error: AWSError) -> float:
        """A call failed. Returns the seconds to wait before the next one."""
        now = time.monotonic()
        with self._lock:
            if self._since is None:
                self._since = now
            told, self._kind = self._kind is type(error), type(error)
            since = self._since
        if not told:
            self._logger.error(
                "%s: %s fails and will be tried again: %s",
                self._queue,
                self._doing,
                error,
                extra={"queue": self._queue, "action": "outage"},
            )
        wait = min(MAX_WAIT_SECS, max(_FIRST_WAIT_SECS, (now - since) * _GROWTH))
        return wait * random.uniform(0.5, 1.0)

    def ended(self) -> None:
        """A call went well."""
        if self._since is None:
            return
        with self._lock:
            since, self._since, self._kind = self._since, None, None
        if since is not None:
            self._logger.warning(
                "%s: %s works again after %.1f s.",
                self._queue,
                self._doing,
                time.monotonic() - since,
                extra={"queue": self._queue, "action": "recovered"},
            )
