"""The event loop that runs coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

import pytest
from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async

from django_sqs.receiving import database
from django_sqs.receiving.async_handlers import AsyncHandlers
from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from tests.receiving.support import Deaths, eventually, held, holdings, ids, never


class Looping:
    """Slots with a runner that only notes."""

    name = "test__jobs"

    def __init__(self, slots: int = 2, **options: Any) -> None:
        self.holdings: Holdings = holdings(slots, **options)
        self.deaths = Deaths()
        self.done: list[list[str]] = []
        self.nudges = 0
        self.running = self.most = 0
        self.during: Callable[[Sequence[HeldMessage]], Awaitable[object]] = self.nothing
        self.settler = self
        runner: Any = self
        self.handlers = AsyncHandlers(runner, self.holdings, bool(options.get("batch")), self.deaths)

    async def nothing(self, taken: Sequence[HeldMessage]) -> None:
        """What receivers do unless they do something else."""

    async def arun(self, taken: Sequence[HeldMessage], context: ThreadSensitiveContext) -> None:
        """In the place of the runner's."""
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.during(taken)
        finally:
            self.running -= 1
        self.done.append(ids(taken))

    def nudge(self) -> None:
        """In the place of the settler's."""
        self.nudges += 1

    def add(self, *names: str) -> list[HeldMessage]:
        messages = [held(name, group=name[0]) for name in names]
        self.holdings.add(messages)
        return messages

    @property
    def waiting(self) -> int:
        """How many slots wait for work."""
        return len(getattr(self.handlers, "_waiting", ()))

    def end(self) -> None:
        self.holdings.close()
        assert self.handlers.join(5)


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that have closed their connections."""
    threads: list[str] = []
    monkeypatch.setattr(database, "close_all", lambda: threads.append(threading.current_thread().name))
    return threads


@pytest.fixture
def looping() -> Iterator[Looping]:
    made = Looping()
    yield made
    made.end()


def test_what_waits_at_the_start_is_run(looping: Looping) -> None:
    (message,) = looping.add("a")
    looping.handlers.start()
    eventually(lambda: looping.nudges == 1)
    assert looping.done == [["a"]]
    assert message.state is State.SETTLING


def test_slots_that_wait_are_woken_by_work(looping: Looping) -> None:
    looping.handlers.start()
    eventually(lambda: looping.waiting == 2)
    for name in ("a", "b", "c"):
        looping.done.clear()
        looping.add(name)
        eventually(lambda: looping.done)


def test_slots_run_at_the_same_time_and_there_are_no_more_than_that() -> None:
    looping = Looping(3)
    open_ = threading.Event()

    async def wait(taken: Sequence[HeldMessage]) -> None:
        while not open_.is_set():
            await asyncio.sleep(0.001)

    looping.during = wait
    looping.handlers.start()
    looping.add(*"abcde")
    eventually(lambda: looping.running == 3)
    never(lambda: looping.running > 3, 0.02)
    (loop_thread,) = looping.handlers._threads
    assert loop_thread.name == "sqs-event loop-1"
    open_.set()
    eventually(lambda: len(looping.done) == 5)
    assert looping.most == 3
    looping.end()


def test_the_next_of_a_fifo_group_is_woken_for_when_the_one_before_is_settled() -> None:
    looping = Looping(2, fifo=True)
    looping.handlers.start()
    first, _ = looping.add("a1", "a2")
    eventually(lambda: looping.done == [["a1"]])
    eventually(lambda: looping.waiting == 2)
    looping.holdings.drop(first)
    eventually(lambda: looping.done == [["a1"], ["a2"]])
    looping.end()


def test_a_batch_that_does_not_fill_is_run_when_its_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.async_handlers._BATCH_LOOK_SECS", 0.01)
    looping = Looping(2, batch=10, batch_window=0.05)
    looping.handlers.start()
    eventually(lambda: looping.waiting)
    looping.add("a", "b")
    assert looping.done == []
    eventually(lambda: looping.done == [["a", "b"]])
    looping.end()


def test_slots_that_look_again_and_again_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.async_handlers._BATCH_LOOK_SECS", 0.001)
    looping = Looping(2, batch=10, batch_window=60)
    looks = 0
    take = looping.holdings.take

    def counted(wait: bool, timeout: float | None = None) -> list[HeldMessage]:
        nonlocal looks
        looks += 1
        return take(wait, timeout)

    monkeypatch.setattr(looping.holdings, "take", counted)
    looping.handlers.start()
    eventually(lambda: looks > 20)
    assert looping.waiting <= 2
    looping.end()


def test_each_slot_has_a_thread_of_its_own_for_what_blocks() -> None:
    looping = Looping(2)
    barrier = threading.Barrier(2, timeout=5)
    names: list[str] = []

    async def block(taken: Sequence[HeldMessage]) -> None:
        # Both must be there at the same time, or neither gets on.
        await sync_to_async(barrier.wait)()
        names.append(taken[0].id)

    looping.during = block
    looping.handlers.start()
    looping.add("a", "b")
    eventually(lambda: sorted(names) == ["a", "b"])
    looping.end()


def test_a_slot_keeps_its_thread_from_one_message_to_the_next() -> None:
    looping = Looping(1)
    threads: list[int] = []

    async def block(taken: Sequence[HeldMessage]) -> None:
        threads.append(await sync_to_async(threading.get_ident)())

    looping.during = block
    looping.handlers.start()
    looping.add("a", "b", "c")
    eventually(lambda: len(threads) == 3)
    assert len(set(threads)) == 1, "its connections are there"
    looping.end()
    assert not SyncToAsync.context_to_thread_executor, "and it is given up with the slot"


def test_a_slot_that_goes_idle_closes_its_connections_in_the_thread_that_has_them(
    looping: Looping, closed: list[str]
) -> None:
    names: list[str] = []

    async def block(taken: Sequence[HeldMessage]) -> None:
        names.append(await sync_to_async(lambda: threading.current_thread().name)())

    looping.during = block
    looping.handlers.start()
    eventually(lambda: looping.waiting == 2)
    assert closed == [], "nothing was opened"
    looping.add("a")
    eventually(lambda: closed)
    assert closed == names


def test_slots_end_when_there_will_never_be_work(looping: Looping) -> None:
    looping.handlers.start()
    eventually(lambda: looping.waiting == 2)
    looping.end()
    assert looping.deaths == []
    looping.holdings.on_work()
    assert not looping.handlers._threads[0].is_alive(), "and what is settled after that wakes nobody"


def test_what_waits_when_polling_ends_is_still_run(looping: Looping) -> None:
    looping.handlers.start()
    eventually(lambda: looping.waiting == 2)
    looping.add("a", "b", "c")
    looping.holdings.end_polls()
    assert looping.handlers.join(5)
    assert sorted(looping.done) == [["a"], ["b"], ["c"]]


def test_a_slot_that_dies_takes_the_others_with_it_and_the_receiver_is_told() -> None:
    looping = Looping(3)
    cancelled: list[str] = []

    async def fail_or_hang(taken: Sequence[HeldMessage]) -> None:
        if taken[0].id == "bad":
            await asyncio.sleep(0.01)
            raise RuntimeError("a fault of the engine")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(taken[0].id)
            raise

    looping.during = fail_or_hang
    looping.add("good", "bad")
    looping.handlers.start()
    eventually(lambda: looping.deaths == [looping.handlers])
    assert cancelled == ["good"]
