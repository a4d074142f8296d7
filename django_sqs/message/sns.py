"""Messages that come through a topic of Amazon SNS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django_sqs.exceptions import UndecodableBody
from django_sqs.message.attributes import decode_attributes
from django_sqs.message.facts import need, shown
from django_sqs.message.json_body import load_json
from django_sqs.message.moments import parse_moment
from django_sqs.message.wrapping import WrappingMessage

#: What SNS puts into a queue when someone who is not its owner subscribes it.
_CONFIRMATIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")


def open_envelope(raw_body: str) -> dict[str, Any] | None:
    """SNS's envelope of a notification, or None where the text has none (raw delivery). Every envelope of SNS has Type
    and TopicArn. Raises `UndecodableBody` for one that is no notification."""
    if not raw_body.lstrip().startswith("{"):
        return None
    try:
        value = load_json(raw_body)
    except ValueError:
        return None
    if "Type" not in value or "TopicArn" not in value:
        return None
    kind = value["Type"]
    if kind in _CONFIRMATIONS:
        raise UndecodableBody(
            f"the body is a {kind} of the topic {shown(value['TopicArn'])} and no notification: to confirm the"
            " subscription, open the address in its SubscribeURL, or subscribe again as the owner of the queue"
        )
    if kind != "Notification":
        raise UndecodableBody(f"the body is an envelope of SNS whose Type is {shown(kind)}, not Notification")
    need(value, "TopicArn", str)
    need(value, "Message", str)
    return dict(value)


class SNSMessage(WrappingMessage):
    """A message of a topic. Its body is what was published, which is text, or what `SNSMessage.of(JSONMessage)` makes
    of it; `message_attributes` are those of the topic's message.

    Raw delivery, which has no envelope, is understood as well; what only an envelope tells is None then. What we send
    is as with raw delivery.
    """

    _envelope: dict[str, Any] | None = None

    @property
    def envelope(self) -> Mapping[str, Any]:
        """All that SNS told; empty with raw delivery."""
        return self._envelope or {}

    @property
    def topic_arn(self) -> str | None:
        """The topic."""
        return self._text("TopicArn")

    @property
    def subject(self) -> str | None:
        """The subject that it was published with, if any."""
        return self._text("Subject")

    @property
    def sequence_number(self) -> str | None:
        """Its number in a FIFO topic, as text of digits that grow."""
        return self._text("SequenceNumber")

    @property
    def notification_id(self) -> str | None:
        """SNS's id, the same for all subscribers of the topic; `id` is that of this queue's message."""
        return self._text("MessageId")

    @property
    def published_at(self) -> datetime | None:
        """When it was published."""
        try:
            return parse_moment(self.envelope.get("Timestamp"))
        except ValueError:
            return None

    def unwrap(self, raw_body: str) -> str:
        envelope = open_envelope(raw_body)
        return raw_body if envelope is None else str(envelope["Message"])

    def set_body(self, body: Any) -> None:
        super().set_body(body)
        self._envelope = None

    def _attributes_arrived(self) -> None:
        try:
            self._envelope = None if self._raw is None else open_envelope(self._raw)
        except UndecodableBody:
            # For get_body() to raise.
            return
        told = self.envelope.get("MessageAttributes")
        if isinstance(told, dict):
            self.message_attributes = {name: _plain(value) for name, value in told.items()}

    def _text(self, name: str) -> str | None:
        value = self.envelope.get(name)
        return value if isinstance(value, str) else None


def _plain(attribute: Any) -> Any:
    """The plain Python value of an attribute in an envelope, by the rules for SQS's own, and a list of String.Array.
    What breaks them stays as it is: an attribute must not make its message unreadable."""
    if not isinstance(attribute, dict) or not isinstance(attribute.get("Value"), str):
        return attribute.get("Value") if isinstance(attribute, dict) else attribute
    kind, text = str(attribute.get("Type")), attribute["Value"]
    try:
        if kind.startswith("Binary"):
            return base64.b64decode(text, validate=True)
        if kind == "String.Array":
            return load_json(text)
    except (binascii.Error, ValueError):
        return text
    return decode_attributes({"": {"DataType": kind, "StringValue": text}})[""]
