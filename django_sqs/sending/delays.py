"""Delays: SQS's own, and longer ones, which a message makes in hops.

A message that is to come later than SQS can delay it carries the time when it is due. Whoever receives it before that
sends it on, delayed again (`django_sqs.receiving.hops`), so that nobody holds it meanwhile.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any

from django_sqs.exceptions import InvalidMessage
from django_sqs.message.attributes import DUE_ATTRIBUTE, MAX_ATTRIBUTES

#: SQS's longest delay of a message, in seconds: one hop.
MAX_DELAY_SECS = 900
#: No message may be due later than in so many seconds (ten years): a time in milliseconds would be far behind that.
MAX_AHEAD_SECS = 10 * 365 * 86_400

_TIME = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?\Z", re.ASCII)


def due_time(seconds: float) -> int | None:
    """When a message is due, in seconds of the epoch, that has to be delayed for so long; None where SQS can do
    that."""
    return math.ceil(time.time() + seconds) if seconds > MAX_DELAY_SECS else None


def hop(seconds: float) -> int:
    """What SQS is told to delay a message that is due in so many seconds."""
    return min(MAX_DELAY_SECS, math.ceil(seconds))


def with_due_time(queue: str, values: Mapping[str, Any], due: int | None) -> dict[str, Any]:
    """The message attributes with the one that says when the message is due. Raises `InvalidMessage` where there is no
    room for it, or it is there already."""
    if DUE_ATTRIBUTE in values:
        raise InvalidMessage(
            queue=queue, reason=f"the message attribute {DUE_ATTRIBUTE!r} tells of delays; give delay= or eta="
        )
    if due is None:
        return dict(values)
    if len(values) >= MAX_ATTRIBUTES:
        raise InvalidMessage(
            queue=queue,
            reason=f"it has {len(values)} message attributes; as it is delayed for more than {MAX_DELAY_SECS} seconds,"
            f" SQS allows {MAX_ATTRIBUTES - 1}",
        )
    return {**values, DUE_ATTRIBUTE: due}


def seconds_until_due(attribute: Mapping[str, Any]) -> float:
    """How long a received message that has this attribute is still to wait; 0 or less where it is due. Raises
    `ValueError` where the attribute tells no time, or one that cannot be meant."""
    text = str(attribute.get("StringValue"))
    if not _TIME.match(text):
        raise ValueError(f"{text[:50]!r} is no number of seconds since 1970")
    left = float(text) - time.time()
    if left > MAX_AHEAD_SECS:
        raise ValueError(f"{text!r} is more than ten years ahead; it has to be in seconds since 1970")
    return left
