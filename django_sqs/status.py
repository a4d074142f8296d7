"""One snapshot of all queues: how many messages wait, are in flight and are delayed.

The numbers are SQS's own and approximate: they may lag behind by a minute. Nothing here creates a queue.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from django.core.signals import setting_changed

from django_sqs.aws.client import Connection
from django_sqs.conf import conf
from django_sqs.exceptions import (
    AWSError,
    DjangoSQSError,
    EndpointUnreachable,
    InvalidQueueName,
    QueueMissing,
    QueueNotYetCreated,
)
from django_sqs.registered_queue import QueueDestination, QueueStatus
from django_sqs.selection import select
from django_sqs.shared_reading import SharedReading

#: Queues read at a time: SQS answers in about 10 ms, so that a hundred queues take a fraction of a second.
_THREADS = 8
#: How long one reading serves all who ask for the shared snapshot.
SHARED_SECS = 10.0


@dataclass(frozen=True, kw_only=True)
class QueueReading:
    """What was read of one queue: either `counts`, or the `failure` that came instead."""

    #: The bare name, and the suffix.
    queue: str
    suffix: str | None
    #: The name at AWS; None where it cannot be one.
    full_name: str | None
    counts: QueueStatus | None = None
    failure: DjangoSQSError | None = None

    @property
    def error(self) -> str | None:
        """The failure as a sentence."""
        return None if self.failure is None else str(self.failure)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that was read, by name and suffix."""

    readings: tuple[QueueReading, ...]
    read_at: datetime

    @property
    def total(self) -> QueueStatus:
        """The sums over the queues that could be read."""
        counts = [reading.counts for reading in self.readings if reading.counts is not None]
        return QueueStatus(
            waiting=sum(count.waiting for count in counts),
            in_flight=sum(count.in_flight for count in counts),
            delayed=sum(count.delayed for count in counts),
        )

    @property
    def failed(self) -> list[QueueReading]:
        """The queues that could not be read. One that will be created when it is first used is none of them."""
        return [
            reading
            for reading in self.readings
            if reading.failure is not None and not isinstance(reading.failure, QueueNotYetCreated)
        ]

    @property
    def nothing_read(self) -> bool:
        """Are there queues, and not one of them could be read?"""
        return bool(self.readings) and len(self.failed) == len(self.readings)

    @property
    def common_failure(self) -> DjangoSQSError | None:
        """The failure where every queue has the same one: it is about the connection, and once is enough to say it."""
        if self.nothing_read and len({reading.error for reading in self.readings}) == 1:
            return self.readings[0].failure
        return None


def take_snapshot(destinations: Sequence[QueueDestination] | None = None) -> Snapshot:
    """Ask AWS now, several queues at a time (sqs:GetQueueUrl, sqs:GetQueueAttributes). By default all registered queues
    with all known suffixes.

    A queue that is missing, or that AWS refused, has its failure in its reading. Raises `MissingSetting` and
    `InvalidSetting`.
    """
    chosen = select() if destinations is None else destinations
    reader = _Reader()
    # max() because a pool of no threads is an error.
    with ThreadPoolExecutor(max(1, min(_THREADS, len(chosen))), thread_name_prefix="sqs-status") as pool:
        readings = tuple(pool.map(reader.read, chosen))
    return Snapshot(readings=readings, read_at=datetime.now(tz=timezone.utc))


class _Reader:
    """Reads queue by queue. An endpoint that does not answer is not asked again: every question waits for time-outs."""

    def __init__(self) -> None:
        self._unreachable: dict[Connection, DjangoSQSError] = {}

    def read(self, destination: QueueDestination) -> QueueReading:
        name, suffix = destination.queue.name, destination.suffix
        try:
            physical = destination.queue.physical(suffix, create=False)
        except InvalidQueueName as error:
            return QueueReading(queue=name, suffix=suffix, full_name=None, failure=error)
        counts = None
        failure = self._unreachable.get(physical.connection)
        if failure is None:
            try:
                counts = QueueStatus.of(physical)
            except QueueMissing as error:
                failure = QueueNotYetCreated(**error.facts) if conf.create_queues else error
            except AWSError as error:
                failure = error
                if isinstance(error, EndpointUnreachable):
                    self._unreachable[physical.connection] = error
        return QueueReading(queue=name, suffix=suffix, full_name=physical.name, counts=counts, failure=failure)


