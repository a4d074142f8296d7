"""Sending failed messages anew, as they were."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django_sqs.exceptions import DjangoSQSError, QueueGone, SendFailed
from django_sqs.registered_queue import QueueDestination
from django_sqs.registry import queues
from django_sqs.sending.options import SendOptions
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.packing import MAX_ENTRIES
from django_sqs.sending.transports import get_transport

if TYPE_CHECKING:
    from django_sqs.models import FailedMessage


def send_again(rows: Iterable[FailedMessage]) -> Iterator[tuple[FailedMessage, str | None]]:
    """Send the messages of these rows, body and message attributes unchanged, to the queues that they came from, and
    delete each row whose message was sent. Yields every row with the sentence that says why it was not, or None.

    A row is deleted after its message was sent, so that a crash in between can double a message and never lose one.
    """
    for batch in _by_queue(rows):
        prepared: list[tuple[FailedMessage, Outgoing]] = []
        for row in batch:
            try:
                prepared.append((row, _outgoing(row)))
            except DjangoSQSError as error:
                yield row, str(error)
        yield from _send(prepared)


def destination_of(full_name: str) -> QueueDestination:
    """The registered queue, with its suffix, that has this name at AWS. Raises `QueueGone`."""
    for queue in queues.values():
        for suffix in queue.known_suffixes():
            if queue.full_name(suffix) == full_name:
                return QueueDestination(queue, suffix)
    raise QueueGone(queue=full_name)


def _by_queue(rows: Iterable[FailedMessage]) -> Iterator[list[FailedMessage]]:
    """The rows in batches of one queue, oldest first: the order in which they failed."""
    waiting: dict[str, list[FailedMessage]] = {}
    for row in sorted(rows, key=lambda row: (row.failed_at, row.pk)):
        batch = waiting.setdefault(row.queue, [])
        batch.append(row)
        if len(batch) == MAX_ENTRIES:
            yield waiting.pop(row.queue)
    yield from waiting.values()


def _send(prepared: list[tuple[FailedMessage, Outgoing]]) -> Iterator[tuple[FailedMessage, str | None]]:
    failure: str | None = None
    reasons: dict[int, str] = {}
    try:
        get_transport().send([outgoing for _, outgoing in prepared])
    except DjangoSQSError as error:
        failure = str(error)
        if isinstance(error, SendFailed):
            reasons = {id(message): reason for message, reason in error.failed}
    for row, outgoing in prepared:
        # The transport gives an id to what it sent, also where it failed later.
        if failure is None or outgoing.message.id is not None:
            row.delete()
            yield row, None
        else:
            yield row, reasons.get(id(outgoing.message), failure)


def _outgoing(row: FailedMessage) -> Outgoing:
    destination = destination_of(row.queue)
    message = destination.queue.message_class.from_received({"Body": row.body})
    entry: dict[str, Any] = {"MessageBody": row.body}
    attributes = {name: _typed(value) for name, value in (row.attributes.get("MessageAttributes") or {}).items()}
    if attributes:
        entry["MessageAttributes"] = attributes
    group = row.attributes.get("MessageGroupId")
    if group:
        entry["MessageGroupId"] = group
    if destination.queue.is_fifo:
        # With the id of the first time SQS would take it for a copy, and drop it in silence for five minutes.
        entry["MessageDeduplicationId"] = uuid.uuid4().hex
    size = len(row.body.encode()) + sum(_size(name, value) for name, value in attributes.items())
    options = SendOptions(suffix=destination.suffix, immediate=True)
    return Outgoing(destination=destination, message=message, body=row.body, size=size, options=options, entry=entry)


def _typed(value: Mapping[str, str]) -> dict[str, Any]:
    """An attribute as SQS takes it. The row, which is JSON, holds binary ones as base64."""
    binary = value.get("BinaryValue")
    return {**value, "BinaryValue": base64.b64decode(binary)} if binary is not None else dict(value)


def _size(name: str, value: Mapping[str, Any]) -> int:
    content = value.get("BinaryValue") or value.get("StringValue", "").encode()
    return len(name) + len(value.get("DataType", "")) + len(content)
