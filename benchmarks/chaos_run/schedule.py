"""What goes wrong when: drawn from a seed, so that a run can be had again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

RECEIVE, DELETE, CHANGE = "ReceiveMessage", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"
SEND = ("SendMessage", "SendMessageBatch")

#: Which requests a fault may strike; empty is all.
_STRUCK: tuple[tuple[str, ...], ...] = ((RECEIVE,), (DELETE,), (CHANGE,), (DELETE, CHANGE), SEND, ())

#: What happens to processes, and how often each is drawn.
PROCESS_EVENTS = {"kill child": 24, "end child": 5, "end": 6, "end at once": 2, "kill supervisor": 3}
#: What happens to SQS and to the database.
SERVER_EVENTS = {
    "entry_error": 8,
    "error": 6,
    "throttle": 5,
    "expired": 2,
    "refuse": 6,
    "hang": 4,
    "drop_response": 7,
    "hang_response": 4,
    "pretend": 3,
    "latency": 4,
    "pause": 3,
    "away": 4,
    "in flight limit": 2,
    "no table": 3,
}
#: Only in runs that last at least so long, in seconds: what takes long itself.
_LONG_RUN_SECS = 90
_LONG_EVENTS = {"away for long": 4, "stop child": 3}
#: Seconds between two events.
_GAP_SECS = (0.3, 2.2)


@dataclass(frozen=True)
class Event:
    """Something that goes wrong `at` so many seconds after the beginning, for `seconds`. `fault` is one of the
    stand-in's; `pick` is a number from 0 to 1 that chooses, for instance, a child."""

    at: float
    kind: str
    seconds: float = 0.0
    fault: dict[str, Any] = field(default_factory=dict)
    pick: float = 0.0

    def __str__(self) -> str:
        actions = "+".join(self.fault.get("actions", ())) or "all"
        told = f" of {actions}, probability {self.fault['probability']}" if self.fault else ""
        return f"{self.at:7.1f} s  {self.kind}{told}" + (f" for {self.seconds:.1f} s" if self.seconds else "")


def draw(seed: int, seconds: float) -> list[Event]:
    """The events of a run. Each kind happens once before any happens again, where there is time for that."""
    chance = random.Random(seed)
    weights = {**PROCESS_EVENTS, **SERVER_EVENTS, **(_LONG_EVENTS if seconds >= _LONG_RUN_SECS else {})}
    first = list(weights)
    chance.shuffle(first)
    events: list[Event] = []
    at = 2.0
    while at < seconds:
        kind = first.pop() if first else chance.choices(list(weights), list(weights.values()))[0]
        event = _event(kind, at, chance)
        events.append(event)
        # What keeps all from working is waited for, or nothing would be at work when the next thing goes wrong.
        at += chance.uniform(*_GAP_SECS) + (event.seconds if kind.startswith(("away", "pause")) else 0)
    return events


def _event(kind: str, at: float, chance: random.Random) -> Event:
    pick = chance.random()
    if kind in PROCESS_EVENTS or kind == "stop child":
        return Event(at, kind, pick=pick)
    if kind == "away for long":
        return Event(at, kind, round(chance.uniform(12, 20), 1))
    if kind in ("away", "pause", "no table", "in flight limit"):
        return Event(at, kind, round(chance.uniform(0.5, 3), 1))
    return _fault(kind, at, chance)


def _fault(kind: str, at: float, chance: random.Random) -> Event:
    actions = chance.choice(_STRUCK)
    more: dict[str, Any] = {}
    if kind == "pretend":
        # To pretend that something was extended is to take it away in silence: SQS is not known to do that.
        actions = (DELETE,)
    elif kind == "latency":
        more["latency_ms"] = chance.choice((100, 400, 900))
    elif kind == "expired":
        more = {"kind": "error", "status": 400, "code": "ExpiredToken"}
    elif kind == "error":
        more["status"] = chance.choice((500, 503))
    fault = {"kind": kind, "actions": actions, "probability": chance.choice((0.2, 0.5, 1.0)), **more}
    return Event(at, kind, round(chance.uniform(0.5, 4), 1), fault)
