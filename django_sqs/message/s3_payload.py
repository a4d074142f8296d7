"""Messages whose body may be an object in Amazon S3, in the wire format of Amazon's extended clients for SQS."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Protocol

from django.utils.module_loading import import_string

from django_sqs.conf import conf
from django_sqs.exceptions import PayloadUnavailable, Reject, UndecodableBody
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.message.facts import shown
from django_sqs.message.json_body import dump_json, load_json
from django_sqs.message.wrapping import WrappingMessage

#: The attribute that tells a pointer from a body, and the size of the payload in bytes: what Amazon's clients send, and
#: what those before 2020 sent.
SIZE_ATTRIBUTE = "ExtendedPayloadSize"
OLD_SIZE_ATTRIBUTE = "SQSLargePayloadSize"
_POINTER_CLASS = "software.amazon.payloadoffloading.PayloadS3Pointer"
_OLD_POINTER_CLASS = "com.amazon.sqs.javamessaging.MessageS3Pointer"


@dataclass(frozen=True)
class Pointer:
    """Where a payload is."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.key!r} in the bucket {self.bucket!r}"

    @property
    def text(self) -> str:
        """What stands for it in the body of a message."""
        return dump_json([_POINTER_CLASS, {"s3BucketName": self.bucket, "s3Key": self.key}])

    @classmethod
    def read(cls, text: str) -> Pointer:
        """The pointer that a body is. Raises `UndecodableBody`."""
        try:
            match load_json(text):
                case [
                    str(kind),
                    {"s3BucketName": str(bucket), "s3Key": str(key)},
                ] if kind in (_POINTER_CLASS, _OLD_POINTER_CLASS) and bucket and key:
                    return cls(bucket, key)
        except ValueError:
            pass
        raise UndecodableBody(
            f"{shorten(text)} is no pointer to an object in S3, which the message has by its attribute {SIZE_ATTRIBUTE}"
        )


class PayloadStore(Protocol):
    """Where payloads are kept. What talks to S3 is elsewhere, so that this room does not."""

    def put(self, pointer: Pointer, text: str) -> None:
        """Store a payload. Raises `PayloadUnavailable`."""

    def get(self, pointer: Pointer) -> str:
        """The payload. Raises `PayloadMissing`, a `Reject`, where there is none, `UndecodableBody` where it is no
        UTF-8, and `PayloadUnavailable` where it cannot be had now."""

    def delete(self, pointers: Sequence[Pointer]) -> None:
        """Delete payloads of one bucket, at most ten. What fails is logged."""


class S3PayloadMessage(WrappingMessage):
    """Text of any size: above SQS_PAYLOAD_THRESHOLD bytes it travels as an object in SQS_PAYLOAD_BUCKET, and the
    message carries a pointer to it. Programs with Amazon's extended client, in Java, Python or else, send and
    understand the same. `S3PayloadMessage.of(JSONMessage)` is for other texts.

    The object is fetched when the body is first asked for, and deleted when the message has succeeded and is deleted.
    Without SQS_PAYLOAD_BUCKET, all bodies travel in their messages.
    """

    _fetches: ClassVar[bool] = True

    #: The bucket, where it is not SQS_PAYLOAD_BUCKET. Pointers to other buckets are rejected: who may send to the queue
    #: could have any object read and deleted that we have access to.
    bucket: ClassVar[str | None] = None
    #: Whether the object is deleted after the message. False where several queues get pointers to one object.
    delete_object: ClassVar[bool] = True
    #: The dotted path of the class that keeps payloads, a `PayloadStore`.
    store_class: ClassVar[str] = "django_sqs.aws.payload_store.S3PayloadStore"

    _size: Any = None

    @classmethod
    def store(cls) -> PayloadStore:
        """Where payloads are kept."""
        return _store(cls.store_class)

    @classmethod
    def payload_bucket(cls) -> str | None:
        """The bucket that is in force."""
        return cls.bucket or conf.SQS_PAYLOAD_BUCKET

    @property
    def is_apart(self) -> bool:
        """Was it received as a pointer to an object?"""
        return self._size is not None and self._raw is not None

    @property
    def pointer(self) -> Pointer | None:
        """Where the payload of a received message is; None where the message has it. Raises `UndecodableBody`."""
        return Pointer.read(self.raw_body) if self.is_apart else None

    def unwrap(self, raw_body: str) -> str:
        if self._size is None:
            return raw_body
        pointer = Pointer.read(raw_body)
        bucket = self.payload_bucket()
        if bucket is None:
            raise PayloadUnavailable(action="GetObject", pointer=pointer, detail="SQS_PAYLOAD_BUCKET is not set")
        if pointer.bucket != bucket:
            raise UndecodableBody(
                f"the body points to {shown(pointer.key)} in the bucket {shown(pointer.bucket)}, but payloads are taken"
                f" from the bucket {bucket!r} only (SQS_PAYLOAD_BUCKET, or `bucket` of the message class)"
            )
        return self.store().get(pointer)

    def set_body(self, body: Any) -> None:
        super().set_body(body)
        self._size = None

    def _text_to_send(self) -> str:
        # Not the pointer of a received message: its object is about to be deleted.
        return self.inner.raw_body if self.is_apart else self.raw_body

    def _attributes_arrived(self) -> None:
        # Not for the receiver, and not to be sent on with another body.
        for name in (OLD_SIZE_ATTRIBUTE, SIZE_ATTRIBUTE):
            self._size = self.message_attributes.pop(name, self._size)


@dataclass(frozen=True)
class Apart:
    """How a message goes out whose body travels apart: what is stored where, and what the message has instead."""

    pointer: Pointer
    text: str

    @property
    def attribute(self) -> dict[str, str]:
        """The attribute that tells that the body is a pointer, as SQS takes it."""
        return {"DataType": "Number", "StringValue": str(len(self.text.encode()))}

    def changed(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """The entry of a batch with the pointer for its body."""
        attributes = {**entry.get("MessageAttributes", {}), SIZE_ATTRIBUTE: self.attribute}
        return {**entry, "MessageBody": self.pointer.text, "MessageAttributes": attributes}


def set_apart(message: Any, text: str, size: int) -> Apart | None:
    """How a message goes out that is too large; `size` is that of its text and attributes in bytes. None where it is
    not too large, or not of a class for that."""
    if not isinstance(message, S3PayloadMessage) or size <= conf.SQS_PAYLOAD_THRESHOLD:
        return None
    bucket = message.payload_bucket()
    return None if bucket is None else Apart(Pointer(bucket, str(uuid.uuid4())), text)


def taken_out(message: BaseMessage[Any]) -> Callable[[], None]:
    """For who deletes a received message himself: fetch its payload now, and return what deletes that, to be called
    when the message is deleted. Raises `PayloadUnavailable`."""
    if not isinstance(message, S3PayloadMessage) or not message.is_apart:
        return lambda: None
    try:
        message.get_body()
        pointer = message.pointer
    except Reject:
        # The caller has the message, and is told when he asks for its body.
        return lambda: None
    if pointer is None or not message.delete_object:
        return lambda: None
    return lambda: message.store().delete([pointer])


@lru_cache
def _store(path: str) -> PayloadStore:
    made: PayloadStore = import_string(path)()
    return made
