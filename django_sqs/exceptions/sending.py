"""What is wrong with a message that is to be sent, or with its sending."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django_sqs.exceptions.base import DjangoSQSError


class InvalidBody(DjangoSQSError, ValueError):
    """A {message_class} cannot be made of this body: {reason}."""


class InvalidMessage(DjangoSQSError, ValueError):
    """The message for {queue!r} cannot be sent: {reason}."""


class SendFailed(DjangoSQSError):
    """{count} of {total} messages for {queue!r} were not sent: {reasons}. They are in .failed, each with what SQS said
    of it; those that were sent are in .sent.

    `sent` is a list of messages, `failed` a list of pairs (message, reason). After `send_many()` they cover the call so
    far, or of a long one the last 1,000 messages or 10 MiB. What is in neither was not tried.
    """

    queue: str
    sent: Sequence[Any]
    failed: Sequence[tuple[Any, str]]


class NotInTransaction(DjangoSQSError):
    """A message cannot wait for the commit on the database {using!r}: autocommit is off there and no atomic() block is
    open, so Django would never tell of the commit. Open an atomic() block, or send with immediate=True."""
