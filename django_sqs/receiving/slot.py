"""One place for a receiver process: who fills it, what it said, when it is filled again."""

from __future__ import annotations

import contextlib
from typing import Any

from django_sqs.receiving.channel import LineReader
from django_sqs.receiving.limit import MessageLimit
from django_sqs.receiving.processes import Process
from django_sqs.receiving.receiver import CUT_SHORT, DRAINED, TIMED_OUT, Job

#: A process that lived shorter than this, in seconds, and settled nothing, died at once.
_AT_ONCE_SECS = 10.0
#: Waits before a process that died at once is replaced, in seconds: the first, doubled each time, and the longest.
_RESTART_SECS = (0.5, 60.0)


class Slot:
    """A job, and the process that does it at present. Times are `time.monotonic()`."""

    def __init__(self, job: Job, limit: MessageLimit | None) -> None:
        self.job = job
        self.limit = limit
        self.process: Process | None = None
        self.pid: int | None = None
        self.restart_at = 0.0
        self.last_sign = 0.0
        self.empty = False
        #: No process will follow.
        self.finished = False
        #: It ended as it should.
        self.clean = True
        self.ordered_to_end = False
        self._reader: LineReader | None = None
        self._started_at = 0.0
        self._progress = False
        self._deaths_at_once = 0

    def log_extra(self, action: str) -> dict[str, Any]:
        return {"queue": self.job.queue, "pid": self.pid, "action": action}

    # --- filling it

    @property
    def waits_to_start(self) -> bool:
        return self.process is None and not self.finished

    def due(self, now: float) -> bool:
        """Is it time to start a process?"""
        return self.waits_to_start and now >= self.restart_at

    def started(self, process: Process, now: float) -> None:
        """There is a process now."""
        self.process = process
        self.pid = process.pid
        self._reader = LineReader(process.socket)
        self._started_at = self.last_sign = now
        self._progress = self.empty = False

    def ended(self, status: int, now: float, final: bool) -> None:
        """Its process has ended, with this exit status; `final` if none is to follow."""
        assert self.process is not None
        self.process.socket.close()
        if self.limit is not None:
            self.limit.gone(self.process)
        self.process = None
        # What it had received comes back: whoever follows has to look anew.
        self.empty = False
        if final:
            self.finished = True
            self.clean = status in (DRAINED, TIMED_OUT)
            return
        quick = now - self._started_at < _AT_ONCE_SECS and not self._progress
        # It made way for a new one on purpose, or was asked to end by a SIGTERM of its own.
        ended_itself = status in (DRAINED, CUT_SHORT, TIMED_OUT)
        self._deaths_at_once = self._deaths_at_once + 1 if quick and not ended_itself else 0
        self._back_off(now)

    def not_started(self, now: float) -> None:
        """No process could be started."""
        self._deaths_at_once += 1
        self._back_off(now)

    def _back_off(self, now: float) -> None:
        first, longest = _RESTART_SECS
        deaths = self._deaths_at_once
        # A process may die at once for days: 2 to the power of its deaths would be too large for a float.
        self.restart_at = now + (min(longest, first * 2 ** min(deaths - 1, 16)) if deaths else 0.0)

    # --- talking with it

    def listen(self, now: float) -> bool:
        """Hear what the process has said. Returns whether it may say more."""
        if self._reader is None or self.process is None:
            return False
        for words in self._reader.lines():
            self.last_sign = now
            match words:
                case ["progress"]:
                    self._progress = True
                case ["empty", flag]:
                    self.empty = flag == "1"
                case ["want", count]:
                    self.order(f"grant {self.limit.reserve(self.process, int(count)) if self.limit else count}")
                case ["got", received, reserved]:
                    if self.limit is not None:
                        self.limit.settle(self.process, int(received), int(reserved))
        return not self._reader.ended

    def order(self, line: str) -> None:
        """Tell the process. One that is gone is noticed elsewhere."""
        if self.process is not None:
            with contextlib.suppress(OSError):
                self.process.socket.send(line.encode() + b"\n")

    def order_to_end(self, line: str) -> None:
        """Have it end in order; where there is no process now, that is all."""
        self.ordered_to_end = True
        if self.process is None:
            self.finished = True
        self.order(line)