# --- the shared snapshot ---------------------------------------------------------------------------------------------


def _take_all() -> Snapshot:
    # Looked up when called, so that a test can replace it.
    return take_snapshot()


_shared = SharedReading(_take_all, SHARED_SECS, is_good=lambda snapshot: not snapshot.nothing_read)


def shared_snapshot() -> Snapshot:
    """A snapshot of all queues that is at most ten seconds old: one reading of AWS serves all requests of this process.
    A failure is not kept. Raises what `take_snapshot()` raises."""
    return _shared.get()


def forget_shared_snapshot() -> None:
    """Let the next `shared_snapshot()` ask AWS."""
    _shared.forget()


def _on_setting_changed(*, setting: str, **kwargs: Any) -> None:
    if setting == "DEBUG" or setting.startswith(("AWS_", "SQS_")):
        forget_shared_snapshot()


# Tests that override settings must not see the queues of another prefix or server.
setting_changed.connect(_on_setting_changed, dispatch_uid="django_sqs.status")


# --- how it is shown -------------------------------------------------------------------------------------------------

_NUMBERS = ("waiting", "in flight", "delayed")


def render_table(snapshot: Snapshot) -> str:
    """A table for people, without a line end: a row for each queue and suffix, errors instead of numbers, and the
    total."""
    if not snapshot.readings:
        return "No queue is registered."
    with_suffix = any(reading.suffix for reading in snapshot.readings)
    labels = [_labels(reading.queue, reading.suffix, with_suffix) for reading in snapshot.readings]
    header, total = _labels("queue", "suffix", with_suffix), _labels("total", None, with_suffix)
    widths = [max(map(len, column)) for column in zip(header, total, *labels, strict=True)]
    numbers = [_numbers(reading.counts) for reading in snapshot.readings]
    total_numbers = _numbers(snapshot.total)
    number_widths = [
        max(map(len, column)) for column in zip(_NUMBERS, total_numbers, *filter(None, numbers), strict=True)
    ]

    def line(label: Sequence[str], cells: Sequence[str]) -> str:
        left = [text.ljust(width) for text, width in zip(label, widths, strict=True)]
        right = [text.rjust(width) for text, width in zip(cells, number_widths, strict=True)]
        return "  ".join([*left, *right])

    lines = [line(header, _NUMBERS)]
    for reading, label, cells in zip(snapshot.readings, labels, numbers, strict=True):
        lines.append(line(label, cells) if cells else "  ".join([*map(str.ljust, label, widths), reading.error or ""]))
    if len(snapshot.readings) > 1:
        lines.append(line(total, total_numbers))
    return "\n".join(lines)


def _labels(queue: str, suffix: str | None, with_suffix: bool) -> list[str]:
    return [queue, suffix or ""] if with_suffix else [queue]


def _numbers(counts: QueueStatus | None) -> list[str]:
    return [] if counts is None else [str(counts.waiting), str(counts.in_flight), str(counts.delayed)]


def as_json(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as JSON knows it. A queue that could not be read has null for its numbers and the sentence in
    `error`."""
    return {"read_at": snapshot.read_at.isoformat(), "queues": [_reading_as_json(one) for one in snapshot.readings]}


def _reading_as_json(reading: QueueReading) -> dict[str, Any]:
    counts = reading.counts
    return {
        "queue": reading.queue,
        "suffix": reading.suffix,
        "full_name": reading.full_name,
        "waiting": None if counts is None else counts.waiting,
        "in_flight": None if counts is None else counts.in_flight,
        "delayed": None if counts is None else counts.delayed,
        "error": reading.error,
    }
