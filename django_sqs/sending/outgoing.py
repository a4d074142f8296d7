"""A message on its way out: encoded, checked, with where it goes."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from django_sqs.exceptions import InvalidMessage
from django_sqs.message.attributes import Labelled, encode_attributes, with_labels, without_labels
from django_sqs.message.base import BaseMessage
from django_sqs.message.s3_payload import Apart
from django_sqs.sending import apart as bodies_apart
from django_sqs.sending.delays import due_time, hop, with_due_time
from django_sqs.sending.options import SendOptions

if TYPE_CHECKING:
    from django_sqs.aws.physical_queue import PhysicalQueue

#: SQS's limit for a message, and for all messages of a batch together: body and attributes, in bytes of UTF-8.
MAX_BYTES = 1_048_576
_SURROGATE = re.compile("[\ud800-\udfff]")
# What SQS does not take: all but #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_IDS = ("MessageGroupId", "MessageDeduplicationId")
_ID = re.compile(r"[A-Za-z0-9!-/:-@\[-`{-~]{1,128}\Z")


class Destination(Protocol):
    """Where a message goes."""

    @property
    def queue(self) -> Any:
        """The registered queue, which is the sender of signals."""

    @property
    def queue_name(self) -> str:
        """The bare name that the queue is registered with."""

    @property
    def suffix(self) -> str | None: ...

    @property
    def full_name(self) -> str:
        """The name of the queue at AWS."""

    @property
    def content_based_deduplication(self) -> bool:
        """Does SQS itself make the deduplication id of a message that comes without one, from its body?"""

    def physical(self) -> PhysicalQueue: ...


@dataclass(frozen=True)
class Outgoing:
    """One message, ready to be sent."""

    destination: Destination
    message: BaseMessage[Any]
    body: str
    size: int
    options: SendOptions
    entry: dict[str, Any]
    #: Whole seconds that it was to be delayed for, at the call.
    delay: int = 0
    #: Where its body is to be stored, if that is too large for the message.
    apart: Apart | None = None

    @property
    def wire_entry(self) -> dict[str, Any]:
        """The entry as SQS gets it: with a pointer for a body that travels apart."""
        return self.entry if self.apart is None else self.apart.changed(self.entry)


def prepare(destination: Destination, message: BaseMessage[Any], options: SendOptions) -> Outgoing:
    """Encode and check a message, so that what SQS would refuse is refused here, before anything goes out.

    Raises `InvalidBody`, `InvalidMessage` or `WrongArgument`.
    """
    name = destination.full_name
    body = message._text_to_send()
    if not body:
        raise InvalidMessage(queue=name, reason="its body is empty, which SQS does not take")
    entry: dict[str, Any] = {"MessageBody": body}
    delay = _add_delay(name, entry, options)
    values = options.message_attributes or with_labels(message.message_attributes, message.attribute_labels)
    on_wire = with_due_time(name, values, due_time(delay))
    size = len(body.encode(errors="surrogatepass")) + _add_attributes(name, entry, on_wire)
    apart = bodies_apart.plan(name, message, body, on_wire, size)
    # S3 takes any text that can be encoded.
    _check_characters(name, body, "its body", _FORBIDDEN if apart is None else _SURROGATE)
    if apart is not None:
        size = bodies_apart.size_of(apart, size)
    if size > MAX_BYTES:
        raise InvalidMessage(
            queue=name,
            reason=f"it is {size:,} bytes with its attributes, SQS takes at most {MAX_BYTES:,} (1 MiB)"
            + bodies_apart.way_out(message),
        )
    _add_ids(destination, entry, options)
    _tell(message, entry, values)
    return Outgoing(
        destination=destination,
        message=message,
        body=body,
        size=size,
        options=options,
        entry=entry,
        # Rounded up: a message may come later than asked, never earlier.
        delay=math.ceil(delay),
        apart=apart,
    )


def _tell(message: BaseMessage[Any], entry: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """What concerns the sending the message tells from now on as it will when it is received."""
    message.message_attributes = without_labels(values)
    message.attribute_labels = {name: value.label for name, value in values.items() if isinstance(value, Labelled)}
    for key in _IDS:
        message.attributes.pop(key, None)
    message.attributes.update((key, entry[key]) for key in _IDS if key in entry)


def _add_delay(name: str, entry: dict[str, Any], options: SendOptions) -> float:
    """Returns the seconds that were asked for."""
    delay = options.seconds_ahead()
    if delay:
        if name.endswith(".fifo"):
            raise InvalidMessage(
                queue=name,
                reason="a FIFO queue takes no delay or eta for a single message: SQS delays only the whole queue, or"
                " its order would be lost",
            )
        entry["DelaySeconds"] = hop(delay)
    return delay


def _add_attributes(name: str, entry: dict[str, Any], values: Mapping[str, Any]) -> int:
    """Returns their size as SQS counts it: names, types and values."""
    try:
        attributes = encode_attributes(values)
    except ValueError as error:
        raise InvalidMessage(queue=name, reason=str(error)) from error
    size = 0
    for key, value in attributes.items():
        text = value.get("StringValue")
        if text is not None:
            _check_characters(name, text, f"its message attribute {key!r}")
        size += len(key) + len(value["DataType"]) + len(value["BinaryValue"] if text is None else text.encode())
    if attributes:
        entry["MessageAttributes"] = attributes
    return size


def _add_ids(destination: Destination, entry: dict[str, Any], options: SendOptions) -> None:
    name = destination.full_name
    for key, value in zip(_IDS, (options.group_id, options.deduplication_id), strict=True):
        if value is None:
            continue
        if not _ID.match(value):
            raise InvalidMessage(
                queue=name,
                reason=f"{value!r} cannot be its {key}: that is 1 to 128 letters, digits and ASCII punctuation",
            )
        entry[key] = value
    if not name.endswith(".fifo"):
        if options.deduplication_id is not None:
            raise InvalidMessage(queue=name, reason="deduplication_id= is for FIFO queues only")
        return
    if options.group_id is None:
        raise InvalidMessage(queue=name, reason="a FIFO queue needs group_id=")
    if options.deduplication_id is None and not destination.content_based_deduplication:
        # Made here, once: a request that is repeated because its answer was lost has the same, and is sent once.
        entry["MessageDeduplicationId"] = uuid.uuid4().hex


def _check_characters(name: str, text: str, where: str, forbidden: re.Pattern[str] = _FORBIDDEN) -> None:
    found = forbidden.search(text)
    if found:
        raise InvalidMessage(
            queue=name,
            reason=f"{where} has the character U+{ord(found.group()):04X} at position {found.start()}, which SQS does"
            " not take; encode binary data, as base64 for example",
        )
