"""What this process holds: the one place for the state of every held message, and the one lock for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from django_sqs.receiving.buffer import Buffer, GroupedBuffer
from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.remembered import Remembered
from django_sqs.receiving.window import Window


class Holdings:
    """Every held message: the buffer, those that run, those that wait to be settled. `ending`: no new polls;
    `closed`: no new starts either."""

    def __init__(
        self,
        handlers: int,
        release: Callable[[HeldMessage], None],
        *,
        fifo: bool = False,
        batch: int = 1,
        batch_window: float = 0.0,
    ) -> None:
        self.handlers = handlers
        self.window = Window(handlers, batch)
        self.lock = threading.Lock()
        #: A message waits in the buffer, or no more will.
        self.work = threading.Condition(self.lock)
        #: There may be room for another poll, or there will never be.
        self.room = threading.Condition(self.lock)
        #: Called, with the lock, when there is work for handlers that are no threads.
        self.on_work: Callable[[], None] = lambda: None
        self.ending = False
        self.closed = False
        #: Handlers at work.
        self.running = 0
        self._waiting_for_room = 0
        self._release = release
        self._batch = batch
        self._batch_window = batch_window
        self._buffer: Buffer = GroupedBuffer() if fifo else Buffer()
        # A dict for its order: what came together is settled and extended together.
        self._held: dict[HeldMessage, None] = {}
        self._by_id: dict[str, HeldMessage] = {}
        self._done = Remembered()

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
                self._held[message] = None
                if self.closed or message.id in self._done:
                    message.state = State.SETTLING
                    self._buffer.hold(message)
                    unwanted.append(message)
                else:
                    self._buffer.push(message)
                    self.work.notify()
            self.on_work()
        return unwanted

    def was_done(self, message: HeldMessage) -> bool:
        """Was it handled here before, and only its delete failed?"""
        with self.lock:
            return message.id in self._done

    # --- with the handlers

    def take(self, wait: bool, timeout: float | None = None) -> list[HeldMessage]:
        """What a handler is to run next: one message, or a batch of them. Empty when there is nothing now (`wait`
        false), nothing came for `timeout` seconds, or there will never be anything."""
        end = None if timeout is None else time.monotonic() + timeout
        with self.lock:
            while True:
                taken = self._take() if self._may_take() else []
                left = None if end is None else end - time.monotonic()
                if taken or not wait or self.exhausted or (left is not None and left <= 0):
                    return taken
                waits = [seconds for seconds in (left, self._batch_ends_in()) if seconds is not None]
                self.work.wait(min(waits, default=None))

    def _may_take(self) -> bool:
        ready = self._buffer.ready
        if self.closed or not ready:
            return False
        return self._batch == 1 or ready >= self._batch or self.ending or (self._batch_ends_in() or 0) <= 0

    def _batch_ends_in(self) -> float | None:
        if self._batch == 1 or not self._buffer.ready:
            return None
        return self._buffer.oldest.received_at + self._batch_window - time.monotonic()

    def _take(self) -> list[HeldMessage]:
        now = time.monotonic()
        taken: list[HeldMessage] = []
        while len(taken) < self._batch and (message := self._buffer.pop()) is not None:
            if message.lost or message.deadline <= now:
                # Somebody else may have it by now: to run it would be once too often.
                message.lost = True
                self._stays(message)
                self._let_go(message)
                continue
            message.state = State.RUNNING
            message.started_at = now
            message.thread = threading.get_ident()
            taken.append(message)
        if taken:
            self.running += 1
        self.offer_room()
        return taken

    def claim(self, message: HeldMessage) -> bool:
        """May the caller decide what becomes of it? Only one may: its handler or the watchdog."""
        with self.lock:
            judged, message.judged = message.judged, True
            return not judged

    def finish(self, messages: Sequence[HeldMessage]) -> None:
        """A handler is done with what it took."""
        with self.lock:
            self.running -= 1
            self.window.handled(time.monotonic() - messages[0].started_at)
            for message in messages:
                if message.state is State.RUNNING:
                    message.state = State.SETTLING
            self.offer_room()

    def offer_room(self) -> None:
        """Wake a poll thread if there is something for it to do; for who has the lock."""
        # Asked twice a message: where no poll thread waits there is nothing to find out.
        if self._waiting_for_room and self.may_ask():
            self.room.notify()

    def wait_for_room(self) -> None:
        """Wait until there may be room for another poll, or there will never be; for who has the lock."""
        self._waiting_for_room += 1
        self.room.wait()
        self._waiting_for_room -= 1

    def may_ask(self) -> int:
        """How many messages a poll may ask for now; for who has the lock."""
        ready = self._buffer.ready
        return self.window.may_ask(self.handlers - self.running, ready, len(self._buffer) - ready)

    # --- out

    def drop(self, message: HeldMessage) -> None:
        """It is settled."""
        with self.lock:
            self._let_go(message)

    def _let_go(self, message: HeldMessage) -> None:
        if message not in self._held:
            return
        message.state = State.SETTLED
        del self._held[message]
        self._buffer.settled(message)
        if self._buffer.ready:
            # On a FIFO queue its successor may start now.
            self.work.notify()
            self.on_work()
        if self._by_id.get(message.id) is message:
            del self._by_id[message.id]

    def stays(self, message: HeldMessage) -> None:
        """It stays in the queue: on a FIFO queue its successors are released, before they can overtake it."""
        with self.lock:
            # With the lock, as the keeper looks at it: an extension that is sent after the release would hide it again.
            message.returning = True
            self._stays(message)

    def _stays(self, message: HeldMessage) -> None:
        if message not in self._held:
            return
        for successor in self._buffer.stays(message):
            successor.state = State.SETTLING
            self._release(successor)

    def remember(self, message: HeldMessage) -> None:
        """It was handled, and its delete failed or was refused. Should it come back, it is deleted without being
        run."""
        with self.lock:
            self._done.add_unconfirmed(message.id)

    def deleted(self, messages: Sequence[HeldMessage]) -> None:
        """Their deletes are confirmed: they are settled, and remembered."""
        with self.lock:
            for message in messages:
                self._done.add(message.id)
                self._let_go(message)

    def end_polls(self) -> None:
        """No more polls; what waits in the buffer is still to be run."""
        with self.lock:
            self.ending = True
            self.work.notify_all()
            self.room.notify_all()
            self.on_work()

    def close(self) -> list[HeldMessage]:
        """No more polls and no more starts. Returns what waited in the buffer, to be released."""
        with self.lock:
            self.ending = self.closed = True
            waiting = self._buffer.clear()
            for message in waiting:
                message.state = State.SETTLING
            self.work.notify_all()
            self.room.notify_all()
            self.on_work()
            return waiting

    # --- to look at

    @property
    def quiet(self) -> bool:
        """Nothing runs and nothing is ready to."""
        return not self.running and not self._buffer.ready

    @property
    def empty(self) -> bool:
        """Nothing is held and nothing is asked for."""
        with self.lock:
            return not self._held and not self.window.polls

    @property
    def exhausted(self) -> bool:
        """There will never be anything to take."""
        return self.closed or (self.ending and not len(self._buffer))

    def each_held(self) -> Iterable[HeldMessage]:
        """All that is held; for who has the lock."""
        return self._held

    def held(self, state: State) -> list[HeldMessage]:
        """All that is held in this state."""
        with self.lock:
            return [message for message in self._held if message.state is state]
