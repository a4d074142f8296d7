"""The one place for the state of every held message."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from django_sqs.receiving.held import State
from django_sqs.receiving.holdings import Holdings
from tests.receiving.holding import Taker, fill, take_one
from tests.receiving.support import Clock, eventually, held, holdings, ids

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


def test_a_message_whose_delete_was_confirmed_is_not_run_when_it_comes_back_either() -> None:
    kept = holdings()
    (message,) = fill(kept, "a1")
    take_one(kept)
    kept.deleted([message])
    assert kept.empty
    again = held("a1")
    assert kept.add([again]) == [again]
    assert kept.was_done(again)


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


def test_a_handler_that_waits_with_a_timeout_gives_up_after_it_and_not_before() -> None:
    kept = holdings()
    taker = Taker(kept, timeout=0.02)
    taker.join(5)
    assert taker.taken == []
    taker = Taker(kept, timeout=5)
    eventually(lambda: taker.waits)
    fill(kept, "a1")
    taker.join(5)
    assert ids(taker.taken or []) == ["a1"]


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
