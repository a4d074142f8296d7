"""Receivers that run past their `timeout`."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

from django_sqs.exceptions import ReceiverTimeout
from django_sqs.receiving import database
from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.part import Part
from django_sqs.receiving.runner import Runner

#: The longest time between two looks, in seconds.
_LOOK_SECS = 1.0


class Watchdog(Part):
    """Settles messages whose receiver has run too long as failed. The thread that runs one cannot be stopped:
    `on_timeout` is called, so that the process makes way for a new one."""

    name = "watchdog"

    def __init__(
        self,
        runner: Runner,
        holdings: Holdings,
        timeout: float,
        on_timeout: Callable[[], None],
        on_death: Callable[[Part], None],
    ) -> None:
        super().__init__(runner.name, on_death)
        self._runner = runner
        self._holdings = holdings
        self._timeout = timeout
        self._on_timeout = on_timeout
        self._stopped = threading.Event()

    def start(self) -> None:
        self.spawn(self._loop)

    def stop(self) -> None:
        self._stopped.set()

    def _loop(self) -> None:
        while not self._stopped.wait(min(_LOOK_SECS, self._timeout / 10)):
            limit = time.monotonic() - self._timeout
            late = [held for held in self._holdings.held(State.RUNNING) if held.started_at < limit and not held.judged]
            if late:
                # No new starts before the outcome is known: the process is about to end.
                self._on_timeout()
                self._runner.settle([(held, self._error(held)) for held in late])
                database.close_all()

    def _error(self, held: HeldMessage) -> ReceiverTimeout:
        frame = sys._current_frames().get(held.thread)
        return ReceiverTimeout(self._timeout, "".join(traceback.format_stack(frame)) if frame is not None else "")
