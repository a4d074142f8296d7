"""What this process holds: the one place for the state of every held message, and the one lock for it."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence

from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.window import Window

#: How many ids are remembered of messages that were handled but could not be deleted.
_REMEMBERED = 10_000


class Holdings:
    """Every held message: the buffer, those that run, those that wait to be settled. `ending`: no new polls;
    `closed`: no new starts either."""

    def __init__(self, handlers: int) -> None:
        self.handlers = handlers
        self.window = Window(handlers)
        self.lock = threading.Lock()
        #: A message waits in the buffer, or no more will.
        self.work = threading.Condition(self.lock)
        #: There may be room for another poll, or there will never be.
        self.room = threading.Condition(self.lock)
        self.ending = False
        self.closed = False
        self.running = 0
        self._buffer: deque[HeldMessage] = deque()
        self._held: set[HeldMessage] = set()
        self._by_id: dict[str, HeldMessage] = {}
        self._done: OrderedDict[str, None] = OrderedDict()

    # --- in

    def add(self, messages: Sequence[HeldMessage]) -> list[HeldMessage]:
        """Take what a poll brought. Returns those that are not to be run: handled before and only not deleted, or, once
        closed, all."""
        unwanted = []
        with self.lock:
            for message in messages:
                known = self._by_id.get(message.id)
                if known is not None and not known.returning:
                    known.renew(message)
                    continue
                if known is not None:
                    known.superseded = True
                self._by_id[message.id] = message
                self._held.add(message)
                if self.closed or message.id in self._done:
                    message.state = State.SETTLING
                    unwanted.append(message)
                else:
                    self._buffer.append(message)
                    self.work.notify()
        return unwanted

    def was_done(self, message: HeldMessage) -> bool:
        """Was it handled here before, and only its delete failed?"""
        with self.lock:
            return message.id in self._done

    # --- with the handlers

    def take(self, wait: bool) -> HeldMessage | None:
        """The next message to run. None when there is none now (`wait` false) or there will never be (closed)."""
        with self.lock:
            while True:
                while wait and not self._buffer and not self.ending:
                    self.work.wait()
                if self.closed or not self._buffer:
                    return None
                message = self._buffer.popleft()
                if not message.lost and message.deadline > time.monotonic():
                    message.state = State.RUNNING
                    message.started_at = time.monotonic()
                    self.running += 1
                    self.offer_room()
                    return message
                # Somebody else may have it by now: to run it would be once too often.
                message.lost = True
                self._let_go(message)

    def finish(self, message: HeldMessage) -> None:
        """Its handler is done with it."""
        with self.lock:
            self.running -= 1
            self.window.handled(time.monotonic() - message.started_at)
            message.state = State.SETTLING
            self.offer_room()

    def offer_room(self) -> None:
        """Wake a poll thread if there is something for it to do; for who has the lock."""
        if self.window.may_ask(self.free, self.buffered):
            self.room.notify()

    # --- out

    def drop(self, message: HeldMessage) -> None:
        """It is settled."""
        with self.lock:
            self._let_go(message)

    def _let_go(self, message: HeldMessage) -> None:
        message.state = State.SETTLED
        self._held.discard(message)
        if self._by_id.get(message.id) is message:
            del self._by_id[message.id]

    def remember(self, message: HeldMessage) -> None:
        """It was handled, but may come back because its delete was not confirmed: then it is deleted without being
        run."""
        with self.lock:
            self._done[message.id] = None
            self._done.move_to_end(message.id)
            if len(self._done) > _REMEMBERED:
                self._done.popitem(last=False)

    def forget(self, message: HeldMessage) -> None:
        """Its delete was confirmed."""
        if self._done:
            with self.lock:
                self._done.pop(message.id, None)

    def end_polls(self) -> None:
        """No more polls; what waits in the buffer is still to be run."""
        with self.lock:
            self.ending = True
            self.work.notify_all()
            self.room.notify_all()

    def close(self) -> list[HeldMessage]:
        """No more polls and no more starts. Returns what waited in the buffer, to be released."""
        with self.lock:
            self.ending = self.closed = True
            waiting = list(self._buffer)
            self._buffer.clear()
            for message in waiting:
                message.state = State.SETTLING
            self.work.notify_all()
            self.room.notify_all()
            return waiting

    # --- to look at

    @property
    def free(self) -> int:
        return self.handlers - self.running

    @property
    def buffered(self) -> int:
        return len(self._buffer)

    @property
    def quiet(self) -> bool:
        """Nothing runs and nothing waits to."""
        return not self.running and not self._buffer

    @property
    def empty(self) -> bool:
        """Nothing is held and nothing is asked for."""
        with self.lock:
            return not self._held and not self.window.polls

    def each_held(self) -> Iterable[HeldMessage]:
        """All that is held; for who has the lock."""
        return self._held

    def held(self, state: State) -> list[HeldMessage]:
        """All that is held in this state."""
        with self.lock:
            return [message for message in self._held if message.state is state]
