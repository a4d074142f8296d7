"""How far a long send has come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from django_sqs.sending.outgoing import Outgoing


class Progress:
    """Tells how many more messages have gone out, each time that the next ones are read: in the caller's own thread,
    whichever threads do the sending."""

    def __init__(self, tell: Callable[[int], object] | None) -> None:
        self._tell = tell
        self._under_way: deque[tuple[Outgoing, str | None]] = deque()

    def of(self, messages: Iterable[Outgoing]) -> Iterator[Outgoing]:
        """The same messages, watched as they pass."""
        for outgoing in messages:
            if self._tell is not None:
                self._tell_of_gone(self._tell)
                self._under_way.append((outgoing, outgoing.message.id))
            yield outgoing

    def finish(self, waiting: int) -> None:
        """All have gone, but for some that wait for a commit, which count too: there is nothing more to do for them."""
        if self._tell is not None and (left := len(self._under_way) + waiting):
            self._under_way.clear()
            self._tell(left)

    def _tell_of_gone(self, tell: Callable[[int], object]) -> None:
        gone = 0
        while self._under_way and self._under_way[0][0].message.id != self._under_way[0][1]:
            self._under_way.popleft()
            gone += 1
        if gone:
            tell(gone)
