"""Polls: one when the queue is idle, up to eight when handlers would starve."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from django_sqs.receiving.window import MAX_POLLS
from tests.receiving.polling import Polling, hungry
from tests.receiving.support import (
    Clock,
    FakeQueue,
    Gate,
    eventually,
    held,
    ids,
    never,
    raw,
)

# --- what one poll does


def test_a_poll_asks_for_what_the_window_allows_with_the_queue_s_timeout(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=3)
    polling.run()
    assert physical.made("receive") == [(3, 20, 60)]


def test_what_comes_is_held(physical: FakeQueue, clock: Clock) -> None:
    polling = Polling(physical)
    polling.run([raw("a"), raw("b")])
    messages = list(polling.holdings.each_held())
    assert sorted(ids(messages)) == ["a", "b"]
    assert {(message.received_at, message.deadline) for message in messages} == {(clock.now, clock.now + 60)}
    assert polling.polls == [2, 0]


def test_the_hold_on_a_message_counts_from_the_return_of_the_poll(physical: FakeQueue, clock: Clock) -> None:
    def after_a_while() -> list[dict[str, Any]]:
        clock.advance(15)
        return [raw("a")]

    polling = Polling(physical)
    polling.run(after_a_while)
    (message,) = polling.holdings.each_held()
    assert message.received_at == clock.now


def test_the_longest_wait_is_that_of_sqs_and_the_rest_of_the_period_is_slept(
    physical: FakeQueue, paused: Callable[[Polling], list[float]], clock: Clock
) -> None:
    polling = Polling(physical, period=50)
    pauses = paused(polling)

    def in_vain() -> list[dict[str, Any]]:
        clock.advance(20)
        return []

    polling.run(in_vain)
    assert [wait for _, wait, _ in physical.made("receive")] == [20, 20]
    assert pauses == [pytest.approx(30)]


def test_a_short_period_is_the_wait_of_a_poll(
    physical: FakeQueue, paused: Callable[[Polling], list[float]], clock: Clock
) -> None:
    polling = Polling(physical, period=0.5)
    pauses = paused(polling)
    polling.run([])
    assert [wait for _, wait, _ in physical.made("receive")] == [0.5, 0.5]
    assert pauses == [pytest.approx(0.5)], "SQS takes whole seconds: the rest is slept"


def test_a_poll_beside_the_first_does_not_rest(physical: FakeQueue, paused: Callable[[Polling], list[float]]) -> None:
    polling = Polling(physical, period=50)
    pauses = paused(polling)
    polling.holdings.window.polls = 1
    polling.poller._poll(10, 10, False)
    assert pauses == []
    assert [wait for _, wait, _ in physical.made("receive")] == [1]


def test_after_messages_there_is_no_pause(physical: FakeQueue, paused: Callable[[Polling], list[float]]) -> None:
    polling = Polling(physical, handlers=2, period=50)
    pauses = paused(polling)
    polling.run([raw("a")])
    assert pauses == []
    assert [count for count, _, _ in physical.made("receive")] == [2, 1]


def test_what_is_not_to_be_run_is_passed_on(physical: FakeQueue) -> None:
    polling = Polling(physical)
    polling.holdings.remember(held("done"))
    polling.run([raw("done"), raw("new")])
    assert ids(polling.unwanted) == ["done"]


def test_what_a_poll_in_flight_brings_after_the_close_is_passed_on_and_the_polls_end(physical: FakeQueue) -> None:
    polling = Polling(physical)
    gate = Gate([raw("late")])
    physical.answer("receive", gate)
    polling.start()
    assert gate.reached.wait(5)
    polling.holdings.close()
    never(lambda: polling.poller.join(0), 0.02)
    assert not polling.holdings.empty, "a poll is in flight"
    gate.open.set()
    assert polling.poller.join(5)
    assert ids(polling.unwanted) == ["late"]
    assert len(physical.made("receive")) == 1


# --- the window


def test_while_no_handler_is_free_there_is_no_poll(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=1)
    physical.answer("receive", [raw("a")], [raw("b")])
    polling.start()
    eventually(lambda: len(physical.made("receive")) == 1)
    never(lambda: len(physical.made("receive")) > 1, 0.03)
    (message,) = polling.holdings.take(wait=False)
    never(lambda: len(physical.made("receive")) > 1, 0.03)
    polling.holdings.finish([message])
    eventually(lambda: len(physical.made("receive")) == 2)
    polling.end()


def test_an_idle_queue_keeps_one_thread_and_one_poll(physical: FakeQueue) -> None:
    polling = Polling(physical)
    gate = Gate([])
    physical.answer("receive", gate)
    polling.start()
    assert gate.reached.wait(5)
    assert polling.threads == 1
    polling.holdings.close()
    gate.open.set()
    assert polling.poller.join(5)


def test_when_handlers_would_starve_there_are_up_to_eight_polls_of_which_one_waits_long(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=200)
    gates = [Gate([]) for _ in range(MAX_POLLS)]
    physical.answer("receive", *gates)
    hungry(polling)
    polling.start()
    for gate in gates:
        assert gate.reached.wait(5)
    assert polling.threads == MAX_POLLS
    assert sorted(wait for _, wait, _ in physical.made("receive")) == [1] * (MAX_POLLS - 1) + [20]
    assert polling.holdings.window.asked == 80
    polling.holdings.close()
    for gate in gates:
        gate.open.set()
    assert polling.poller.join(5)
    assert polling.holdings.window.asked == 0
    assert polling.holdings.empty


def test_threads_that_are_there_are_used_again(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=200)
    hungry(polling)
    answered = 0
    lock = threading.Lock()

    def answer() -> list[dict[str, Any]]:
        nonlocal answered
        with lock:
            answered += 1
            number = answered
        return [raw(f"m{number}")] if number < 300 else []

    physical.always("receive", answer)
    polling.start()
    eventually(lambda: answered >= 100)
    assert polling.threads <= MAX_POLLS
    polling.end()


def test_all_threads_that_are_there_are_woken_when_handlers_would_starve_again(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=200)
    kept = polling.holdings
    # What comes is never run: a poll that brings something is followed by another, without a rest.
    kept.remember(held("done"))
    gates = [Gate([raw("done")]) for _ in range(2 * MAX_POLLS)]
    physical.answer("receive", *gates)
    hungry(polling)
    polling.start()
    for gate in gates[:MAX_POLLS]:
        assert gate.reached.wait(5)
    with kept.lock:
        kept.window.asked += 1_000  # no more room
    for gate in gates[:MAX_POLLS]:
        gate.open.set()
    eventually(lambda: len(kept.room._waiters) == MAX_POLLS)  # type: ignore[attr-defined]
    with kept.lock:
        kept.window.asked -= 1_000
    hungry(polling)
    for gate in gates[MAX_POLLS:]:
        assert gate.reached.wait(5)
    assert polling.threads == MAX_POLLS
    polling.holdings.close()
    for gate in gates:
        gate.open.set()
    polling.end()


def test_there_are_no_more_threads_than_polls_were_wanted(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=4)
    # What comes is never run, and so the window stays as it is: two polls at a time.
    polling.holdings.remember(held("done"))
    physical.always("receive", lambda: [raw("done")])
    hungry(polling)
    polling.holdings.window._mean = 0.01
    polling.start()
    eventually(lambda: len(physical.made("receive")) > 200)
    assert polling.threads <= 3
    polling.end()


def test_the_measure_of_a_poll_is_its_own_time(physical: FakeQueue, clock: Clock) -> None:
    def in_a_tenth() -> list[dict[str, Any]]:
        clock.advance(0.1)
        return [raw(str(clock.now))]

    polling = Polling(physical)
    polling.run(in_a_tenth, in_a_tenth)
    assert polling.holdings.window.round_trip == pytest.approx(0.1)


def test_a_poll_thread_that_pauses_passes_on_that_there_is_room(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=200)
    kept = polling.holdings
    with kept.lock:
        kept.window.polls = 1
    polling.poller.spawn(lambda: polling.poller._next(0, pause=60))
    eventually(lambda: len(kept.room._waiters) == 1)  # type: ignore[attr-defined]
    physical.always("receive", [])
    polling.start()
    eventually(lambda: len(kept.room._waiters) == 2)  # type: ignore[attr-defined]
    assert physical.calls == [], "the queue seems idle, and its one poll pauses"
    hungry(polling)
    eventually(lambda: physical.calls)
    polling.end()
