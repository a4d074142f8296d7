"""A held message: received, and not yet settled."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import Enum
from typing import Any

from django_sqs.aws.physical_queue import MAX_VISIBILITY_SECS
from django_sqs.message.base import BaseMessage

#: Kept clear of SQS's 12 hours, in seconds: an extension past them is refused as a whole.
_LIMIT_MARGIN_SECS = 60


class State(Enum):
    """Where a held message is. It only ever moves down this list."""

    WAITING = "in the buffer"
    RUNNING = "with its receiver"
    SETTLING = "waiting for its delete or its visibility to be confirmed"
    SETTLED = "no longer ours"


class HeldMessage:
    """All that the parts of the engine know of one message. Times are `time.monotonic()`."""

    __slots__ = (
        "attempts",
        "deadline",
        "deleted",
        "extending",
        "group",
        "handle",
        "id",
        "judged",
        "lost",
        "message",
        "raw",
        "receive_count",
        "received_at",
        "returning",
        "started_at",
        "state",
        "succeeded",
        "superseded",
        "thread",
    )

    def __init__(self, raw: Mapping[str, Any], received_at: float, visibility_timeout: float) -> None:
        attributes = raw.get("Attributes", {})
        self.raw = raw
        self.id: str = raw["MessageId"]
        self.handle: str = raw["ReceiptHandle"]
        self.receive_count = int(attributes.get("ApproximateReceiveCount", 1))
        #: Its message group; empty where it has none.
        self.group: str = attributes.get("MessageGroupId", "")
        self.received_at = received_at
        #: Until then nobody else receives it: from the return of the receive, or the start of the last confirmed
        #: extension.
        self.deadline = received_at + visibility_timeout
        self.state = State.WAITING
        #: What its receiver is called with, once it could be decoded.
        self.message: BaseMessage[Any] | None = None
        self.started_at = 0.0
        #: The thread that runs it, as `threading.get_ident()`.
        self.thread = 0
        #: What becomes of it is decided: by whoever was first, its handler or the watchdog.
        self.judged = False
        #: Its receiver has returned.
        self.succeeded = False
        #: It was deleted before it ran.
        self.deleted = False
        #: Another may have it by now; it is not extended any more.
        self.lost = False
        #: On its way back to the queue: the keeper must not hide it again.
        self.returning = False
        #: In an extension that is under way: it must not be given back meanwhile, the two could arrive in either order.
        self.extending = False
        #: Received again here after it was given back: its handle must not be used any more.
        self.superseded = False
        #: How often its settlement was tried.
        self.attempts = 0

    def renew(self, again: HeldMessage) -> None:
        """It was received again by this very process, which still has it: that is no reason to run it twice. With the
        new handle the hold on it is as good as new."""
        self.handle = again.handle
        self.receive_count = again.receive_count
        self.received_at = again.received_at
        self.deadline = again.deadline
        self.lost = False

    def entry(self) -> dict[str, Any]:
        """What sends the same content again, as an entry of a batch: with its attributes, its group, and the header of
        a trace; without a delay and without a deduplication id."""
        entry: dict[str, Any] = {"MessageBody": self.raw["Body"]}
        attributes = self.raw.get("MessageAttributes")
        if attributes:
            entry["MessageAttributes"] = dict(attributes)
        if self.group:
            entry["MessageGroupId"] = self.group
        trace = self.raw.get("Attributes", {}).get("AWSTraceHeader")
        if trace:
            entry["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace}}
        return entry

    @property
    def age(self) -> float:
        """Seconds since it was received."""
        return time.monotonic() - self.received_at

    def extension(self, visibility_timeout: float) -> float:
        """Seconds that it may be hidden for from now: the visibility timeout, and no more than SQS's 12 hours since it
        was received allow. Nothing left (0 or less) means that it cannot be held any longer."""
        return min(visibility_timeout, MAX_VISIBILITY_SECS - self.age - _LIMIT_MARGIN_SECS)

    def log_extra(self, queue: str, action: str) -> dict[str, Any]:
        """The fields of a log record about it."""
        return {"queue": queue, "message_id": self.id, "receive_count": self.receive_count, "action": action}
