"""What the server counts: requests by action, and what became of the messages of each queue."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Tally:
    """What happened to the messages of one queue since it was made or the counters were reset."""

    sent: int = 0
    #: Sent, but dropped because a FIFO queue had seen the deduplication id.
    deduplicated: int = 0
    received: int = 0
    #: Received again because a visibility timeout ran out: the consumer's, or one it asked for.
    redelivered_after_timeout: int = 0
    #: Received again after a consumer set the visibility to 0.
    redelivered_after_release: int = 0
    deleted: int = 0
    #: Deletes that succeeded without effect: the message was gone, or received again since.
    stale_deletes: int = 0
    dead_lettered: int = 0
    #: Kept longer than the queue's retention period.
    retired: int = 0


@dataclass
class ActionCounter:
    """The requests of one action."""

    requests: int = 0
    #: Messages or handles in the requests; for ReceiveMessage, messages handed out.
    entries: int = 0
    failed_entries: int = 0
    errors: int = 0
    #: ReceiveMessage only: answers without a message.
    empty: int = 0
    in_flight: int = 0
    peak_in_flight: int = 0

    def reset(self) -> None:
        """Start again from zero, but for what is under way."""
        self.requests = self.entries = self.failed_entries = self.errors = self.empty = 0
        self.peak_in_flight = self.in_flight

    def begin(self) -> None:
        self.requests += 1
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)

    def end(self) -> None:
        self.in_flight -= 1


@dataclass
class Counters:
    """All counters of the server but those that the queues keep."""

    actions: dict[str, ActionCounter] = field(default_factory=dict)
    #: Kind of fault -> how often it struck.
    faults: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    open_connections: int = 0
    #: Requests that were answered with an error before an action was known.
    malformed: int = 0

    def action(self, name: str) -> ActionCounter:
        """The counter of an action, made at its first request."""
        counter = self.actions.get(name)
        if counter is None:
            counter = self.actions[name] = ActionCounter()
        return counter

    def fault(self, kind: str) -> None:
        self.faults[kind] = self.faults.get(kind, 0) + 1

    def reset(self) -> None:
        """Start again from zero. Requests that are under way stay counted as in flight."""
        for counter in self.actions.values():
            # In place, for requests that are under way hold their counter.
            counter.reset()
        self.faults.clear()
        self.connections = self.open_connections
        self.malformed = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
