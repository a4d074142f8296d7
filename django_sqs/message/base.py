"""What every message class has, and the default class: plain text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, ClassVar, Generic, TypeVar, cast

from django_sqs.exceptions import AWSError, InvalidBody, Reject, UndecodableBody, WrongArgument
from django_sqs.message.attributes import DUE_ATTRIBUTE, decode_attributes, labels

BodyT = TypeVar("BodyT")
MessageT = TypeVar("MessageT", bound="BaseMessage[Any]")

_UNSET: Any = object()

#: Bodies are logged and shown in errors only up to this many characters.
SHOWN_CHARS = 200


def shorten(text: str) -> str:
    """The text as it may stand in a log or an error: its first 200 characters, on one line."""
    cut = text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "..."
    return repr(cut)


class BaseMessage(Generic[BodyT]):
    """A message, to be sent or received. A subclass says what its body is by `encode()` and `decode()`.

    `encode(body)` returns the wire text, `decode(raw_body)` undoes it; either may raise any exception for a body that
    is not right. Received messages are made without calling `__init__`, so that a subclass is free to take other
    keywords.
    """

    #: SQS's message id: set once the message is sent, and on received messages.
    id: str | None = None
    #: The handle of this very receive. None on messages that were not received.
    receipt_handle: str | None = None
    #: The name of the queue that it was received from.
    queue_name: str | None = None

    #: Does decoding ask a server, so that it must not be done in an event loop?
    _fetches: ClassVar[bool] = False

    def __init__(self, *, body: BodyT = _UNSET) -> None:
        self._start()
        if body is not _UNSET:
            self.set_body(body)

    def _start(self) -> None:
        self._body: Any = _UNSET
        self._raw: str | None = None
        #: SQS's own attributes, as text: SentTimestamp, ApproximateReceiveCount, MessageGroupId, ...
        self.attributes: dict[str, str] = {}
        #: The sender's attributes, as plain Python values.
        self.message_attributes: dict[str, Any] = {}
        #: Their custom labels, by the names of those that have one: {"price": "cents"} for the type `Number.cents`.
        self.attribute_labels: dict[str, str] = {}

    @classmethod
    def from_received(cls: type[MessageT], raw: Mapping[str, Any], queue_name: str | None = None) -> MessageT:
        """A message as ReceiveMessage returned it. The body is decoded when it is first asked for."""
        message = cls.__new__(cls)
        message._start()
        message.id = raw.get("MessageId")
        message.receipt_handle = raw.get("ReceiptHandle")
        message.queue_name = queue_name
        message._raw = raw.get("Body", "")
        message.attributes = dict(raw.get("Attributes", {}))
        attributes = raw.get("MessageAttributes")
        if attributes:
            message.message_attributes = decode_attributes(attributes)
            message.attribute_labels = labels(attributes)
            message.message_attributes.pop(DUE_ATTRIBUTE, None)
        return message

    # --- the content

    def encode(self, body: BodyT) -> str:
        """The wire text for a body."""
        raise NotImplementedError(f"{type(self).__name__} must define encode().")

    def decode(self, raw_body: str) -> BodyT:
        """The body that a wire text stands for."""
        raise NotImplementedError(f"{type(self).__name__} must define decode().")

    def get_body(self) -> BodyT:
        """The content. Raises `UndecodableBody` (a `Reject`) where a received body is not what this class expects."""
        if self._body is _UNSET:
            if self._raw is None:
                raise WrongArgument(
                    problem=f"This {type(self).__name__} has no body.", mend="Give it one with body=... or set_body()."
                )
            try:
                self._body = self.decode(self._raw)
            except (AWSError, Reject):
                # The former: the body is elsewhere, and cannot be had now.
                raise
            except Exception as error:
                raise UndecodableBody(
                    f"{shorten(self._raw)} is no body of a {type(self).__name__}: {type(error).__name__}: {error}"
                ) from error
        return cast(BodyT, self._body)

    def set_body(self, body: BodyT) -> None:
        """Replace the content."""
        self._body = body
        self._raw = None

    @property
    def body(self) -> BodyT:
        """The content, as `get_body()`."""
        return self.get_body()

    @body.setter
    def body(self, body: BodyT) -> None:
        self.set_body(body)

    @property
    def raw_body(self) -> str:
        """The wire text. Raises `InvalidBody` where the content cannot be encoded."""
        if self._raw is None:
            body = self.get_body()
            try:
                raw = self.encode(body)
            except InvalidBody:
                raise
            except Exception as error:
                raise InvalidBody(
                    message_class=type(self).__name__, reason=f"{type(error).__name__}: {error}"
                ) from error
            if not isinstance(raw, str):
                raise InvalidBody(
                    message_class=type(self).__name__, reason=f"encode() returned {raw!r}, which is no str"
                )
            self._raw = raw
        return self._raw

    # --- what the engine asks

    @property
    def ignored(self) -> bool:
        """Is it to be deleted without calling the receiver? For what a service sends on its own, such as the event by
        which S3 tests a queue."""
        return False

    def _text_to_send(self) -> str:
        """The text that stands for the content, also where it is to travel apart from the message."""
        return self.raw_body

    @classmethod
    def _takes(cls, value: object) -> bool:
        """May this be sent as it is, without a message around it?"""
        return False

    # --- what SQS tells of a received message

    @property
    def receive_count(self) -> int:
        """How many times SQS has handed it out, this receive included; 0 where it was not received. Prefetching and
        releasing raise it too: it counts receives, not runs."""
        return _int(self.attributes.get("ApproximateReceiveCount"))

    @property
    def sent_at(self) -> datetime | None:
        """When SQS took it from its sender, in UTC."""
        sent = _int(self.attributes.get("SentTimestamp"))
        return datetime.fromtimestamp(sent / 1000, tz=timezone.utc) if sent else None

    @property
    def group_id(self) -> str | None:
        """The message group that it was sent with."""
        return self.attributes.get("MessageGroupId")

    def __repr__(self) -> str:
        if self._raw is not None:
            text = shorten(self._raw)
        else:
            text = "no body" if self._body is _UNSET else shorten(str(self._body))
        return f"<{type(self).__name__} {self.id or 'unsent'}: {text}>"


def _int(value: str | None) -> int:
    return int(value) if value and value.isdecimal() else 0


class Message(BaseMessage[str]):
    """Text as it stands on the wire, so that a queue can be shared with any producer and any consumer."""

    def encode(self, body: str) -> str:
        return body

    def decode(self, raw_body: str) -> str:
        return raw_body

    def set_body(self, body: str) -> None:
        if not isinstance(body, str):
            raise InvalidBody(
                message_class=type(self).__name__,
                reason=f"it takes a str, not {type(body).__name__} {shorten(str(body))}; for other values register the"
                " queue with message_class=JSONMessage",
            )
        super().set_body(body)
