"""Batches: as full as SQS allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_sqs.sending.outgoing import MAX_BYTES, Outgoing

#: SQS takes at most this many messages a request.
MAX_ENTRIES = 10


def packed(messages: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """The messages in order, in batches of one destination, of at most ten, and of at most 1 MiB together."""
    batch: list[Outgoing] = []
    size = 0
    for message in messages:
        full = len(batch) == MAX_ENTRIES or size + message.size > MAX_BYTES
        if batch and (full or message.destination != batch[0].destination):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch
