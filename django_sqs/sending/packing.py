"""Batches: as full as SQS allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django_sqs.sending.outgoing import MAX_BYTES, Destination, Outgoing

#: SQS takes at most this many messages a request.
MAX_ENTRIES = 10


class _Batch:
    """Messages for one destination, and their size together."""

    def __init__(self) -> None:
        self.messages: list[Outgoing] = []
        self.size = 0

    def has_room_for(self, message: Outgoing) -> bool:
        return len(self.messages) < MAX_ENTRIES and self.size + message.size <= MAX_BYTES

    def add(self, message: Outgoing) -> None:
        self.messages.append(message)
        self.size += message.size


def packed(messages: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """Batches of at most ten messages, and of at most 1 MiB together, for one destination each; those for one are in
    their order. A batch comes as soon as it is full, and the last ones at the end: ten messages for each destination
    are all that is held."""
    open_batches: dict[Destination, _Batch] = {}
    for message in messages:
        batch = open_batches.get(message.destination)
        if batch is not None and not batch.has_room_for(message):
            yield batch.messages
            batch = None
        if batch is None:
            batch = open_batches[message.destination] = _Batch()
        batch.add(message)
        if len(batch.messages) == MAX_ENTRIES:
            del open_batches[message.destination]
            yield batch.messages
    for batch in open_batches.values():
        yield batch.messages
