"""What is to be told SQS of a message that a handler is done with."""

from __future__ import annotations

import time

from django_sqs.receiving.held import HeldMessage


class _Nothing:
    """SQS knows already."""


NOTHING = _Nothing()
#: What becomes of a message at SQS: seconds until it is visible again, None to delete it, or NOTHING.
Outcome = float | None | _Nothing


class Settlement:
    """What is to be told SQS of one message: delete it (`seconds` None), or make it visible in `seconds`."""

    __slots__ = ("message", "seconds", "since")

    def __init__(self, message: HeldMessage, seconds: float | None) -> None:
        self.message = message
        self.seconds = seconds
        self.since = time.monotonic()
