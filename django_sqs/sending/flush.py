"""Sending what a committed transaction left: all of it is tried, and what fails is told of in every way there is."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from django_sqs import exceptions as errors
from django_sqs.message.base import shorten
from django_sqs.sending.in_parallel import send_batches
from django_sqs.sending.outgoing import Destination, Outgoing
from django_sqs.sending.packing import packed
from django_sqs.sending.transports import BaseTransport, get_transport
from django_sqs.signals import send_failed

logger = logging.getLogger("django_sqs.sending")

#: Faults of the way to SQS, not of one queue: what goes the same way is not tried too, each try may take half a minute.
_OF_THE_WAY = (
    errors.CredentialsMissing,
    errors.CredentialsRefused,
    errors.EndpointUnreachable,
    errors.InvalidEndpoint,
    errors.RegionMissing,
)


def flush(messages: Sequence[Outgoing]) -> None:
    """Send them, those of one queue in their order. Raises `SendFailed` when all were tried and some were not sent; as
    their data is committed, they are logged too, and `send_failed` is sent."""
    if not messages:
        return
    transport = get_transport()
    if transport.runs_receivers:
        transport.send(messages)
        return
    work = _Flush(transport)
    try:
        if transport.sends_in_parallel:
            send_batches(packed(messages), work.send)
        else:
            for batch in packed(messages):
                work.send(batch)
    except BaseException as error:  # the process is told to end while SQS does not answer
        done = {id(outgoing) for outgoing in work.sent} | {id(outgoing) for outgoing, _ in work.failed}
        work.fail([outgoing for outgoing in messages if id(outgoing) not in done], f"interrupted by {error!r}")
        work.report()
        raise
    if work.failed:
        raise work.report() from work.cause


class _Flush:
    """What went, what did not, and why."""

    def __init__(self, transport: BaseTransport) -> None:
        self._transport = transport
        self.sent: list[Outgoing] = []
        self.failed: list[tuple[Outgoing, str]] = []
        self.cause: Exception | None = None
        self._closed: dict[Any, str] = {}

    def send(self, batch: list[Outgoing]) -> None:
        """Try one batch, unless the way there is known to be closed."""
        destination = batch[0].destination
        closed = self._reason_not_to_try(destination)
        if closed is not None:
            self.fail(batch, closed)
            return
        try:
            self._transport.send(batch)
        except errors.SendFailed as error:
            self.cause = self.cause or error
            self._sort_out(batch, error)
        except Exception as error:
            self.cause = self.cause or error
            reason = f"{type(error).__name__}: {error}"
            self.fail(batch, reason)
            if isinstance(error, errors.AWSError):
                way = destination.physical().connection if isinstance(error, _OF_THE_WAY) else destination
                self._closed[way] = reason
        else:
            self.sent += batch

    def _reason_not_to_try(self, destination: Destination) -> str | None:
        if not self._closed:
            return None
        return self._closed.get(destination) or self._closed.get(destination.physical().connection)

    def _sort_out(self, batch: list[Outgoing], error: errors.SendFailed) -> None:
        reasons = {id(message): reason for message, reason in error.failed}
        left = Counter(id(message) for message, _ in error.failed)
        for outgoing in batch:
            if left[id(outgoing.message)]:
                left[id(outgoing.message)] -= 1
                self.failed.append((outgoing, reasons[id(outgoing.message)]))
            else:
                self.sent.append(outgoing)

    def fail(self, batch: Sequence[Outgoing], reason: str) -> None:
        self.failed += [(outgoing, reason) for outgoing in batch]

    def report(self) -> errors.SendFailed:
        """Log each message that was not sent, send the signal for each queue, and return the error to raise."""
        by_destination: dict[Destination, list[tuple[Outgoing, str]]] = {}
        for outgoing, reason in self.failed:
            by_destination.setdefault(outgoing.destination, []).append((outgoing, reason))
            _log(outgoing, reason)
        error = errors.SendFailed(
            queue=", ".join(dict.fromkeys(destination.full_name for destination in by_destination)),
            count=len(self.failed),
            total=len(self.failed) + len(self.sent),
            reasons="; ".join(sorted({reason for _, reason in self.failed})),
            sent=[outgoing.message for outgoing in self.sent],
            failed=[(outgoing.message, reason) for outgoing, reason in self.failed],
        )
        for destination, failed in by_destination.items():
            send_failed.send_robust(
                sender=destination.queue,
                queue=destination.full_name,
                messages=[outgoing.message for outgoing, _ in failed],
                exception=error,
            )
        return error


def _log(outgoing: Outgoing, reason: str) -> None:
    queue = outgoing.destination.full_name
    # A message that was never sent has no id of SQS's. The MD5 of its body is what SQS would have answered with it.
    digest = hashlib.md5(outgoing.body.encode(), usedforsecurity=False).hexdigest()
    logger.error(
        "A message for %s was not sent, though its transaction is committed: %s. Its body has the MD5 %s: %s",
        queue,
        reason,
        digest,
        shorten(outgoing.body),
        extra={"queue": queue, "message_id": None, "receive_count": 0, "body_md5": digest, "action": "send_failed"},
    )
