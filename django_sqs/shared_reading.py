"""One reading for many who ask at the same time, or soon after each other."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedReading(Generic[T]):
    """Calls `read` at most once at a time. Who asks meanwhile waits for that very result, and for `seconds` after it
    all get what it returned; unless `read` raised or `is_good` says no, then the next who asks reads anew."""

    def __init__(
        self,
        read: Callable[[], T],
        seconds: float,
        is_good: Callable[[T], bool] = lambda value: True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._is_good = is_good
        self._clock = clock
        self.forget()
        if hasattr(os, "register_at_fork"):  # not on Windows
            # The thread that reads does not live in the child: nobody would ever answer those who wait for it.
            os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Let the next who asks read anew."""
        self._lock = threading.Lock()
        self._pending: Future[T] | None = None
        self._kept: tuple[float, T] | None = None

    def get(self) -> T:
        """What was read at most `seconds` ago, or is now read. Raises what `read` raises."""
        with self._lock:
            if self._kept is not None and self._clock() < self._kept[0]:
                return self._kept[1]
            pending = self._pending
            if pending is None:
                ours = self._pending = Future()
        if pending is not None:
            return pending.result()
        try:
            value = self._read()
        except BaseException as error:
            self._finish(ours, None)
            ours.set_exception(error)
            raise
        self._finish(ours, (self._clock() + self._seconds, value) if self._is_good(value) else None)
        ours.set_result(value)
        return value

    def _finish(self, ours: Future[T], kept: tuple[float, T] | None) -> None:
        with self._lock:
            # What was begun before forget() is not what the next should get.
            if self._pending is ours:
                self._pending = None
                self._kept = kept
