"""All queues of the server: made, found, deleted, and joined by their redrive policies."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.standin.attributes import KNOWN, redrive_policy
from benchmarks.standin.errors import SQSError, invalid_value, queue_does_not_exist
from benchmarks.standin.fifo import FifoQueue
from benchmarks.standin.limits import Limits
from benchmarks.standin.queue import Queue, Surroundings
from benchmarks.standin.standard import StandardQueue

ACCOUNT = "000000000000"
REGION = "us-east-1"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")


def _ignore_arrival(queue: Queue) -> None:
    """Nobody waits: a store without a server."""


class Store:
    """The queues of one account in one region; no I/O, and the time comes from ``clock``."""

    def __init__(self, clock: Callable[[], float], limits: Limits | None = None) -> None:
        self.clock = clock
        self.limits = limits or Limits()
        self.queues: dict[str, Queue] = {}
        self._deleted_at: dict[str, float] = {}
        self._surroundings = Surroundings(clock, self.limits, self.by_arn, _ignore_arrival)

    def on_arrival(self, listener: Callable[[Queue], None]) -> None:
        """Have ``listener`` called with each queue in which a message may have become receivable."""
        self._surroundings.on_arrival = listener

    def create(self, name: str, attributes: Mapping[str, Any], tags: Mapping[str, str] | None = None) -> Queue:
        """Make a queue, or return the one of that name if no attribute given differs from its own."""
        existing = self.queues.get(name)
        if existing is not None:
            if different := existing.attributes.difference(attributes):
                raise SQSError(
                    "QueueNameExists",
                    f"A queue already exists with the same name and a different value for attribute {different}",
                )
            return existing
        kind = self._kind(name, attributes)
        self._check_recreation(name)
        queue = kind(name, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", self._surroundings)
        self.set_attributes(queue, attributes)
        queue.tags.update(tags or {})
        self.queues[name] = queue
        return queue

    def _kind(self, name: str, attributes: Mapping[str, Any]) -> type[Queue]:
        fifo = str(attributes.get("FifoQueue", "false")).lower() == "true"
        stem = name[: -len(".fifo")] + "_fifo" if fifo and name.endswith(".fifo") else name
        if fifo and stem == name:
            raise SQSError(
                "InvalidParameterValue",
                "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
                "underscores, must end with .fifo suffix and be 1 to 80 in length.",
            )
        if not _NAME.fullmatch(stem):
            raise SQSError(
                "InvalidParameterValue",
                "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
            )
        return FifoQueue if fifo else StandardQueue

    def _check_recreation(self, name: str) -> None:
        deleted_at = self._deleted_at.get(name)
        if deleted_at is not None and self.clock() - deleted_at < self.limits.recreate_seconds:
            raise SQSError(
                "QueueDeletedRecently",
                f"You must wait {self.limits.recreate_seconds:g} seconds after deleting a queue "
                "before you can create another with the same name.",
            )

    def set_attributes(self, queue: Queue, attributes: Mapping[str, Any]) -> None:
        """Change attributes of a queue; all or none."""
        text = str(attributes.get("RedrivePolicy", ""))
        policy = redrive_policy(text)
        if policy is not None:
            target = self.by_arn(policy.arn)
            if target is None or target is queue:
                raise invalid_value(text, "RedrivePolicy", "Dead letter target does not exist.")
            if target.fifo != queue.fifo:
                raise invalid_value(
                    text, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source."
                )
        queue.attributes.update(attributes)
        queue.modified_at = self.clock()

    def delete(self, queue: Queue) -> None:
        queue.purge()
        del self.queues[queue.name]
        self._deleted_at[queue.name] = self.clock()

    def forget(self) -> None:
        """Be as new: no queues, and no name that was used too recently."""
        self.queues.clear()
        self._deleted_at.clear()

    def purge(self, queue: Queue) -> None:
        """Delete all messages of a queue: at once, where SQS may take up to a minute."""
        now = self.clock()
        if queue.purged_at is not None and now - queue.purged_at < self.limits.purge_seconds:
            raise SQSError(
                "PurgeQueueInProgress",
                f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.",
            )
        queue.purged_at = now
        queue.purge()

    def by_name(self, name: str) -> Queue:
        """The queue of a name; raises what SQS answers when there is none."""
        queue = self.queues.get(name)
        if queue is None:
            raise queue_does_not_exist()
        return queue

    def by_url(self, url: str) -> Queue:
        """The queue of a URL. Only the last part is looked at, so that any host name leads here."""
        return self.by_name(url.rpartition("/")[2])

    def by_arn(self, arn: str) -> Queue | None:
        queue = self.queues.get(arn.rpartition(":")[2])
        return queue if queue is not None and queue.arn == arn else None

    def sources_of(self, target: Queue) -> list[Queue]:
        """The queues that use ``target`` as their dead-letter queue."""
        return [
            queue
            for queue in self.queues.values()
            if queue.attributes.redrive is not None and queue.attributes.redrive.arn == target.arn
        ]

    def describe(self, queue: Queue, names: list[str]) -> dict[str, str]:
        """The attributes asked for, as GetQueueAttributes returns them."""
        for name in names:
            if name not in KNOWN:
                raise SQSError("InvalidAttributeName", f"Unknown Attribute {name}.")
        queue.advance()
        values = queue.attributes.as_json() | {
            "ApproximateNumberOfMessages": str(queue.visible),
            "ApproximateNumberOfMessagesDelayed": str(queue.delayed),
            "ApproximateNumberOfMessagesNotVisible": str(queue.in_flight),
            "CreatedTimestamp": str(int(queue.created_at)),
            "LastModifiedTimestamp": str(int(queue.modified_at)),
            "QueueArn": queue.arn,
        }
        if queue.attributes.redrive is not None:
            values["RedrivePolicy"] = json.dumps(queue.attributes.redrive.as_json())
        return values if "All" in names else {name: values[name] for name in names if name in values}

    def move_all(self, source: Queue, destination: Queue | None) -> int:
        """Carry out a message move task: send what is visible in a dead-letter queue back.

        Without a destination each message goes to the queue that it came from. Returns how many went.
        """
        source.advance()
        moved = 0
        for message in source.waiting():
            target = destination or self.by_arn(message.source_arn or "")
            if target is not None:
                source.surrender(message)
                message.receive_count = 0
                target.adopt(message, None)
                moved += 1
        return moved
