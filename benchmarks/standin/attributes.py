"""The attributes of a queue: their defaults, their ranges, and the redrive policy among them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.standin.errors import SQSError, invalid_value
from benchmarks.standin.message import MAXIMUM_BYTES

#: Name -> default, lowest and highest value.
NUMBERS = {
    "DelaySeconds": (0, 0, 900),
    "MaximumMessageSize": (MAXIMUM_BYTES, 1024, MAXIMUM_BYTES),
    "MessageRetentionPeriod": (345_600, 60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 0, 20),
    "VisibilityTimeout": (30, 0, 43_200),
}

#: Name -> default and the values it may have, for FIFO queues only.
FIFO_CHOICES = {
    "ContentBasedDeduplication": ("false", ("false", "true")),
    "DeduplicationScope": ("queue", ("queue", "messageGroup")),
    "FifoQueue": ("true", ("true",)),
    "FifoThroughputLimit": ("perQueue", ("perQueue", "perMessageGroupId")),
}

#: Accepted and given back, but without any effect here.
INERT = (
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "Policy",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
)

#: Counted or known by the queue, and not to be set.
COMPUTED = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
)

KNOWN = frozenset(("All", "RedrivePolicy", *NUMBERS, *FIFO_CHOICES, *INERT, *COMPUTED))


@dataclass(frozen=True)
class RedrivePolicy:
    """Where messages go that were received too often: ``limit`` receives, then ``arn``."""

    arn: str
    limit: int

    def as_json(self) -> dict[str, Any]:
        return {"deadLetterTargetArn": self.arn, "maxReceiveCount": self.limit}


class QueueAttributes:
    """What was set on one queue, checked; read as plain Python values."""

    def __init__(self, fifo: bool) -> None:
        self.fifo = fifo
        self._texts: dict[str, str] = {name: str(default) for name, (default, _, _) in NUMBERS.items()}
        self._texts["SqsManagedSseEnabled"] = "true"
        if fifo:
            self._texts.update({name: default for name, (default, _) in FIFO_CHOICES.items()})
        self.redrive: RedrivePolicy | None = None
        self._read()

    def _read(self) -> None:
        """Keep the values that are needed for every message as numbers, not texts."""
        self.delay = int(self._texts["DelaySeconds"])
        self.maximum_bytes = int(self._texts["MaximumMessageSize"])
        self.retention = int(self._texts["MessageRetentionPeriod"])
        self.wait = int(self._texts["ReceiveMessageWaitTimeSeconds"])
        self.visibility = int(self._texts["VisibilityTimeout"])
        self.content_deduplication = self._texts.get("ContentBasedDeduplication") == "true"
        self.deduplicates_by_group = self._texts.get("DeduplicationScope") == "messageGroup"

    def update(self, changes: Mapping[str, Any]) -> None:
        """Set attributes by their SQS names; nothing is changed where one of them is refused.

        An empty text removes a redrive policy, as it does in SQS.
        """
        texts = {name: self._checked(name, _text(value)) for name, value in changes.items()}
        if "RedrivePolicy" in texts:
            self.redrive = redrive_policy(texts["RedrivePolicy"])
        self._texts.update(texts)
        if self.redrive is None:
            self._texts.pop("RedrivePolicy", None)
        self._read()

    def _checked(self, name: str, text: str) -> str:
        if name in NUMBERS:
            _, lowest, highest = NUMBERS[name]
            if not text.isdecimal() or not lowest <= int(text) <= highest:
                raise SQSError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
        elif name in FIFO_CHOICES:
            if not self.fifo:
                raise SQSError("InvalidAttributeName", f"Unknown Attribute {name}.")
            if text.lower() not in [choice.lower() for choice in FIFO_CHOICES[name][1]]:
                raise SQSError("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
            return text if name in ("DeduplicationScope", "FifoThroughputLimit") else text.lower()
        elif name == "RedrivePolicy":
            redrive_policy(text)
        elif name not in INERT:
            raise SQSError("InvalidAttributeName", f"Unknown Attribute {name}.")
        return text

    def difference(self, wanted: Mapping[str, Any]) -> str | None:
        """The first attribute of ``wanted`` that has another value here, or None."""
        for name, value in wanted.items():
            text = self._checked(name, _text(value))
            # The texts of two equal policies may differ in a space.
            if name == "RedrivePolicy" and redrive_policy(text) == self.redrive:
                continue
            if self._texts.get(name) != text:
                return name
        return None

    def as_json(self) -> dict[str, str]:
        return dict(self._texts)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def redrive_policy(text: str) -> RedrivePolicy | None:
    """Read a redrive policy; None where it is empty, which takes the policy away."""
    if not text:
        return None
    try:
        policy = json.loads(text)
        arn, limit = policy["deadLetterTargetArn"], int(policy["maxReceiveCount"])
    except (ValueError, TypeError, KeyError) as error:
        raise invalid_value(text, "RedrivePolicy", "Redrive policy is not a valid JSON map.") from error
    if not isinstance(arn, str) or not arn.startswith("arn:"):
        raise invalid_value(text, "RedrivePolicy", "Invalid value for deadLetterTargetArn.")
    if not 1 <= limit <= 1000:
        raise invalid_value(
            text,
            "RedrivePolicy",
            f"Invalid value for maxReceiveCount: {limit}, valid values are from 1 to 1000 both inclusive.",
        )
    return RedrivePolicy(arn, limit)
