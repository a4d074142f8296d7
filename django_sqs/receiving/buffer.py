"""What waits to be run, in the order in which it may be run. No locks: whoever uses a buffer holds that of
`Holdings`."""

from __future__ import annotations

from collections import deque

from django_sqs.receiving.held import HeldMessage


class Buffer:
    """The buffer of a standard queue: first in, first out, nothing waits for anything."""

    def __init__(self) -> None:
        self._waiting: deque[HeldMessage] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def ready(self) -> int:
        """How many could start now if there were handlers."""
        return len(self._waiting)

    @property
    def oldest(self) -> HeldMessage:
        """The next to start."""
        return self._waiting[0]

    def push(self, message: HeldMessage) -> None:
        """It waits to be run."""
        self._waiting.append(message)

    def pop(self) -> HeldMessage | None:
        """The next to run, if one is ready."""
        return self._waiting.popleft() if self._waiting else None

    def hold(self, message: HeldMessage) -> None:
        """It is to be settled without having waited here."""

    def settled(self, message: HeldMessage) -> None:
        """One that was popped or put on hold is settled."""

    def stays(self, message: HeldMessage) -> list[HeldMessage]:
        """It stays in the queue. Returns those that must now go back unrun, in the order in which they should."""
        return []

    def clear(self) -> list[HeldMessage]:
        """Take out all, in the order in which they should go back."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting


class _Group:
    """A message group: what waits of it, and how many of it run or wait to be settled."""

    __slots__ = ("busy", "waiting")

    def __init__(self) -> None:
        self.waiting: deque[HeldMessage] = deque()
        self.busy = 0


class GroupedBuffer(Buffer):
    """The buffer of a FIFO queue. One message of a group at a time: the next one is ready when the one before is
    settled. Where one stays in the queue, so do its successors, or they would overtake it.

    That is enough to keep the order: SQS hands out nothing more of a group while a message of it is invisible, so that
    all that is held of a group came from one receive, and whatever comes later begins with the first that stayed.
    """

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._ready: deque[str] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def ready(self) -> int:
        return len(self._ready)

    @property
    def oldest(self) -> HeldMessage:
        return self._groups[self._ready[0]].waiting[0]

    def push(self, message: HeldMessage) -> None:
        group = self._group(message)
        group.waiting.append(message)
        self._count += 1
        if not group.busy and len(group.waiting) == 1:
            self._ready.append(message.group)

    def pop(self) -> HeldMessage | None:
        if not self._ready:
            return None
        group = self._groups[self._ready.popleft()]
        group.busy += 1
        self._count -= 1
        return group.waiting.popleft()

    def hold(self, message: HeldMessage) -> None:
        self._group(message).busy += 1

    def settled(self, message: HeldMessage) -> None:
        name = message.group
        group = self._groups[name]
        group.busy -= 1
        if group.busy:
            return
        if group.waiting:
            self._ready.append(name)
        else:
            del self._groups[name]

    def stays(self, message: HeldMessage) -> list[HeldMessage]:
        group = self._groups[message.group]
        successors = list(reversed(group.waiting))
        group.waiting.clear()
        group.busy += len(successors)
        self._count -= len(successors)
        return successors

    def clear(self) -> list[HeldMessage]:
        waiting = [message for group in self._groups.values() for message in reversed(group.waiting)]
        for group in self._groups.values():
            group.busy += len(group.waiting)
            group.waiting.clear()
        self._ready.clear()
        self._count = 0
        return waiting

    def _group(self, message: HeldMessage) -> _Group:
        group = self._groups.get(message.group)
        if group is None:
            group = self._groups[message.group] = _Group()
        return group
