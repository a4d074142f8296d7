"""One message as the service holds it, with the checks that SQS makes before it takes one."""

from __future__ import annotations

import base64
import binascii
import hashlib
import random
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.standin.errors import SQSError

#: Where a message is in its life. Plain integers, for they are compared for each message handled.
READY, IN_FLIGHT, DELAYED, GONE = range(4)

#: The largest message, and the largest batch of them, in bytes with their attributes.
MAXIMUM_BYTES = 1_048_576

MAXIMUM_ATTRIBUTES = 10

#: Characters outside those that SQS takes: the ones that XML 1.0 cannot hold.
_REFUSED_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,256}")
_TRANSPORT_TYPES = ("String", "Number", "Binary")

MessageAttributes = Mapping[str, Mapping[str, Any]]


class Message:
    """A message in exactly one queue; its state is all here and nowhere else."""

    __slots__ = (
        "attributes",
        "body",
        "deduplication_id",
        "first_received_at",
        "group_id",
        "id",
        "md5",
        "position",
        "receive_count",
        "received_at",
        "sent_at",
        "sequence_number",
        "source_arn",
        "state",
        "timed_out",
        "trace_header",
        "visible_at",
    )

    def __init__(self, draft: Draft, now: float, deduplication_id: str | None) -> None:
        self.id = new_id()
        self.body = draft.body
        self.md5 = hashlib.md5(draft.body.encode(), usedforsecurity=False).hexdigest()
        self.attributes = draft.attributes
        self.trace_header = draft.trace_header
        self.group_id = draft.group_id
        self.deduplication_id = deduplication_id
        #: Its place in its queue; together with the receive count it makes the receipt handle.
        self.position = 0
        self.sequence_number: str | None = None
        #: The queue it was moved from, when it is in a dead-letter queue.
        self.source_arn: str | None = None
        self.state = READY
        self.sent_at = now
        self.visible_at = 0.0
        self.receive_count = 0
        self.received_at = 0.0
        self.first_received_at = 0.0
        #: Whether it last became visible by its timeout, rather than by a consumer's will.
        self.timed_out = False


@dataclass(frozen=True)
class Draft:
    """What a producer sent, checked: everything a queue needs to make a message of it."""

    body: str
    attributes: MessageAttributes = field(default_factory=dict)
    delay: int | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    trace_header: str | None = None


def new_id() -> str:
    """A random identifier of the form that SQS uses, cheaper than uuid.uuid4()."""
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def check_body(body: str) -> None:
    """Refuse a body with characters that SQS does not take."""
    # Nearly every body is printable ASCII: asking that first is far cheaper than the search.
    if not (body.isascii() and body.isprintable()) and _REFUSED_CHARACTERS.search(body):
        raise SQSError(
            "InvalidMessageContents",
            "Invalid characters were found. Valid unicode characters are "
            "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
        )


def check_attributes(attributes: MessageAttributes) -> None:
    """Refuse message attributes with a bad name, a bad type, or no value."""
    if len(attributes) > MAXIMUM_ATTRIBUTES:
        raise SQSError(
            "InvalidParameterValue",
            f"Number of message attributes [{len(attributes)}] exceeds the allowed maximum [{MAXIMUM_ATTRIBUTES}].",
        )
    for name, value in attributes.items():
        if not _ATTRIBUTE_NAME.fullmatch(name):
            raise SQSError(
                "InvalidParameterValue",
                f"The message attribute name '{name}' is invalid. Attribute name can contain "
                "A-Z, a-z, 0-9, underscore (_), hyphen (-), and period (.) characters.",
            )
        kind = str(value.get("DataType", ""))
        if kind.split(".")[0] not in _TRANSPORT_TYPES:
            raise SQSError(
                "InvalidParameterValue",
                f"The message attribute '{name}' has an invalid message attribute type, the set "
                "of supported type prefixes is Binary, Number, and String.",
            )
        if not (value.get("StringValue") or value.get("BinaryValue")):
            raise SQSError(
                "InvalidParameterValue",
                f"The message attribute '{name}' must contain non-empty message attribute value "
                f"for message attribute type '{kind}'.",
            )


def size_of(draft: Draft) -> int:
    """The bytes that count against the limits: body, and name, type and value of each attribute."""
    total = len(draft.body) if draft.body.isascii() else len(draft.body.encode())
    for name, value in draft.attributes.items():
        total += len(name.encode()) + len(value["DataType"].encode()) + len(_value_of(value)[1])
    return total


def attributes_md5(attributes: MessageAttributes) -> str:
    """The digest of message attributes, made as the SQS developer guide lays down."""
    digest = hashlib.md5(usedforsecurity=False)
    for name in sorted(attributes):
        value = attributes[name]
        tag, content = _value_of(value)
        for part in (name.encode(), value["DataType"].encode()):
            digest.update(struct.pack("!I", len(part)) + part)
        digest.update(tag + struct.pack("!I", len(content)) + content)
    return digest.hexdigest()


def _value_of(value: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The tag byte of the value's transport type, and the value's bytes."""
    if value.get("BinaryValue"):
        try:
            return b"\x02", base64.b64decode(value["BinaryValue"], validate=True)
        except binascii.Error as error:
            raise SQSError("SerializationException", "A BinaryValue is not valid base64.") from error
    return b"\x01", str(value.get("StringValue", "")).encode()
