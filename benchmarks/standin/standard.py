"""The standard queue: messages in about the order in which they were sent."""

from __future__ import annotations

import heapq
from collections import deque

from benchmarks.standin import errors
from benchmarks.standin.message import READY, Draft, Message
from benchmarks.standin.queue import Queue, Surroundings


class StandardQueue(Queue):
    """A queue that hands out what is ready, the earliest sent first.

    SQS promises no order here. This one is kept because it is the likeliest, and because without it
    a message that is retried would wait behind a whole backlog.
    """

    def __init__(self, name: str, arn: str, surroundings: Surroundings) -> None:
        super().__init__(name, arn, surroundings)
        # New messages come in order and cost nothing; only those that come back need sorting in.
        self._fresh: deque[Message] = deque()
        self._returned: list[tuple[int, Message]] = []

    def send(self, draft: Draft) -> Message:
        if draft.deduplication_id:
            raise errors.invalid_value(
                draft.deduplication_id,
                "MessageDeduplicationId",
                "The request includes a parameter that is not valid for this queue type.",
            )
        return super().send(draft)

    def _place(self, message: Message) -> None:
        if not self._fresh or self._fresh[-1].position < message.position:
            self._fresh.append(message)
        else:
            heapq.heappush(self._returned, (message.position, message))

    def _take(self, limit: int, now: float) -> list[Message]:
        taken: list[Message] = []
        while len(taken) < limit:
            message = self._next()
            if message is None:
                break
            if message.state != READY:
                continue  # deleted while it was visible
            if self._must_leave(message, now):
                self._send_away(message, now)
            else:
                taken.append(message)
        return taken

    def _next(self) -> Message | None:
        fresh, returned = self._fresh, self._returned
        if returned and (not fresh or returned[0][0] < fresh[0].position):
            return heapq.heappop(returned)[1]
        return fresh.popleft() if fresh else None

    def _after_receive(self, taken: list[Message]) -> None:
        for message in taken:
            # Received with a visibility timeout of 0: it is visible at once, but not twice in one answer.
            if message.state == READY:
                self._place(message)

    def _room(self, waiting: bool) -> int:
        limit = self.surroundings.limits.in_flight
        if self.in_flight >= limit and not waiting:
            raise errors.over_limit(limit)
        return limit - self.in_flight

    def purge(self) -> None:
        super().purge()
        self._fresh.clear()
        self._returned.clear()
