"""The FIFO queue: order within a group, one delivery of what was sent twice.

What blocks what was taken from recorded answers of the service. A message that is invisible blocks
those of its group that were sent after it, and no others: one before it that becomes visible again
is handed out although a later one is still in flight. One receive fills itself from a group as far
as it can before it turns to the next, and a group that was served goes to the end of the line.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from dataclasses import dataclass, replace

from benchmarks.standin import errors
from benchmarks.standin.limits import DEDUPLICATION_SECONDS
from benchmarks.standin.message import IN_FLIGHT, READY, Draft, Message
from benchmarks.standin.queue import Queue, Surroundings

# The numbers that SQS gives have twenty digits and grow in steps of 256.
_FIRST_SEQUENCE_NUMBER = 18_870_000_000_000_000_000
_SEQUENCE_STEP = 256

# The messages of one group by position, first to last. Not a plain dict: taking from the front of
# one costs more with each message taken, until it is rebuilt.
_Group = OrderedDict[int, Message]


@dataclass(frozen=True)
class _Seen:
    """What must be told to a producer that sends the same message again."""

    id: str
    sequence_number: str | None


class FifoQueue(Queue):
    """A queue whose messages have groups, and deduplication ids that are remembered for 5 minutes."""

    fifo = True

    def __init__(self, name: str, arn: str, surroundings: Surroundings) -> None:
        super().__init__(name, arn, surroundings)
        self._groups: dict[str, _Group] = {}
        # The groups whose first message is ready, in the order in which they will be served.
        self._available: OrderedDict[str, None] = OrderedDict()
        self._seen: dict[tuple[str | None, str], _Seen] = {}
        self._seen_until: deque[tuple[float, tuple[str | None, str]]] = deque()
        self._sent_count = 0
        # The groups that the receive under way has taken from.
        self._served: list[str] = []

    # What goes in.

    def send(self, draft: Draft) -> Message:
        if draft.delay:
            raise errors.invalid_value(
                draft.delay,
                "DelaySeconds",
                "The request include parameter that is not valid for this queue type.",
            )
        if not draft.group_id:
            raise errors.missing("MessageGroupId")
        draft = replace(draft, delay=None, deduplication_id=self._deduplication_id(draft))
        assert draft.deduplication_id is not None
        now = self.surroundings.clock()
        self._forget_seen(now)
        key = (draft.group_id if self.attributes.deduplicates_by_group else None, draft.deduplication_id)
        if seen := self._seen.get(key):
            self.tally.deduplicated += 1
            repeated = Message(draft, now, draft.deduplication_id)
            repeated.id, repeated.sequence_number = seen.id, seen.sequence_number
            return repeated
        message = super().send(draft)
        self._seen[key] = _Seen(message.id, message.sequence_number)
        self._seen_until.append((now + DEDUPLICATION_SECONDS, key))
        return message

    def _deduplication_id(self, draft: Draft) -> str:
        if draft.deduplication_id:
            return draft.deduplication_id
        if self.attributes.content_deduplication:
            return hashlib.sha256(draft.body.encode()).hexdigest()
        raise errors.SQSError(
            "InvalidParameterValue",
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly",
        )

    def _forget_seen(self, now: float) -> None:
        while self._seen_until and self._seen_until[0][0] <= now:
            del self._seen[self._seen_until.popleft()[1]]

    def _join(self, message: Message) -> None:
        self._sent_count += 1
        message.sequence_number = str(_FIRST_SEQUENCE_NUMBER + self._sent_count * _SEQUENCE_STEP)
        self._groups.setdefault(message.group_id or "", OrderedDict())[message.position] = message

    # Which groups can be served.

    def _place(self, message: Message) -> None:
        self._review(message.group_id or "")

    def _withdraw(self, message: Message) -> None:
        name = message.group_id or ""
        group = self._groups[name]
        del group[message.position]
        if not group:
            del self._groups[name]
        self._review(name)
        # A delete can free the messages after it.
        self.surroundings.on_arrival(self)

    def _review(self, name: str) -> None:
        """Put a group in line, or take it out: it is served when its first message is ready."""
        group = self._groups.get(name)
        if group and next(iter(group.values())).state == READY:
            self._available.setdefault(name)
        else:
            self._available.pop(name, None)

    # What comes out.

    def _take(self, limit: int, now: float) -> list[Message]:
        taken: list[Message] = []
        self._served.clear()
        while self._available and len(taken) < limit:
            name, _ = self._available.popitem(last=False)
            self._served.append(name)
            taken += self._take_from(name, limit - len(taken), now)
            # What was taken still counts as ready, so a group that lost a message to the
            # dead-letter queue meanwhile has lined up again.
            self._available.pop(name, None)
        return taken

    def _take_from(self, name: str, limit: int, now: float) -> list[Message]:
        taken: list[Message] = []
        leaving: list[Message] = []
        for message in self._groups[name].values():
            if message.state != READY or len(taken) == limit:
                break
            (leaving if self._must_leave(message, now) else taken).append(message)
        for message in leaving:
            self._send_away(message, now)
        return taken

    def _after_receive(self, taken: list[Message]) -> None:
        for name in self._served:
            self._review(name)

    def _room(self, waiting: bool) -> int:
        return max(0, self.surroundings.limits.fifo_in_flight - self.in_flight)

    def _check_handle(self, handle: str, message: Message, current: bool) -> None:
        # Another consumer may have the message by now: its order would be lost.
        if not current or message.state != IN_FLIGHT:
            raise errors.expired_handle(handle)

    def purge(self) -> None:
        super().purge()
        self._groups.clear()
        self._available.clear()
