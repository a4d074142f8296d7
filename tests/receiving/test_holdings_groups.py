"""Batches and groups in the holdings, and who is woken for them."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from tests.receiving.holding import Taker, fill, take_one
from tests.receiving.support import Clock, eventually, held, holdings, ids, never

# --- batches


def batched(size: int, window: float, handlers: int = 1) -> Holdings:
    return holdings(handlers, batch=size, batch_window=window)


def test_a_full_batch_is_taken_at_once() -> None:
    kept = batched(3, 60)
    fill(kept, "a1", "a2")
    assert kept.take(wait=False) == []
    fill(kept, "a3")
    assert ids(kept.take(wait=False)) == ["a1", "a2", "a3"]
    assert kept.running == 1, "one handler has it"
    fill(kept, "a4", "a5", "a6", "a7")
    assert ids(kept.take(wait=False)) == ["a4", "a5", "a6"]
    assert kept.take(wait=False) == []


def test_a_batch_that_does_not_fill_is_taken_when_its_window_ends(clock: Clock) -> None:
    kept = batched(3, 5)
    kept.add([held("a1", at=clock.now)])
    clock.advance(3)
    kept.add([held("a2", at=clock.now)])
    clock.advance(1.9)
    assert kept.take(wait=False) == []
    clock.advance(0.1)
    assert ids(kept.take(wait=False)) == ["a1", "a2"], "the window is that of the oldest"


def test_a_handler_waits_no_longer_than_the_window_for_its_batch() -> None:
    kept = batched(3, 0.05)
    taker = Taker(kept)
    eventually(lambda: taker.waits)
    fill(kept, "a1")
    never(lambda: taker.taken, 0.02)
    taker.join(5)
    assert ids(taker.taken or []) == ["a1"]


def test_a_window_of_no_time_takes_what_is_there() -> None:
    kept = batched(3, 0)
    fill(kept, "a1")
    assert ids(kept.take(wait=False)) == ["a1"]


def test_when_polling_ends_batches_gather_no_longer() -> None:
    kept = batched(3, 60)
    fill(kept, "a1", "a2")
    kept.end_polls()
    assert ids(kept.take(wait=False)) == ["a1", "a2"]


def test_what_was_lost_leaves_room_in_the_batch(clock: Clock) -> None:
    kept = batched(2, 60)
    messages = [held(name, at=clock.now) for name in ("a1", "a2", "a3")]
    messages[0].lost = True
    kept.add(messages)
    assert ids(kept.take(wait=False)) == ["a2", "a3"]


# --- FIFO queues


def test_the_next_of_a_group_starts_when_the_one_before_is_settled_and_a_handler_is_woken_for_it() -> None:
    kept = holdings(2, fifo=True)
    fill(kept, "a1", "a2")
    first = take_one(kept)
    taker = Taker(kept)
    eventually(lambda: taker.waits)
    kept.finish([first])
    never(lambda: taker.taken, 0.02)
    kept.drop(first)
    taker.join(5)
    assert ids(taker.taken or []) == ["a2"]


def test_where_one_stays_its_waiting_successors_are_released_last_first() -> None:
    released: list[HeldMessage] = []
    kept = holdings(fifo=True, release=released.append)
    fill(kept, "a1", "a2", "a3", "b1")
    first = take_one(kept)
    kept.stays(first)
    assert ids(released) == ["a3", "a2"]
    assert {message.state for message in released} == {State.SETTLING}
    assert take_one(kept).id == "b1"
    assert kept.take(wait=False) == []


def test_where_one_is_lost_before_its_start_its_successors_are_released(clock: Clock) -> None:
    released: list[HeldMessage] = []
    kept = holdings(fifo=True, release=released.append)
    messages = [held(name, group="a", at=clock.now) for name in ("a1", "a2")]
    messages[0].lost = True
    kept.add(messages)
    assert kept.take(wait=False) == []
    assert ids(released) == ["a2"]


def test_what_is_not_held_any_more_takes_nothing_with_it() -> None:
    released: list[HeldMessage] = []
    kept = holdings(fifo=True, release=released.append)
    fill(kept, "a1", "a2")
    first = take_one(kept)
    kept.drop(first)
    kept.stays(first)
    kept.drop(first)
    assert released == []
    assert take_one(kept).id == "a2"


def test_what_was_handled_before_is_deleted_before_its_group_goes_on() -> None:
    kept = holdings(fifo=True)
    kept.remember(held("a1"))
    (again,) = kept.add([held("a1", group="a"), held("a2", group="a")])
    assert kept.take(wait=False) == []
    kept.drop(again)
    assert take_one(kept).id == "a2"


# --- waking others


def test_handlers_that_are_no_threads_are_told_of_work() -> None:
    kept = holdings(fifo=True)
    calls: list[str] = []
    kept.on_work = lambda: calls.append("work" if kept.lock.locked() else "without the lock")
    fill(kept, "a1", "a2")
    assert calls == ["work"]
    first = take_one(kept)
    kept.drop(first)
    assert calls == ["work"] * 2, "its successor may start"
    kept.end_polls()
    kept.close()
    assert calls == ["work"] * 4


class Poll(threading.Thread):
    """Waits for room."""

    def __init__(self, kept: Holdings) -> None:
        super().__init__(daemon=True)
        self._kept = kept
        self.start()
        eventually(lambda: kept.room._waiters)  # type: ignore[attr-defined]

    def run(self) -> None:
        with self._kept.room:
            self._kept.wait_for_room()

    @property
    def woken(self) -> bool:
        self.join(0.02)
        return not self.is_alive()


def test_a_poll_is_woken_when_a_handler_finishes_and_there_is_room() -> None:
    kept = holdings(1)
    fill(kept, "a1")
    poll = Poll(kept)
    message = take_one(kept)
    seen = [poll.woken]
    kept.finish([message])
    eventually(lambda: poll.woken)
    assert seen == [False], "its handler was not free"


def test_a_poll_is_woken_when_a_handler_takes_and_there_is_room() -> None:
    kept = holdings(2)
    kept.window.handled(0.01)
    fill(kept, "a1")
    poll = Poll(kept)
    seen = [poll.woken]
    take_one(kept)
    eventually(lambda: poll.woken)
    assert seen == [False]


@pytest.mark.parametrize("end", [Holdings.close, Holdings.end_polls])
def test_polls_that_wait_for_room_are_told_when_there_will_never_be_any(end: Callable[[Holdings], object]) -> None:
    kept = holdings(1)
    polls = [Poll(kept), Poll(kept)]
    eventually(lambda: len(kept.room._waiters) == 2)  # type: ignore[attr-defined]
    end(kept)
    eventually(lambda: all(poll.woken for poll in polls))


def test_room_is_counted_from_free_handlers_and_what_could_start() -> None:
    kept = holdings(4, fifo=True)
    fill(kept, "a1", "a2", "a3")
    with kept.lock:
        assert kept.may_ask() == 3, "a2 and a3 cannot start"
    take_one(kept)
    with kept.lock:
        assert kept.may_ask() == 3


def test_what_could_start_is_not_counted_as_held_up() -> None:
    kept = holdings(60)
    fill(kept, *(f"a{n}" for n in range(45)))
    with kept.lock:
        assert kept.may_ask() == 10
