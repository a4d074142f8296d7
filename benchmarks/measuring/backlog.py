"""A backlog that comes into a queue all at once, so that the clock can start with it.

The messages wait in another queue, a dead-letter queue of the first, until one StartMessageMoveTask moves them. By then
whoever is to drain them has started, has imported what it needs, and polls.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice

from benchmarks.measuring.wire import ACCOUNT, Wire
from benchmarks.standin.process import StandIn

#: The bytes of a message's body, or of the one argument of a peer's task, whose envelope comes on top.
BODY_BYTES = 200

_STORE = "bench_store"
_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"


class Backlog:
    """Messages for one queue of a stand-in that was just made as new."""

    def __init__(self, server: StandIn, queue: str) -> None:
        self._server = server
        self._wire = Wire(server.endpoint_url)
        self.queue = queue
        self._wire.ask("CreateQueue", QueueName=_STORE)
        policy = json.dumps({"deadLetterTargetArn": _ARN + _STORE, "maxReceiveCount": 1000})
        self._wire.ask("CreateQueue", QueueName=queue, Attributes={"RedrivePolicy": policy})

    def close(self) -> None:
        """End the connection; the queues stay."""
        self._wire.__exit__()

    def store(self, count: int, bodies: Iterable[str] | None = None) -> None:
        """Have `count` messages ready: with these bodies, or with bodies of `BODY_BYTES` that nobody has to read."""
        if bodies is None:
            self._server.fill(_STORE, count, bytes=BODY_BYTES)
            return
        for batch in _batches(islice(bodies, count)):
            entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(batch)]
            self._wire.ask("SendMessageBatch", QueueUrl=self._wire.url(_STORE), Entries=entries)

    def release(self) -> None:
        """Move them into the queue."""
        self._wire.ask("StartMessageMoveTask", SourceArn=_ARN + _STORE, DestinationArn=_ARN + self.queue)

    def take_one(self) -> str:
        """Receive one message from the queue, and return its body."""
        answer = self._wire.ask("ReceiveMessage", QueueUrl=self._wire.url(self.queue), MaxNumberOfMessages=1)
        return str(answer["Messages"][0]["Body"])


def _batches(bodies: Iterator[str]) -> Iterator[list[str]]:
    while batch := list(islice(bodies, 10)):
        yield batch
