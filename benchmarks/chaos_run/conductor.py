"""Makes the events of a schedule happen, and keeps account of when each of them was in force."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos_run.schedule import CHANGE, DELETE, RECEIVE, SEND, Event
from benchmarks.chaos_run.site import PREFIX, QUEUES, Site
from benchmarks.standin.limits import Limits

ALL = (RECEIVE, DELETE, CHANGE, *SEND)
#: The limit of messages in flight while that is an event, for each queue.
_FEW_IN_FLIGHT = 3
#: How long all queues must stay empty at the end, and how long that is waited for, in seconds.
_EMPTY_SECS, _DRAIN_SECS = 2.0, 120.0


@dataclass(frozen=True)
class Window:
    """Something was wrong with these actions from `start` to `end`, in `time.time()`."""

    kind: str
    actions: tuple[str, ...]
    start: float
    end: float

    def touches(self, action: str, start: float, end: float) -> bool:
        """Was the action struck at any time between these two?"""
        return action in self.actions and self.start <= end and start <= self.end


class Conductor:
    """Runs one schedule at one site."""

    def __init__(self, site: Site, tell: Callable[[str], None]) -> None:
        self._site = site
        self._tell = tell
        self.windows: list[Window] = []
        #: When the server was back from each absence, and how long it was away.
        self.returns: list[tuple[float, float]] = []
        self._faults: list[tuple[float, dict[str, Any]]] = []

    def run(self, events: list[Event], seconds: float) -> None:
        """Make them happen, then end all faults. What some of them have to wait for takes time: what is not due by
        then, in seconds, is left out."""
        began = time.time()
        for event in events:
            if time.time() > began + seconds:
                break
            time.sleep(max(0.0, began + event.at - time.time()))
            self._tell(str(event))
            self._happen(event)
            self._watch()
        time.sleep(max(0.0, max((window.end for window in self.windows), default=0.0) - time.time()))
        self._site.server.control(
            faults=[], limits={"in_flight": Limits.in_flight, "fifo_in_flight": Limits.fifo_in_flight}
        )
        self._site.server.come_back()

    def _watch(self) -> None:
        """A supervisor must never end by itself."""
        assert self._site.supervisor is not None
        if self._site.supervisor.poll() is not None:
            self._site.statuses.append(self._site.supervisor.returncode + 1000)
            self._site.start_receivers()

    def _happen(self, event: Event) -> None:
        site = self._site
        match event.kind:
            case "kill child":
                site.signal_child(signal.SIGKILL, event.pick)
            case "stop child":
                site.signal_child(signal.SIGSTOP, event.pick)
            case "end child":
                site.signal_child(signal.SIGTERM, event.pick)
            case "end" | "end at once":
                site.end_receivers(signals=1 if event.kind == "end" else 2)
                site.start_receivers()
            case "kill supervisor":
                site.kill_supervisor()
                site.start_receivers()
            case "away" | "away for long":
                self._go_away(event.seconds)
            case "pause":
                self._open("pause", ALL, event.seconds)
                site.server.pause()
                time.sleep(event.seconds)
                site.server.resume()
            case "no table":
                # Without the table a supervisor would refuse to start.
                site.await_start()
                site.move_table(away=True)
                time.sleep(event.seconds)
                site.move_table(away=False)
            case "in flight limit":
                self._limit(event.seconds)
            case _:
                self._set(event)

    def _open(self, kind: str, actions: tuple[str, ...], seconds: float) -> None:
        now = time.time()
        self.windows.append(Window(kind, actions or ALL, now, now + seconds))

    def _set(self, event: Event) -> None:
        """Put a fault into force, besides those that still are."""
        self._open(event.kind, tuple(event.fault["actions"]), event.seconds)
        now = time.time()
        self._faults = [(end, fault) for end, fault in self._faults if end > now + 0.05]
        self._faults.append((now + event.seconds, event.fault))
        self._site.server.control(faults=[{**fault, "seconds": end - now} for end, fault in self._faults])

    def _go_away(self, seconds: float) -> None:
        self._open("away", ALL, seconds)
        self._site.server.go_away(seconds)
        time.sleep(seconds)
        self._site.server.come_back()
        self.returns.append((time.time(), seconds))

    def _limit(self, seconds: float) -> None:
        few = {"in_flight": _FEW_IN_FLIGHT, "fifo_in_flight": _FEW_IN_FLIGHT}
        self._site.server.control(limits=few)
        time.sleep(seconds)
        many = {"in_flight": Limits.in_flight, "fifo_in_flight": Limits.fifo_in_flight}
        self._site.server.control(limits=many)

    # --- the end

    def drain(self) -> dict[str, int]:
        """Wait until all queues have stayed empty. Returns how many messages are left in those that are not."""
        end, empty_since = time.time() + _DRAIN_SECS, None
        while time.time() < end:
            left = self._left()
            if left:
                empty_since = None
            elif empty_since is None:
                empty_since = time.time()
            elif time.time() - empty_since > _EMPTY_SECS:
                return {}
            time.sleep(0.2)
        return self._left()

    def _left(self) -> dict[str, int]:
        counted = self._site.server.counters()["queues"]
        totals = {
            queue: sum(
                counted.get(f"{PREFIX}__{queue}", {}).get(state, 0) for state in ("visible", "in_flight", "delayed")
            )
            for queue in QUEUES
            if not queue.startswith("dead")
        }
        return {queue: total for queue, total in totals.items() if total}
