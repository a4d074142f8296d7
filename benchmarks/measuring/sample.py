"""What one run of one contender came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

#: SQS's actions as the tables call them.
RECEIVES = ("ReceiveMessage",)
DELETES = ("DeleteMessage", "DeleteMessageBatch")
SENDS = ("SendMessage", "SendMessageBatch")
CHANGES = ("ChangeMessageVisibility", "ChangeMessageVisibilityBatch")


@dataclass(frozen=True)
class Sample:
    """Times in seconds, memory in KiB."""

    messages: int
    seconds: float
    #: CPU time of the contender's processes, not of the server's.
    cpu: float
    #: Requests by action.
    requests: dict[str, int] = field(default_factory=dict)
    #: Messages handed out more than once.
    duplicates: int = 0
    peak: int = 0
    private: int = 0
    #: All messages were done in time.
    complete: bool = True

    @property
    def rate(self) -> float:
        """Messages a second."""
        return self.messages / self.seconds if self.seconds else 0.0

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of CPU time a message."""
        return self.cpu / self.messages * 1000 if self.messages else 0.0

    def requests_each(self, *actions: str) -> float:
        """Requests a message: of these actions, or of all."""
        total = sum(number for action, number in self.requests.items() if not actions or action in actions)
        return total / self.messages if self.messages else 0.0


def requests_of(counters: dict[str, dict[str, dict[str, int]]]) -> dict[str, int]:
    """The requests by action that the stand-in has counted."""
    return {name: found["requests"] for name, found in counters["actions"].items() if found["requests"]}


def percentile(values: Sequence[float], part: float) -> float:
    """The value that this part (0 to 1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
