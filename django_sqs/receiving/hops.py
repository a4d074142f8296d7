"""Messages that are not due yet: sent on, delayed again, so that no process holds them and no visibility timeout bounds
them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from django_sqs.aws.physical_queue import BATCH, PhysicalQueue
from django_sqs.exceptions import AWSError, Reject
from django_sqs.message.attributes import DUE_ATTRIBUTE
from django_sqs.receiving.conclusion import Conclusions, DeleteRefused
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.settlement import NOTHING, Outcome
from django_sqs.receiving.settler import Settler
from django_sqs.receiving.verdict import retry_delay
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.sending.delays import hop, seconds_until_due
from django_sqs.sending.outgoing import MAX_BYTES

logger = logging.getLogger("django_sqs.receiving")


class Hops:
    """Sends on what is not due of one queue, from any thread.

    Not a run: the receiver is not called, no signal is sent, and nothing counts as a failure. With `delete_on_start`
    a message is deleted before it is sent on, so that there is never more than one of it.
    """

    def __init__(
        self,
        queue: RegisteredQueue,
        physical: PhysicalQueue,
        holdings: Holdings,
        settler: Settler,
        conclusions: Conclusions,
        delete_first: Callable[[HeldMessage], None],
    ) -> None:
        self._queue = queue
        self._options = queue.options
        self._physical = physical
        self._holdings = holdings
        self._settler = settler
        self._conclusions = conclusions
        self._delete_first = delete_first
        #: How many have been sent on, or at least deleted for it.
        self.count = 0

    def check(self, held: HeldMessage) -> None:
        """Raises `Reject` where the message tells a time that cannot be, or one that its queue cannot wait for."""
        if _left(held.raw) > 0 and self._queue.is_fifo:
            raise Reject(f"its attribute {DUE_ATTRIBUTE} asks for a delay, and a FIFO queue delays no single message")

    def are_wanted(self, taken: Iterable[HeldMessage]) -> bool:
        """Is any of them to be sent on?"""
        return any(map(self._is_early, taken))

    def send_on(self, taken: Sequence[HeldMessage]) -> list[HeldMessage]:
        """Send on those that are not due, and settle them. Returns the others. Never raises."""
        if not self.are_wanted(taken):
            return list(taken)
        early = {held for held in taken if self._is_early(held)}
        # Claimed before they go: what the watchdog gives up meanwhile would be kept, and sent on nevertheless.
        ours = [held for held in taken if held in early and self._holdings.claim(held)]
        if self._options.delete_on_start:
            for held in ours:
                self._settler.settle(held, self._deleted_and_sent(held))
        else:
            for batch in _batches(ours):
                self._send(batch)
        return [held for held in taken if held not in early]

    def _is_early(self, held: HeldMessage) -> bool:
        try:
            return _left(held.raw) > 0 and not self._queue.is_fifo
        except Reject:
            return False

    def _send(self, batch: Sequence[HeldMessage]) -> None:
        entries = [{**held.entry(), "DelaySeconds": max(0, hop(_left(held.raw)))} for held in batch]
        try:
            sent, failures = self._physical.send_batch(entries)
            reasons = {failure.index: str(failure) for failure in failures}
        except Exception as error:
            # It may have gone all the same, where the answer was lost: then there are two of it.
            sent, reasons = {}, dict.fromkeys(range(len(batch)), str(error))
            if not isinstance(error, AWSError):
                logger.exception("%s: messages could not be sent on.", self._physical.name)
        for index, held in enumerate(batch):
            outcome: Outcome = None
            if index in reasons:
                outcome = self._stays(held, reasons[index])
            else:
                self.count += 1
                self._log(logging.DEBUG, held, "sent_on", "is not due and was sent on as %s", sent.get(index))
            self._settler.settle(held, outcome)

    def _stays(self, held: HeldMessage, reason: str) -> float:
        self._log(logging.WARNING, held, "not_sent_on", "is not due and could not be sent on: %s", reason)
        return min(retry_delay(self._options, held.receive_count, held.age), max(1.0, _left(held.raw)))

    def _deleted_and_sent(self, held: HeldMessage) -> Outcome:
        try:
            self._delete_first(held)
        except DeleteRefused as error:
            return self._conclusions.conclude(held, error)
        self.count += 1
        self._conclusions.send_anew(held, max(0.0, _left(held.raw)), "its next hop")
        return NOTHING

    def _log(self, level: int, held: HeldMessage, action: str, text: str, *args: Any) -> None:
        extra = held.log_extra(self._physical.name, action)
        logger.log(level, "%s: message %s %s.", self._physical.name, held.id, text % args, extra=extra)


def _left(raw: Mapping[str, Any]) -> float:
    """Seconds until the message is due. Raises `Reject`."""
    attribute = raw.get("MessageAttributes", {}).get(DUE_ATTRIBUTE)
    if attribute is None:
        return 0.0
    try:
        return seconds_until_due(attribute)
    except ValueError as error:
        raise Reject(f"its attribute {DUE_ATTRIBUTE} makes no sense: {error}") from error


def _batches(messages: Iterable[HeldMessage]) -> Iterator[list[HeldMessage]]:
    """As full as SQS allows."""
    batch: list[HeldMessage] = []
    size = 0
    for held in messages:
        more = _size(held.raw)
        if batch and (len(batch) == BATCH or size + more > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(held)
        size += more
    if batch:
        yield batch


def _size(raw: Mapping[str, Any]) -> int:
    size = len(raw.get("Body", "").encode())
    for name, value in raw.get("MessageAttributes", {}).items():
        content = value.get("BinaryValue") or value.get("StringValue", "").encode()
        size += len(name.encode()) + len(value.get("DataType", "")) + len(content)
    return size
