"""Asynchronous iterables of messages, for the thread that sends."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterator
from typing import TypeVar

from asgiref.sync import async_to_sync

from django_sqs.sending.packing import MAX_ENTRIES

T = TypeVar("T")


def drawn(items: AsyncIterable[T]) -> Iterator[T]:
    """The items, fetched in the event loop that this thread was called from, a batch at a time: to change to the loop
    for each would cost more than to send it."""
    source = aiter(items)

    async def some() -> list[T]:
        taken: list[T] = []
        while len(taken) < MAX_ENTRIES:
            try:
                taken.append(await anext(source))
            except StopAsyncIteration:
                break
        return taken

    while True:
        batch = async_to_sync(some)()
        yield from batch
        if len(batch) < MAX_ENTRIES:
            return
