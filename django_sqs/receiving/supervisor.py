"""The parent: starts one process per queue, replaces those that die, and ends them all in order.

It knows processes, signals and time, and nothing of what is in the queues. It has no AWS client, no database connection
and no threads, so that a fork is always safe.
"""

from __future__ import annotations

import contextlib
import logging
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from socket import socket

from django_sqs.receiving import interrupts
from django_sqs.receiving.limit import MessageLimit
from django_sqs.receiving.processes import Process
from django_sqs.receiving.receiver import DRAINED, Job
from django_sqs.receiving.slot import Slot

logger = logging.getLogger("django_sqs.receiving")

#: The longest sleep of the loop, in seconds; what is waited for wakes it.
_LOOP_SECS = 1.0
#: A process that is still there so long after its deadline, in seconds, is killed: it ends itself before.
_KILL_MARGIN_SECS = 3.0
#: So long all queues must have been empty for `--until-empty`, in seconds: a receiver may just be sending to another
#: queue.
_STAY_EMPTY_SECS = 1.0

Starter = Callable[[Job, Sequence[socket]], Process]


class Supervisor:
    """Runs receivers until it is told to end. Times in seconds."""

    def __init__(
        self,
        jobs: Sequence[Job],
        start: Starter,
        *,
        grace: float = 25.0,
        hang_timeout: float = 60.0,
        message_limit: int | None = None,
        until_empty: bool = False,
        changed: Callable[[], bool] = lambda: False,
    ) -> None:
        self._start = start
        self._grace = grace
        self._hang_timeout = hang_timeout
        self._until_empty = until_empty
        self._changed = changed
        #: It ended because the code had changed.
        self.to_be_restarted = False
        self._limits = {job.queue: MessageLimit(message_limit) for job in jobs} if message_limit is not None else {}
        self._slots = [Slot(job, self._limits.get(job.queue)) for job in jobs]
        self._selector = selectors.DefaultSelector()
        self._signals = 0
        self._deadline: float | None = None
        self._empty_since: float | None = None

    def run(self) -> int:
        """Run until all receivers have ended. Returns 0, or 1 where messages that ran were cut short."""
        names = ("SIGTERM", "SIGINT", "SIGHUP", "SIGCHLD")
        wanted = [getattr(signal, name) for name in names if hasattr(signal, name)]
        hangup = getattr(signal, "SIGHUP", None)
        if hangup is not None and signal.getsignal(hangup) is signal.SIG_IGN:
            wanted.remove(hangup)  # nohup
        with interrupts.caught(wanted) as wakeup:
            self._selector.register(wakeup, selectors.EVENT_READ)
            try:
                while not all(slot.finished for slot in self._slots):
                    self._step(wakeup)
            finally:
                self._kill_all()
                self._selector.close()
        return 0 if all(slot.clean for slot in self._slots) else 1

    def _step(self, wakeup: socket) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if self._deadline is None and slot.due(now):
                self._launch(slot)
        for key, _ in self._selector.select(self._sleep(now)):
            if key.fileobj is wakeup:
                self._take_signals(wakeup)
            elif isinstance(key.data, Slot) and not key.data.listen(time.monotonic()):
                self._selector.unregister(key.fileobj)
        now = time.monotonic()
        for slot in self._slots:
            self._look_after(slot, now)
        self._look_for_the_end(now)

    def _sleep(self, now: float) -> float:
        waits = [slot.restart_at - now for slot in self._slots if slot.waits_to_start]
        if self._deadline is not None:
            waits.append(self._deadline + _KILL_MARGIN_SECS - now)
        return max(0.0, min([_LOOP_SECS, *waits]))

    def _launch(self, slot: Slot) -> None:
        siblings = [other.process.socket for other in self._slots if other.process is not None]
        try:
            process = self._start(slot.job, siblings)
        except OSError as error:
            # Short of memory or of process ids, which is no reason to end those that run.
            now = time.monotonic()
            slot.not_started(now)
            logger.error(
                "%s: no process could be started (%s); the next try is in %.1f s.",
                slot.job.queue,
                error,
                slot.restart_at - now,
                extra=slot.log_extra("not_started"),
            )
            return
        slot.started(process, time.monotonic())
        self._selector.register(process.socket, selectors.EVENT_READ, slot)

    # --- processes

    def _look_after(self, slot: Slot, now: float) -> None:
        if slot.process is None:
            return
        status = slot.process.poll()
        if status is not None:
            self._bury(slot, status, now)
        elif self._deadline is not None and now > self._deadline + _KILL_MARGIN_SECS:
            self._kill(slot, "did not end in time")
        elif now - slot.last_sign > self._hang_timeout:
            self._kill(slot, f"has given no sign of life for {self._hang_timeout:g} s")

    def _kill(self, slot: Slot, why: str) -> None:
        logger.error("%s: process %s %s; killing it.", slot.job.queue, slot.pid, why, extra=slot.log_extra("killed"))
        assert slot.process is not None
        slot.last_sign = time.monotonic()
        slot.process.kill()

    def _bury(self, slot: Slot, status: int, now: float) -> None:
        assert slot.process is not None
        slot.listen(now)  # what it said before it died still counts
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(slot.process.socket)
        expected = self._deadline is not None or slot.ordered_to_end
        slot.ended(status, now, final=expected)
        if expected and status == DRAINED:
            return
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        then = "" if slot.finished else f"; a new one starts in {max(0.0, slot.restart_at - now):.1f} s"
        logger.error("%s: process %s %s%s.", slot.job.queue, slot.pid, how, then, extra=slot.log_extra("process_ended"))

    def _kill_all(self) -> None:
        for slot in self._slots:
            if slot.process is not None and slot.process.poll() is None:
                slot.process.kill()

    # --- the end

    def _take_signals(self, wakeup: socket) -> None:
        for signum in wakeup.recv(4096):
            if signum == getattr(signal, "SIGCHLD", None):
                continue
            self._signals += 1
            self.to_be_restarted = False
            name = signal.Signals(signum).name
            if self._signals == 1:
                logger.info("%s: draining; a second signal stops at once.", name, extra={"action": "draining"})
                # It may drain already because a module has changed.
                if self._deadline is None:
                    self._drain()
            else:
                logger.warning("%s again: stopping at once.", name, extra={"action": "stopping"})
                self._deadline = time.monotonic() + _KILL_MARGIN_SECS
                for slot in self._slots:
                    slot.order("stop")

    def _drain(self) -> None:
        self._deadline = time.monotonic() + self._grace
        for slot in self._slots:
            slot.order_to_end(f"drain {self._grace:.3f}")

    def _look_for_the_end(self, now: float) -> None:
        if self._deadline is not None:
            return
        for slot in self._slots:
            if slot.limit is not None and slot.limit.reached and not slot.ordered_to_end:
                slot.order_to_end("finish")
        if self._changed():
            self.to_be_restarted = True
            self._drain()
            return
        if not self._until_empty:
            return
        if not all(slot.empty for slot in self._slots if not slot.finished):
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
        elif now - self._empty_since >= _STAY_EMPTY_SECS:
            self._drain()
