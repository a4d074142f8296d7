"""What standard and FIFO queues have in common: visibility, receipt handles, redrive, counts.

Nothing here does I/O or knows the time of day: the clock is handed in, so that tests can move it.
No message has a timer. Hidden messages lie in a heap by the time at which they become visible, and
are shown when somebody next looks at the queue.
"""

from __future__ import annotations

import heapq
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.standin import errors
from benchmarks.standin.attributes import QueueAttributes
from benchmarks.standin.counters import Tally
from benchmarks.standin.limits import MAXIMUM_VISIBILITY_SECONDS, Limits
from benchmarks.standin.message import DELAYED, GONE, IN_FLIGHT, READY, Draft, Message

#: Receipt handles of the service are some 400 characters long, and are a good part of the bytes of
#: every receive and delete. The tail makes ours as long, so that clients pay what they really pay.
_HANDLE_TAIL = "h7Q2vXkT9s" * 36


@dataclass
class Surroundings:
    """What a queue needs from outside: the time, the limits, and its neighbours."""

    clock: Callable[[], float]
    limits: Limits
    #: The queue with an ARN, or None.
    find: Callable[[str], Queue | None]
    #: Told of each queue in which a message may have become receivable.
    on_arrival: Callable[[Queue], None]


class Queue:
    """A queue without a rule for the order of its messages; see StandardQueue and FifoQueue."""

    fifo = False

    def __init__(self, name: str, arn: str, surroundings: Surroundings) -> None:
        self.name = name
        self.arn = arn
        self.attributes = QueueAttributes(self.fifo)
        self.tags: dict[str, str] = {}
        self.tally = Tally()
        self.surroundings = surroundings
        self.created_at = self.modified_at = surroundings.clock()
        self.purged_at: float | None = None
        self.in_flight = 0
        self.delayed = 0
        self._messages: dict[int, Message] = {}
        self._hidden: list[tuple[float, int, Message]] = []
        # Never the message itself decides the heap's order: two entries may be for one message.
        self._order = itertools.count()
        self._next_position = 0
        self._uid = secrets.token_hex(8)

    # What the two kinds of queue do differently.

    def _join(self, message: Message) -> None:
        """Give a new message its place, ready to be received or not."""

    def _place(self, message: Message) -> None:
        """Offer a message that is ready to be received."""
        raise NotImplementedError

    def _withdraw(self, message: Message) -> None:
        """Forget a message that leaves the queue."""

    def _take(self, limit: int, now: float) -> list[Message]:
        """At most ``limit`` messages that may be received now, each of them admitted."""
        raise NotImplementedError

    def _room(self, waiting: bool) -> int:
        """How many more messages may be in flight; standard queues refuse a poll that does not wait."""
        raise NotImplementedError

    def _check_handle(self, handle: str, message: Message, current: bool) -> None:
        """Refuse a handle that this kind of queue does not take any more."""

    def _after_receive(self, taken: list[Message]) -> None:
        """Put things in order once the messages' new states are known."""

    # What goes in.

    def send(self, draft: Draft) -> Message:
        """Take a message from a producer; returns it, or the one it repeats."""
        message = Message(draft, self.surroundings.clock(), draft.deduplication_id)
        self._enter(message, self.attributes.delay if draft.delay is None else draft.delay)
        return message

    def adopt(self, message: Message, source_arn: str | None) -> None:
        """Take a message from another queue; it keeps its id, its age and its receive count."""
        message.source_arn = source_arn
        self._enter(message, 0)

    def _enter(self, message: Message, delay: int) -> None:
        message.position = self._next_position
        self._next_position += 1
        self._messages[message.position] = message
        self.tally.sent += 1
        message.timed_out = False
        self._join(message)
        if delay:
            self.delayed += 1
            self._hide(message, DELAYED, self.surroundings.clock() + delay)
        else:
            message.state = READY
            self._place(message)
        # Even where it is delayed, for a waiting poll must know when to look again.
        self.surroundings.on_arrival(self)

    # What comes out.

    def receive(self, limit: int, visibility: int | None = None, *, waiting: bool = False) -> list[Message]:
        """Hand out up to ``limit`` messages and hide them for ``visibility`` seconds.

        ``waiting`` is true for a long poll, which SQS does not answer with OverLimit.
        """
        now = self.advance()
        taken = self._take(min(limit, self._room(waiting)), now)
        seconds = self.attributes.visibility if visibility is None else visibility
        for message in taken:
            self._deliver(message, now, seconds)
        self._after_receive(taken)
        return taken

    def _deliver(self, message: Message, now: float, seconds: int) -> None:
        self.tally.received += 1
        if message.receive_count == 0:
            message.first_received_at = now
        elif message.timed_out:
            self.tally.redelivered_after_timeout += 1
        else:
            self.tally.redelivered_after_release += 1
        message.receive_count += 1
        message.received_at = now
        message.timed_out = False
        if seconds:
            self.in_flight += 1
            self._hide(message, IN_FLIGHT, now + seconds)

    def _must_leave(self, message: Message, now: float) -> bool:
        """Whether a message is too old to be received, or has been received too often."""
        if now - message.sent_at >= self.attributes.retention:
            return True
        redrive = self.attributes.redrive
        return (
            redrive is not None
            and message.receive_count >= redrive.limit
            and self.surroundings.find(redrive.arn) is not None
        )

    def _send_away(self, message: Message, now: float) -> None:
        """Carry out what _must_leave found: to the dead-letter queue, or nowhere."""
        self._remove(message)
        redrive = self.attributes.redrive
        if now - message.sent_at < self.attributes.retention and redrive is not None:
            target = self.surroundings.find(redrive.arn)
            assert target is not None
            self.tally.dead_lettered += 1
            target.adopt(message, self.arn)
        else:
            self.tally.retired += 1

    def handle_of(self, message: Message) -> str:
        """The receipt handle of the message's latest receive."""
        return f"AQEB{self._uid}-{message.position}-{message.receive_count}-{_HANDLE_TAIL}"

    def delete(self, handle: str) -> None:
        """Delete the message that ``handle`` was given out for.

        With a message that is gone it succeeds. With the handle of an earlier receive SQS says that
        "the request succeeds, but the message might not be deleted"; here it never is.
        """
        now = self.advance()
        message, current = self._resolve(handle)
        if message is not None:
            self._check_handle(handle, message, current)
        if message is None or not current:
            self.tally.stale_deletes += 1
            return
        if now - message.received_at > MAXIMUM_VISIBILITY_SECONDS:
            raise errors.expired_handle(handle)
        self._remove(message)
        self.tally.deleted += 1

    def change_visibility(self, handle: str, seconds: int) -> None:
        """Let the message become visible in ``seconds``, counted from now."""
        now = self.advance()
        message, current = self._resolve(handle)
        if message is None:
            raise errors.visibility_unavailable(handle)
        self._check_handle(handle, message, current)
        if not current:
            raise errors.visibility_unavailable(handle)
        if message.state != IN_FLIGHT:
            if self.surroundings.limits.accept_expired_change:
                return
            raise errors.not_in_flight()
        if now - message.received_at + seconds > MAXIMUM_VISIBILITY_SECONDS:
            raise errors.invalid_value(
                seconds,
                "VisibilityTimeout",
                f"Total VisibilityTimeout for the message is beyond the limit [{MAXIMUM_VISIBILITY_SECONDS} seconds]",
            )
        if seconds:
            self._hide(message, IN_FLIGHT, now + seconds)
        else:
            self._show(message)

    def _resolve(self, handle: str) -> tuple[Message | None, bool]:
        """The message of a handle, if it is still here, and whether the handle is its latest."""
        parts = handle.split("-", 3)
        if len(parts) != 4 or parts[0] != f"AQEB{self._uid}" or not (parts[1].isdecimal() and parts[2].isdecimal()):
            raise errors.invalid_handle(handle)
        message = self._messages.get(int(parts[1]))
        return message, message is not None and message.receive_count == int(parts[2])

    # Visibility.

    def advance(self) -> float:
        """Show what has become visible by now; returns the time it is."""
        now = self.surroundings.clock()
        hidden = self._hidden
        while hidden and hidden[0][0] <= now:
            visible_at, _, message = heapq.heappop(hidden)
            # An entry is outdated when the message was deleted, or hidden anew until another time.
            if _is_current(visible_at, message):
                message.timed_out = True
                self._show(message)
        return now

    def next_change(self) -> float | None:
        """When a hidden message may next become visible. It may turn out that none does."""
        return self._hidden[0][0] if self._hidden else None

    def _hide(self, message: Message, state: int, until: float) -> None:
        message.state = state
        message.visible_at = until
        heapq.heappush(self._hidden, (until, next(self._order), message))
        if len(self._hidden) > 2 * (self.in_flight + self.delayed) + 1024:
            # Outdated entries would keep deleted messages in memory until their time comes.
            self._hidden = [entry for entry in self._hidden if _is_current(entry[0], entry[2])]
            heapq.heapify(self._hidden)

    def _show(self, message: Message) -> None:
        self._leave_state(message)
        message.state = READY
        self._place(message)
        self.surroundings.on_arrival(self)

    def _leave_state(self, message: Message) -> None:
        if message.state == IN_FLIGHT:
            self.in_flight -= 1
        elif message.state == DELAYED:
            self.delayed -= 1

    def _remove(self, message: Message) -> None:
        self._leave_state(message)
        message.state = GONE
        del self._messages[message.position]
        self._withdraw(message)

    # Counts.

    @property
    def visible(self) -> int:
        """Messages neither in flight nor delayed; in a FIFO queue those that wait for others count."""
        return len(self._messages) - self.in_flight - self.delayed

    def waiting(self) -> list[Message]:
        """The messages that could be received, first to last."""
        return [message for message in self._messages.values() if message.state == READY]

    def surrender(self, message: Message) -> None:
        """Give up a message that goes to another queue."""
        self._remove(message)

    def purge(self) -> None:
        """Delete every message, in flight or not."""
        for message in list(self._messages.values()):
            self._remove(message)
        self._hidden.clear()


def _is_current(visible_at: float, message: Message) -> bool:
    """Whether a message is still hidden until the time that an entry of the heap says."""
    return message.state in (IN_FLIGHT, DELAYED) and message.visible_at == visible_at
