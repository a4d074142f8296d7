"""Bodies that are too large for their messages: how such a message goes out, and its body beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django_sqs.exceptions import AWSError, InvalidMessage
from django_sqs.message.attributes import MAX_ATTRIBUTES
from django_sqs.message.base import BaseMessage
from django_sqs.message.s3_payload import OLD_SIZE_ATTRIBUTE, SIZE_ATTRIBUTE, Apart, S3PayloadMessage, set_apart

if TYPE_CHECKING:
    from django_sqs.sending.outgoing import Outgoing


def plan(name: str, message: BaseMessage[Any], text: str, attributes: Mapping[str, Any], size: int) -> Apart | None:
    """How a message to the queue `name` goes out whose text and attributes are too large; None where they go as they
    are. Raises `InvalidMessage` for attributes that leave no room for the one that tells of it."""
    if not isinstance(message, S3PayloadMessage):
        return None
    for reserved in (SIZE_ATTRIBUTE, OLD_SIZE_ATTRIBUTE):
        if reserved in attributes:
            raise InvalidMessage(
                queue=name, reason=f"the message attribute {reserved!r} tells of bodies that are in S3"
            )
    apart = set_apart(message, text, size)
    if apart is not None and len(attributes) >= MAX_ATTRIBUTES:
        raise InvalidMessage(
            queue=name,
            reason=f"it has {len(attributes)} message attributes; as its body goes through S3, SQS allows"
            f" {MAX_ATTRIBUTES - 1}",
        )
    return apart


def way_out(message: BaseMessage[Any]) -> str:
    """What to do about a message that is too large, for the end of an error."""
    large = isinstance(message, S3PayloadMessage) and message.payload_bucket() is None
    return "; with SQS_PAYLOAD_BUCKET set, its body would travel through S3" if large else ""


def size_of(apart: Apart, before: int) -> int:
    """The size in bytes that SQS counts, of a message that had `before` bytes with its text."""
    value = apart.attribute
    added = len(SIZE_ATTRIBUTE) + len(value["DataType"]) + len(value["StringValue"])
    return before - len(apart.text.encode()) + len(apart.pointer.text.encode()) + added


def store(batch: Sequence[Outgoing], failed: list[tuple[Outgoing, str]]) -> list[Outgoing]:
    """Store the bodies that travel apart, before their messages go. Returns the messages that may go, and adds to
    `failed` those whose bodies could not be stored."""
    ready = []
    for outgoing in batch:
        try:
            if outgoing.apart is not None:
                _store_of(outgoing).put(outgoing.apart.pointer, outgoing.apart.text)
        except AWSError as error:
            failed.append((outgoing, str(error)))
        else:
            ready.append(outgoing)
    return ready


def take_back(refused: Sequence[Outgoing]) -> None:
    """Delete the bodies of messages that SQS refused. (Where it did not answer they are left: it may have the
    message.)"""
    for outgoing in refused:
        if outgoing.apart is not None:
            _store_of(outgoing).delete([outgoing.apart.pointer])


def _store_of(outgoing: Outgoing) -> Any:
    message: Any = outgoing.message
    return message.store()
