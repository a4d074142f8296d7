"""The one place for the state of every held message."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from tests.receiving.support import Clock, eventually, held, holdings, ids, never


class Taker(threading.Thread):
    """A handler that waits for one thing to run."""

    def __init__(self, from_: Holdings, timeout: float | None = None) -> None:
        super().__init__(daemon=True)
        self._from = from_
        self._timeout = timeout
        self.taken: list[HeldMessage] | None = None
        self.start()

    def run(self) -> None:
        self.taken = self._from.take(wait=True, timeout=self._timeout)

    @property
    def waits(self) -> bool:
        return bool(self._from.work._waiters) and self.is_alive()  # type: ignore[attr-defined]


def fill(into: Holdings, *names: str) -> list[HeldMessage]:
    """Add messages; those called "a1" are of the group "a"."""
    messages = [held(name, group=name[0]) for name in names]
    assert into.add(messages) == []
    return messages


def take_one(from_: Holdings) -> HeldMessage:
    (message,) = from_.take(wait=False)
    return message


# --- what comes in


def test_what_was_received_is_held_and_waits_to_be_run() -> None:
    kept = holdings()
    (message,) = fill(kept, "a1")
    assert kept.held(State.WAITING) == [message]
    assert not kept.empty
    assert not kept.quiet


def test_a_message_that_is_received_again_while_it_runs_is_not_run_twice() -> None:
    kept = holdings()
    fill(kept, "a1")
    running = take_one(kept)
    again = held("a1", count=2)
    assert kept.add([again]) == []
    assert kept.take(wait=False) == []
    assert running.handle == again.handle
    kept.drop(running)
    assert kept.empty


def test_a_message_that_waits_and_is_received_again_is_run_once() -> None:
    kept = holdings()
    fill(kept, "a1")
    kept.add([held("a1", count=2)])
    take_one(kept)
    assert kept.take(wait=False) == []


def test_a_message_that_is_received_again_on_its_way_back_is_run_again_and_its_old_handle_left_alone() -> None:
    kept = holdings()
    (old,) = fill(kept, "a1")
    take_one(kept)
    kept.stays(old)
    again = held("a1", count=2)
    assert kept.add([again]) == []
    assert old.superseded
    assert not again.superseded
    kept.drop(old)
    assert take_one(kept) is again, "what becomes of the old one does not touch it"
    assert kept.add([held("a1", count=3)]) == [], "it is the new one that is known by this id"
    assert again.receive_count == 3


def test_a_message_that_was_handled_and_not_deleted_is_not_run_when_it_comes_back() -> None:
    kept = holdings()
    (message,) = fill(kept, "a1")
    take_one(kept)
    kept.remember(message)
    kept.drop(message)
    again = held("a1")
    assert kept.add([again, held("a2")]) == [again]
    assert kept.was_done(again)
    assert again.state is State.SETTLING
    assert take_one(kept).id == "a2"
    assert kept.take(wait=False) == []


def test_once_its_delete_is_confirmed_a_message_is_forgotten() -> None:
    kept = holdings()
    message = held("a1")
    kept.remember(message)
    kept.forget(message)
    assert not kept.was_done(message)
    assert kept.add([held("a1")]) == []


def test_the_memory_of_handled_messages_is_bounded_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.holdings._REMEMBERED", 3)
    kept = holdings()
    for name in ("a", "b", "c", "a", "d"):
        kept.remember(held(name))
    assert [name for name in "abcd" if kept.was_done(held(name))] == ["a", "c", "d"]


def test_what_comes_after_the_close_is_held_but_not_to_be_run() -> None:
    kept = holdings()
    kept.close()
    late = held("a1")
    assert kept.add([late]) == [late]
    assert not kept.was_done(late)
    assert late.state is State.SETTLING
    assert not kept.empty
    assert kept.take(wait=False) == []


# --- with the handlers


def test_a_handler_takes_one_message_which_then_runs(clock: Clock) -> None:
    kept = holdings()
    first, second = held("a1", at=clock.now), held("a2", at=clock.now)
    kept.add([first, second])
    clock.advance(1)
    assert kept.take(wait=False) == [first]
    assert (first.state, first.started_at, first.thread) == (State.RUNNING, clock.now, threading.get_ident())
    assert second.state is State.WAITING
    assert kept.running == 1


def test_a_handler_waits_for_work() -> None:
    kept = holdings()
    taker = Taker(kept)
    eventually(lambda: taker.waits)
    (message,) = fill(kept, "a1")
    taker.join(5)
    assert taker.taken == [message]


def test_each_message_wakes_a_handler() -> None:
    kept = holdings(3)
    takers = [Taker(kept) for _ in range(3)]
    eventually(lambda: len(kept.work._waiters) == 3)  # type: ignore[attr-defined]
    fill(kept, "a1", "a2", "a3")
    eventually(lambda: not any(taker.is_alive() for taker in takers))
    assert sorted(ids([one for taker in takers for one in taker.taken or []])) == ["a1", "a2", "a3"]


def test_a_handler_that_waits_with_a_timeout_gives_up_after_it() -> None:
    kept = holdings()
    taker = Taker(kept, timeout=0.02)
    taker.join(5)
    assert taker.taken == []


@pytest.mark.parametrize("end", [Holdings.close, Holdings.end_polls])
def test_handlers_that_wait_are_told_when_there_will_never_be_work(end: Callable[[Holdings], object]) -> None:
    kept = holdings(2)
    takers = [Taker(kept), Taker(kept)]
    eventually(lambda: len(kept.work._waiters) == 2)  # type: ignore[attr-defined]
    end(kept)
    eventually(lambda: not any(taker.is_alive() for taker in takers))
    assert [taker.taken for taker in takers] == [[], []]


def test_what_waits_when_polling_ends_is_still_run() -> None:
    kept = holdings()
    fill(kept, "a1")
    kept.end_polls()
    assert not kept.exhausted
    assert take_one(kept).id == "a1"
    assert kept.exhausted


def test_nothing_is_started_once_closed() -> None:
    kept = holdings()
    fill(kept, "a1")
    running = take_one(kept)
    second, third = fill(kept, "b1", "b2")
    assert kept.close() == [second, third]
    assert {second.state, third.state} == {State.SETTLING}
    assert kept.take(wait=True) == []
    assert running.state is State.RUNNING
    assert kept.ending
    assert not kept.empty, "all is held until SQS has confirmed what becomes of it"
    for message in (running, second, third):
        kept.drop(message)
    assert kept.empty


def test_a_message_that_may_be_received_by_others_is_not_started(clock: Clock) -> None:
    kept = holdings()
    outlived, lost, good = (held(name, at=clock.now) for name in ("a", "b", "c"))
    outlived.deadline = clock.now + 5
    lost.lost = True
    kept.add([outlived, lost, good])
    clock.advance(5)
    assert kept.take(wait=False) == [good]
    assert (outlived.state, outlived.lost, lost.state) == (State.SETTLED, True, State.SETTLED)
    assert kept.held(State.WAITING) == []


def test_of_handler_and_watchdog_only_the_first_decides_what_becomes_of_a_message() -> None:
    kept = holdings()
    (message,) = fill(kept, "a1")
    take_one(kept)
    assert kept.claim(message)
    assert not kept.claim(message)


def test_a_handler_that_has_finished_is_free_and_its_time_is_measured(clock: Clock) -> None:
    kept = holdings(4)
    kept.add([held("a1", at=clock.now)])
    message = take_one(kept)
    clock.advance(2)
    assert kept.running == 1
    kept.finish([message])
    assert kept.running == 0
    assert message.state is State.SETTLING
    assert kept.window.capacity == 2, "four handlers, two seconds each"


def test_what_was_settled_before_its_handler_had_finished_stays_settled() -> None:
    kept = holdings()
    fill(kept, "a1")
    message = take_one(kept)
    kept.drop(message)
    kept.finish([message])
    assert message.state is State.SETTLED


def test_it_is_quiet_when_nothing_runs_and_nothing_is_ready_to() -> None:
    kept = holdings()
    seen = [kept.quiet]
    fill(kept, "a1")
    seen.append(kept.quiet)
    message = take_one(kept)
    seen.append(kept.quiet)
    kept.finish([message])
    seen.append(kept.quiet)
    assert seen == [True, False, False, True]
    assert not kept.empty, "it is not settled yet"


def test_a_poll_in_flight_may_still_bring_something() -> None:
    kept = holdings()
    kept.window.polls = 1
    assert not kept.empty
    kept.window.polls = 0
    assert kept.empty


# --- batches


def batched(size: int, window: float, handlers: int = 1) -> Holdings:
    return holdings(handlers, batch=size, batch_window=window)


def test_a_full_batch_is_taken_at_once() -> None:
    kept = batched(3, 60)
    fill(kept, "a1", "a2")
    assert kept.take(wait=False) == []
    fill(kept, "a3", "a4")
    assert ids(kept.take(wait=False)) == ["a1", "a2", "a3"]
    assert kept.running == 1, "one handler has it"
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


def test_a_poll_is_woken_when_a_handler_takes_or_finishes_and_there_is_room() -> None:
    kept = holdings(1)
    fill(kept, "a1")
    woken = threading.Event()

    def wait_for_room() -> None:
        with kept.room:
            kept.room.wait()
        woken.set()

    threading.Thread(target=wait_for_room, daemon=True).start()
    eventually(lambda: kept.room._waiters)  # type: ignore[attr-defined]
    message = take_one(kept)
    never(woken.is_set, 0.02)
    kept.finish([message])
    assert woken.wait(5)


def test_room_is_counted_from_free_handlers_and_what_could_start() -> None:
    kept = holdings(4, fifo=True)
    fill(kept, "a1", "a2", "a3")
    with kept.lock:
        assert kept.may_ask() == 3, "a2 and a3 cannot start"
    take_one(kept)
    with kept.lock:
        assert kept.may_ask() == 3
