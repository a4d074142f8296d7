"""The life cycle that the parts of a receiver share."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger("django_sqs.receiving")


class Part:
    """A part with threads of its own. It never dies silently: what escapes a thread is logged, and the receiver that
    owns the part is told through `on_death`."""

    name = "part"

    def __init__(self, queue: str, on_death: Callable[[Part], None]) -> None:
        self.queue = queue
        self._on_death = on_death
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin."""
        raise NotImplementedError

    def stop(self) -> None:
        """End, once there is nothing left to do; `join()` waits for it. Parts that take from the holdings end with
        them."""

    def spawn(self, target: Callable[[], None]) -> None:
        """Run `target` in a thread of this part."""
        # Daemons: when the process must end, a receiver that does not return cannot hold it.
        thread = threading.Thread(
            target=self._guarded, args=(target,), name=f"sqs-{self.name}-{len(self._threads) + 1}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _guarded(self, target: Callable[[], None]) -> None:
        try:
            target()
        except BaseException:
            logger.critical(
                "%s: the %s died; the process will be replaced. This is a fault of django-sqs, please report it.",
                self.queue,
                self.name,
                exc_info=True,
                extra={"queue": self.queue, "action": "died"},
            )
            self._on_death(self)

    def join(self, timeout: float) -> bool:
        """Wait up to `timeout` seconds for all threads together. Returns whether they have ended."""
        end = time.monotonic() + timeout
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)
