"""How soon receivers were at work again after each absence of the server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.chaos_project.journal import Line
from benchmarks.chaos_run.conductor import Window
from benchmarks.chaos_run.schedule import RECEIVE

#: Queues whose receivers are never busy for long, so that a message which is there is a message that starts.
QUICK_QUEUES = ("once", "batched")
#: Receivers that were left alone are at work again within so many seconds.
LIMIT_SECS = 5.0
#: A process that was started so long before the absence, in seconds, was at work by then.
_STARTED_SECS = 10.0


@dataclass(frozen=True)
class Recovery:
    """`took` seconds from the server's return until every quick queue was at work, after `away` seconds. `alone`:
    nothing else went wrong meanwhile."""

    took: float
    away: float
    alone: bool

    def __str__(self) -> str:
        return f"{self.took:.1f} s after {self.away:.1f} s" + ("" if self.alone else " (and other faults)")

    @property
    def too_late(self) -> bool:
        return self.alone and self.took > LIMIT_SECS


def recoveries(
    lines: Sequence[Line],
    returns: Sequence[tuple[float, float]],
    disturbed: Sequence[float],
    windows: Sequence[Window],
) -> list[Recovery]:
    """One for each time that the server was back, given with how long it had been away. `disturbed` are the times when
    something was done to a process."""
    sent = {line.id: line for line in lines if line.what == "sent"}
    # What comes for the second time may have been invisible until then.
    firsts = [line for line in lines if line.what == "start" and line.receive_count == 1]
    found = []
    for back, away in returns:
        took = max(_took(firsts, sent, queue, back) for queue in QUICK_QUEUES)
        end = back + min(took, 60.0)
        alone = not any(back - away - _STARTED_SECS < at < end for at in disturbed) and not any(
            window.touches(RECEIVE, back + 0.1, end) for window in windows
        )
        found.append(Recovery(took, away, alone))
    return found


def _took(firsts: Sequence[Line], sent: dict[str, Line], queue: str, back: float) -> float:
    """Seconds until a queue's first message started, counted from when it was there to be received. Infinite where none
    started that was sent, and 0 where there was none to start, as at the end."""
    for line in firsts:
        if line.queue == queue and line.at >= back:
            return line.at - max(back, sent[line.id].at if line.id in sent else 0.0)
    before = {line.id for line in firsts if line.queue == queue}
    left = any(line.queue == queue and line.id not in before for line in sent.values())
    return float("inf") if left else 0.0
