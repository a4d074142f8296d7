"""Receivers that run past their timeout."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from django_sqs.exceptions import ReceiverTimeout
from django_sqs.receiving import database, watchdog
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.watchdog import Watchdog
from tests.receiving.support import Clock, Gate, Ticks, held, holdings, no_deaths


class Watched:
    """A watchdog over handlers; it settles into a list."""

    name = "test__jobs"

    def __init__(self, clock: Clock, timeout: float) -> None:
        self.clock = clock
        self.holdings = holdings(4)
        #: What was done, in order.
        self.done: list[str] = []
        self.results: list[tuple[HeldMessage, BaseException | None]] = []
        runner: Any = self
        self.watchdog = Watchdog(runner, self.holdings, timeout, lambda: self.done.append("told"), no_deaths)

    def settle(self, results: Sequence[tuple[HeldMessage, BaseException | None]]) -> None:
        """In the place of the runner's."""
        self.done.append("settled")
        for message, error in results:
            if self.holdings.claim(message):
                self.results.append((message, error))

    def running(self, *names: str) -> list[HeldMessage]:
        self.holdings.add([held(name, at=self.clock.now) for name in names])
        return [message for _ in names for message in self.holdings.take(wait=False)]

    def look(self, after: float) -> None:
        self.clock.advance(after)
        self.watchdog._stopped = Ticks(1)
        self.watchdog._loop()


@pytest.fixture
def watched(clock: Clock) -> Watched:
    return Watched(clock, 5)


def test_a_receiver_past_its_timeout_has_failed_and_the_process_makes_way_first(watched: Watched) -> None:
    late, _ = watched.running("late", "waiting")
    watched.look(after=4.9)
    assert watched.done == []
    (younger,) = watched.running("younger")
    watched.look(after=0.2)
    assert watched.done == ["told", "settled"], "no new starts before the outcome is known"
    assert [message.id for message, _ in watched.results] == ["late", "waiting"]
    error = watched.results[0][1]
    assert isinstance(error, ReceiverTimeout)
    assert error.timeout == 5
    assert late.judged
    assert not younger.judged


def test_a_receiver_is_late_once(watched: Watched) -> None:
    watched.running("late")
    watched.look(after=6)
    watched.look(after=6)
    assert watched.done == ["told", "settled"]


def test_what_is_decided_already_is_not_late(watched: Watched) -> None:
    (message,) = watched.running("done")
    watched.holdings.claim(message)
    watched.look(after=6)
    assert watched.done == []


def test_what_waits_in_the_buffer_or_is_settled_is_not_late(watched: Watched) -> None:
    watched.holdings.add([held("waiting", at=watched.clock.now)])
    watched.look(after=6)
    (message,) = watched.running("done")
    watched.holdings.finish([message])
    watched.look(after=6)
    assert watched.done == []


def hang(gate: Gate, watched: Watched, taken: list[HeldMessage]) -> None:
    taken += watched.running("stuck")
    gate()


def test_the_stack_of_its_thread_tells_where_a_receiver_was(watched: Watched) -> None:
    gate = Gate()
    taken: list[HeldMessage] = []
    thread = threading.Thread(target=hang, args=(gate, watched, taken), daemon=True)
    thread.start()
    assert gate.reached.wait(5)
    watched.look(after=6)
    gate.open.set()
    thread.join(5)
    ((_, error),) = watched.results
    assert isinstance(error, ReceiverTimeout)
    assert "in hang" in error.stack
    assert "gate()" in error.stack


def test_a_thread_that_is_gone_has_no_stack(watched: Watched) -> None:
    (message,) = watched.running("late")
    message.thread = -1
    watched.look(after=6)
    ((_, error),) = watched.results
    assert isinstance(error, ReceiverTimeout)
    assert error.stack == ""


def test_the_connections_that_settling_used_are_closed(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "close_all", lambda: watched.done.append("closed"))
    watched.running("late")
    watched.look(after=6)
    assert watched.done == ["told", "settled", "closed"]


@pytest.mark.parametrize(("timeout", "look"), [(100, 1.0), (5, 0.5), (0.1, 0.01)])
def test_it_looks_every_second_and_more_often_where_the_timeout_is_short(
    clock: Clock, timeout: float, look: float
) -> None:
    watched = Watched(clock, timeout)
    ticks = watched.watchdog._stopped = Ticks(2)
    watched.watchdog._loop()
    assert ticks.waits == [pytest.approx(look)] * 3


def test_it_ends_when_it_is_stopped(clock: Clock) -> None:
    watched = Watched(clock, 5)
    watched.watchdog.start()
    watched.watchdog.stop()
    assert watched.watchdog.join(5)
    assert watchdog._LOOK_SECS == 1.0
