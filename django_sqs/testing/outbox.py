"""Transports that reach no server: one keeps messages, one runs their receivers."""

from __future__ import annotations

import inspect
import logging
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from asgiref.sync import async_to_sync

from django_sqs.exceptions import BatchFailed, Reject, UndecodableBody, WrongArgument
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.receiving.runner import failed_of_batch
from django_sqs.receiving.verdict import judge
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.transports import BaseTransport

logger = logging.getLogger("django_sqs.testing")

#: A message that is not done with after so many runs never will be: the test fails instead of hanging.
MAX_RUNS = 100


@dataclass(eq=False, kw_only=True)
class SentMessage:
    """A message as it went out: where to, and how. `delay` is in seconds."""

    queue_name: str
    suffix: str | None
    #: The name of the queue at AWS.
    full_name: str
    #: What was given to `send()`, or was made by it.
    message: BaseMessage[Any]
    #: The wire text.
    body: str
    delay: int
    group_id: str | None
    deduplication_id: str | None
    message_attributes: Mapping[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    #: "waiting" until a receiver is done with it.
    state: Literal["waiting", "running", "succeeded", "rejected", "failed"] = "waiting"
    #: What its receiver raised last.
    error: BaseException | None = None
    receive_count: int = 0
    outgoing: Outgoing = field(repr=False)

    @classmethod
    def of(cls, outgoing: Outgoing) -> SentMessage:
        """The record of a message that goes out now, which is given its id."""
        destination, options = outgoing.destination, outgoing.options
        sent = cls(
            queue_name=destination.queue_name,
            suffix=destination.suffix or None,
            full_name=destination.full_name,
            message=outgoing.message,
            body=outgoing.body,
            delay=outgoing.delay,
            group_id=options.group_id,
            deduplication_id=outgoing.entry.get("MessageDeduplicationId"),
            message_attributes=dict(outgoing.message.message_attributes),
            outgoing=outgoing,
        )
        outgoing.message.id = sent.id
        return sent

    def receive(self) -> BaseMessage[Any]:
        """The message as its receiver gets it."""
        queue: RegisteredQueue = self.outgoing.destination.queue
        self.receive_count += 1
        self.state, self.error = "running", None
        return queue.message_class.from_received(self._as_received(), self.full_name)

    def conclude(self, error: BaseException | None) -> bool:
        """Note what became of it, as SQS and the engine would: a failed message of a queue that retries waits again.
        Returns whether it was a failure."""
        if error is None:
            self.state = "succeeded"
            return False
        verdict = judge(error, self.outgoing.destination.queue.options, self.receive_count, 0)
        self.error = error
        self.state = "waiting" if verdict.delay is not None else "failed" if verdict.failed else "rejected"
        if not verdict.failed:
            logger.info("%s: message %s raised %r.", self.full_name, self.id, error, extra=self._extra())
        return verdict.failed

    def _as_received(self) -> dict[str, Any]:
        attributes = {
            "ApproximateReceiveCount": str(self.receive_count),
            "SentTimestamp": str(int(time.time() * 1000)),
            "MessageGroupId": self.group_id,
            "MessageDeduplicationId": self.deduplication_id,
        }
        return {
            "MessageId": self.id,
            "ReceiptHandle": str(uuid.uuid4()),
            "Body": self.body,
            "Attributes": {name: value for name, value in attributes.items() if value is not None},
            "MessageAttributes": self.outgoing.entry.get("MessageAttributes", {}),
        }

    def _extra(self) -> dict[str, Any]:
        return {
            "queue": self.full_name,
            "message_id": self.id,
            "receive_count": self.receive_count,
            "action": self.state,
        }


def run_together(taken: Sequence[SentMessage]) -> BaseException | None:
    """Run the receiver of these once, in this thread: of one, or of a batch. Returns what a failure raised."""
    queue: RegisteredQueue = taken[0].outgoing.destination.queue
    ready: list[tuple[SentMessage, BaseMessage[Any]]] = []
    for sent in taken:
        message = sent.receive()
        try:
            message.get_body()
            if message.ignored:
                sent.conclude(None)
            else:
                ready.append((sent, message))
        except Exception as raised:
            sent.conclude(
                raised if isinstance(raised, Reject) else UndecodableBody(f"{type(raised).__name__}: {raised}")
            )
    messages = [message for _, message in ready]
    failed, error = _call(queue, messages) if ready else (set(), None)
    failures = [sent.conclude(error if id(message) in failed else None) for sent, message in ready]
    return error if any(failures) else None


def _call(queue: RegisteredQueue, messages: list[BaseMessage[Any]]) -> tuple[set[int], BaseException | None]:
    """Call the receiver. Returns the identities of the messages that failed, and why."""
    returned: object = None
    error: BaseException | None = None
    try:
        returned = queue.receiver_function()(messages if queue.options.batch else messages[0])
        if inspect.isawaitable(returned):
            returned = async_to_sync(_finish)(returned)
    except BaseException as raised:
        error = raised
    if queue.options.batch and (isinstance(error, BatchFailed) or (error is None and returned is not None)):
        try:
            return failed_of_batch(messages, returned, error)
        except WrongArgument as wrong:
            error = wrong
    return set(map(id, messages)) if error is not None else set(), error


async def _finish(awaitable: Any) -> object:
    return await awaitable


class OutboxTransport(BaseTransport):
    """Keeps what is sent in a list, `OutboxTransport.outbox`. It is one for the whole process: empty it between tests,
    or use `capture()`, which has a list of its own."""

    outbox: list[SentMessage] = []

    def send(self, messages: Iterable[Outgoing]) -> int:
        sent = [SentMessage.of(outgoing) for outgoing in messages]
        self.outbox.extend(sent)
        return len(sent)


class InlineTransport(OutboxTransport):
    """Runs the receivers at once, in the caller's thread and with its database connection. Delays are not waited for.

    What a receiver raises comes out of `send()`, so that a test fails. `RestartLater` runs it again at once, and is an
    AssertionError after 100 runs. A batch receiver gets one message at a time. What was rejected is in
    `InlineTransport.rejected`, and what was sent to a queue without a receiver in `InlineTransport.outbox`.
    """

    runs_receivers: ClassVar[bool] = True
    outbox: list[SentMessage] = []
    rejected: list[SentMessage] = []

    def send(self, messages: Iterable[Outgoing]) -> int:
        count = 0
        for outgoing in messages:
            sent = SentMessage.of(outgoing)
            count += 1
            if outgoing.destination.queue.fn is None:
                self.outbox.append(sent)
            else:
                self._run(sent)
        return count

    def _run(self, sent: SentMessage) -> None:
        while sent.state == "waiting":
            if sent.receive_count == MAX_RUNS:
                raise AssertionError(f"{sent.full_name}: {shorten(sent.body)} raised RestartLater {MAX_RUNS} times.")
            error = run_together([sent])
            if error is not None:
                raise error
        if sent.state == "rejected":
            self.rejected.append(sent)
