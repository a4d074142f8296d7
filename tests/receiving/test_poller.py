"""Polls: one when the queue is idle, up to eight when handlers would starve."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.poller import Poller
from django_sqs.receiving.quota import Quota
from django_sqs.receiving.window import MAX_POLLS
from tests.receiving.support import (
    Clock,
    FakeQueue,
    Gate,
    actions,
    eventually,
    held,
    holdings,
    ids,
    never,
    no_deaths,
    raw,
    unreachable,
)


class Allowance(Quota):
    """Grants from a list, and then everything; notes what is settled."""

    def __init__(self, *grants: int) -> None:
        self.grants = list(grants)
        self.asked: list[int] = []
        self.settled: list[tuple[int, int]] = []

    def reserve(self, count: int) -> int:
        self.asked.append(count)
        return self.grants.pop(0) if self.grants else count

    def settle(self, reserved: int, received: int) -> None:
        self.settled.append((reserved, received))


class Polling:
    """A poller, and all that it tells others."""

    def __init__(self, physical: FakeQueue, handlers: int = 10, period: float = 20, quota: Quota | None = None) -> None:
        self.physical = physical
        self.holdings: Holdings = holdings(handlers)
        self.unwanted: list[HeldMessage] = []
        self.polls: list[int] = []
        self.quota = quota if quota is not None else Allowance()
        self.poller = Poller(
            physical,
            self.holdings,
            visibility_timeout=60,
            poll_period=period,
            quota=self.quota,
            unwanted=self.unwanted.append,
            after_poll=self.polls.append,
            on_death=no_deaths,
        )

    def run(self, *answers: Any) -> None:
        """Poll, in this thread, until these answers have come."""
        self.physical.answer("receive", *answers)
        self.physical.always("receive", lambda: self.holdings.end_polls())
        self.poller._loop()

    def start(self) -> None:
        self.poller.start()

    def end(self) -> None:
        self.holdings.close()
        assert self.poller.join(5)

    @property
    def threads(self) -> int:
        return len(self.poller._threads)


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[[Polling], list[float]]:
    """Makes the pauses of a poller pass at once, and notes them."""

    def note(polling: Polling) -> list[float]:
        pauses: list[float] = []

        def wait(timeout: float | None = None) -> bool:
            assert timeout is not None, "the poller waits for room"
            pauses.append(timeout)
            clock.advance(timeout)
            return False

        monkeypatch.setattr(polling.holdings.room, "wait", wait)
        return pauses

    return note


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


def hungry(polling: Polling) -> None:
    """Handlers that are fast, and a queue that gave messages just now."""
    with polling.holdings.lock:
        polling.holdings.window.handled(0.001)
        polling.holdings.window.hot = True
        polling.holdings.offer_room()


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


def test_the_measure_of_a_poll_is_its_own_time(physical: FakeQueue, clock: Clock) -> None:
    def in_a_tenth() -> list[dict[str, Any]]:
        clock.advance(0.1)
        return [raw(str(clock.now))]

    polling = Polling(physical)
    polling.run(in_a_tenth, in_a_tenth)
    assert polling.holdings.window.round_trip == pytest.approx(0.1)


# --- failures


@pytest.mark.usefixtures("no_jitter")
def test_an_outage_is_waited_out_and_told_once(
    physical: FakeQueue, paused: Callable[[Polling], list[float]], caplog: pytest.LogCaptureFixture
) -> None:
    polling = Polling(physical)
    pauses = paused(polling)
    polling.run(unreachable(), unreachable(), [raw("a")])
    assert pauses == [pytest.approx(0.5), pytest.approx(0.5)]
    assert actions(caplog.records) == ["outage", "recovered"]
    assert polling.polls == [1, 0], "a poll that failed says nothing of the queue"
    assert ids(list(polling.holdings.each_held())) == ["a"]


def test_during_an_outage_there_is_one_poll_at_a_time(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=200)
    physical.always("receive", unreachable())
    hungry(polling)
    polling.start()
    eventually(lambda: physical.made("receive"))
    eventually(lambda: polling.holdings.window.asked == 0)
    with polling.holdings.lock:
        assert not polling.holdings.window.hot
        assert polling.holdings.may_ask() == 0, "the poll that failed keeps its place while it waits"
    polling.end()


def test_a_pause_ends_at_once_when_polling_ends(physical: FakeQueue) -> None:
    polling = Polling(physical, period=3_600)
    polling.start()
    eventually(lambda: polling.polls)
    polling.end()
    assert polling.holdings.empty


# --- the message limit


def test_only_what_is_granted_is_asked_for_and_what_came_is_told(physical: FakeQueue) -> None:
    quota = Allowance(4)
    polling = Polling(physical, quota=quota)
    polling.run([raw("a"), raw("b")])
    assert quota.asked == [10, 8]
    assert [count for count, _, _ in physical.made("receive")] == [4, 8]
    assert quota.settled == [(4, 2), (8, 0)]
    assert polling.holdings.window.asked == 0


def test_what_a_failed_poll_had_reserved_is_given_back(
    physical: FakeQueue, paused: Callable[[Polling], list[float]]
) -> None:
    quota = Allowance()
    polling = Polling(physical, quota=quota)
    paused(polling)
    polling.run(unreachable())
    assert quota.settled == [(10, 0), (10, 0)]


def test_where_nothing_is_granted_it_is_asked_again_soon(
    physical: FakeQueue, paused: Callable[[Polling], list[float]]
) -> None:
    quota = Allowance(0, 0)
    polling = Polling(physical, quota=quota)
    pauses = paused(polling)
    polling.run()
    assert quota.asked == [10, 10, 10]
    assert pauses == [pytest.approx(0.2)] * 2
    assert len(physical.made("receive")) == 1
    assert polling.polls == [0]


def test_messages_are_held_before_it_is_told_that_they_came(physical: FakeQueue) -> None:
    """Or the supervisor could end a receiver whose last messages nobody is there to run."""
    quota = Allowance()
    polling = Polling(physical, quota=quota)
    seen: list[bool] = []
    quota.settle = lambda reserved, received: seen.append(polling.holdings.quiet)  # type: ignore[method-assign]
    polling.run([raw("a")])
    assert seen[0] is False


def test_it_ends_when_polling_ends_without_having_polled(physical: FakeQueue) -> None:
    polling = Polling(physical)
    polling.holdings.end_polls()
    polling.poller._loop()
    assert physical.calls == []
