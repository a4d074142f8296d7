"""What may be asked for: never more than can soon start."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.receiving.window import MAX_POLLS, MAX_WINDOW, Window
from tests.receiving.support import Clock


def window(handlers: int = 4, *, mean: float | None = None, round_trip: float | None = None, unit: int = 1) -> Window:
    """A window that has seen a mean handling time and a round trip, and whose last poll brought messages."""
    made = Window(handlers, unit)
    if mean is not None:
        made.handled(mean)
    made.hot = True
    if round_trip is not None:
        made.polled(0, 1, round_trip)
    return made


def ask_all(asked: Window, free: int, buffered: int = 0, held_up: int = 0) -> list[int]:
    """Poll as long as another poll is allowed."""
    polls = []
    while count := asked.may_ask(free, buffered, held_up):
        asked.polls += 1
        asked.asked += count
        polls.append(count)
    return polls


def test_the_first_poll_asks_for_exactly_the_handlers_that_are_free() -> None:
    assert ask_all(Window(4), free=3) == [3]


def test_one_poll_asks_for_no_more_than_sqs_gives() -> None:
    assert ask_all(Window(40), free=40) == [10]


def test_slow_messages_are_not_fetched_ahead() -> None:
    slow = window(handlers=4, mean=2.0, round_trip=0.05)
    assert slow.may_ask(free=0, buffered=0) == 0
    assert slow.may_ask(free=2, buffered=0) == 2
    assert slow.may_ask(free=2, buffered=1) == 1
    assert slow.may_ask(free=2, buffered=3) == 0


def test_slow_messages_are_asked_for_by_one_poll_at_a_time() -> None:
    assert ask_all(window(handlers=4, mean=2.0), free=4) == [4]


def test_fast_messages_are_asked_for_in_full_batches_as_far_as_they_soon_start() -> None:
    # 4 free, and 400 a second for 1.5 round trips of 0.02 s are 12 more: 16, rounded up to 20.
    assert ask_all(window(handlers=4, mean=0.01, round_trip=0.02), free=4) == [10, 10]


def test_what_waits_in_the_buffer_is_asked_for_no_more() -> None:
    fast = window(handlers=4, mean=0.01, round_trip=0.02)
    assert ask_all(fast, free=4, buffered=5) == [10]
    assert ask_all(window(handlers=4, mean=0.01, round_trip=0.02), free=4, buffered=11) == []


def test_the_faster_the_handlers_and_the_longer_the_way_the_more_is_asked_for() -> None:
    assert sum(ask_all(window(handlers=4, mean=0.005, round_trip=0.02), free=0)) == 30
    assert sum(ask_all(window(handlers=4, mean=0.01, round_trip=0.1), free=0)) == 60


def test_ten_messages_that_take_a_second_are_on_the_slow_side() -> None:
    assert ask_all(window(handlers=1, mean=0.1), free=1) == [1]
    assert ask_all(window(handlers=1, mean=0.099), free=1) == [10]


def test_an_idle_queue_is_asked_by_one_poll() -> None:
    idle = window(handlers=4, mean=0.001, round_trip=0.1)
    idle.hot = False
    assert ask_all(idle, free=4) == [10]


def test_there_are_never_more_than_eight_polls() -> None:
    assert len(ask_all(window(handlers=200, mean=0.0001, round_trip=1.0), free=200)) == MAX_POLLS


def test_a_poll_that_brought_messages_lets_others_in_and_one_without_shuts_them_out() -> None:
    fast = window(handlers=4, mean=0.001, round_trip=0.1)
    fast.polls = 1
    fast.polled(0, 0, 1.0)
    assert fast.may_ask(4, 0) == 0
    fast.polled(0, 3, 0.1)
    assert fast.may_ask(4, 0) == 10


def test_the_answer_of_a_poll_gives_back_what_it_asked_for() -> None:
    asked = Window(4)
    asked.asked = 20
    asked.polled(10, 3, 0.1)
    assert asked.asked == 10


def test_only_a_poll_that_cannot_have_waited_measures_the_round_trip() -> None:
    measured = Window(1)
    first_guess = measured.round_trip
    measured.polled(1, 1, 9.0)
    assert measured.round_trip == first_guess, "it may have waited for its message"
    measured.polled(1, 0, 9.0)
    assert measured.round_trip == first_guess, "it has waited in vain"
    measured.polled(1, 1, 9.0)
    measured.polled(1, 1, 0.3)
    measured.polled(1, 1, 0.2)
    assert measured.round_trip == 0.2, "the shortest is that of the way alone"


def test_a_round_trip_of_long_ago_is_forgotten() -> None:
    measured = window(round_trip=0.001)
    for _ in range(16):
        measured.polled(0, 1, 0.5)
    assert measured.round_trip == 0.5


def test_capacity_is_what_the_handlers_can_do_and_not_what_they_did() -> None:
    measured = Window(5)
    assert measured.capacity == 0
    measured.handled(0.5)
    assert measured.capacity == pytest.approx(10)
    measured.handled(1.0)
    assert measured.capacity == pytest.approx(5 / 0.55), "the newest counts a tenth"


def test_handling_that_takes_no_time_is_no_division_by_zero() -> None:
    assert window(handlers=1, mean=0.0).may_ask(1, 0) == 10


def test_a_handler_of_batches_takes_that_many_at_once() -> None:
    assert ask_all(Window(1, unit=25), free=1) == [10]
    # 25 free, and 50 a second for 1.5 round trips of 0.1 s are 7.5 more: rounded up to 40.
    assert ask_all(window(handlers=1, unit=25, mean=0.5, round_trip=0.1), free=1) == [10, 10, 10, 10]


def test_large_batches_may_be_gathered_whole() -> None:
    gathering = window(handlers=2, unit=100, mean=0.5, round_trip=0.1)
    assert gathering.may_ask(free=2, buffered=150) == 10
    assert gathering.may_ask(free=2, buffered=200) == 0


def test_what_its_group_holds_up_takes_room_too() -> None:
    fast = window(handlers=4, mean=0.001, round_trip=0.1)
    assert fast.may_ask(free=4, buffered=0, held_up=MAX_WINDOW) == 0
    assert fast.may_ask(free=4, buffered=40, held_up=60) == 0
    assert fast.may_ask(free=4, buffered=0, held_up=60) == 10


def test_handlers_are_not_starved_by_what_its_group_holds_up() -> None:
    assert Window(4).may_ask(free=3, buffered=0, held_up=30) == 3


# --- what the processor can do


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("django_sqs.receiving.window.time", clock)
    return clock


def busy_window(
    clock: Clock, cpu: float, passed: float, waited: float, *, got: int = 10, worked: float = 0.001, **of: Any
) -> Window:
    """A window with handlers that take no time, whose polls bring `got` messages each `passed` seconds, wait for
    `waited` of them, work for `worked`, and cost the process `cpu` in seconds."""
    made = window(mean=1e-5, **of)
    poll(made, clock, cpu, passed, waited, got=got, worked=worked)
    return made


def poll(
    of: Window, clock: Clock, cpu: float, passed: float, waited: float, *, got: int = 10, worked: float, times: int = 5
) -> None:
    for _ in range(times):
        clock.advance(passed)
        clock.used += cpu
        of.polled(0, got, waited + worked, worked=worked)


def test_no_more_polls_than_keep_the_processor_busy(clock: Clock) -> None:
    # 5,000 messages a second for 1.5 times 15 ms are 112: more than eight polls bring.
    assert len(ask_all(busy_window(clock, cpu=0.002, passed=0.002, waited=0.015), free=4)) == MAX_POLLS
    # For 1.5 times 3 ms they are 23, ...
    assert ask_all(busy_window(clock, cpu=0.002, passed=0.002, waited=0.003), free=4) == [10, 10, 10]
    # ... and where SQS is as near as can be, one poll at a time is best, and it goes on while others wait to be run.
    near = busy_window(clock, cpu=0.002, passed=0.002, waited=0.0005)
    assert ask_all(near, free=1) == [10]
    near.polls = 0
    assert near.may_ask(1, buffered=10) == 10
    near.polls, near.asked = 0, 0
    assert near.may_ask(1, buffered=21) == 0


def test_what_a_poll_does_itself_is_nothing_that_another_could_fill(clock: Clock) -> None:
    made = busy_window(clock, cpu=0.01, passed=0.01, waited=0.0005, worked=0.0095)
    assert ask_all(made, free=1) == [10]


def test_code_that_lets_go_of_the_lock_may_use_several_processors(clock: Clock) -> None:
    # 20 ms of CPU time in 5 ms: 2,000 messages a second are possible, not 500.
    made = busy_window(clock, cpu=0.02, passed=0.005, waited=0.03)
    assert len(ask_all(made, free=4)) == MAX_POLLS
    assert len(ask_all(busy_window(clock, cpu=0.02, passed=0.02, waited=0.03), free=4)) == 3


def test_what_the_processor_was_used_for_long_ago_is_forgotten(clock: Clock) -> None:
    made = busy_window(clock, cpu=1.0, passed=1.0, waited=0.015)
    assert len(ask_all(made, free=1)) == 1
    made.polls = made.asked = 0
    poll(made, clock, cpu=0.002, passed=0.002, waited=0.015, worked=0.001, times=16)
    assert len(ask_all(made, free=1)) == MAX_POLLS


def test_polls_that_bring_little_are_as_many_as_the_processor_can_follow_up(clock: Clock) -> None:
    made = busy_window(clock, cpu=0.002, passed=0.002, waited=0.015, got=1)
    assert len(ask_all(made, free=4)) == MAX_POLLS


def test_large_batches_may_be_gathered_whole_where_the_processor_is_the_bound(clock: Clock) -> None:
    gathering = busy_window(clock, cpu=0.002, passed=0.002, waited=0.0005, handlers=1, unit=100)
    assert gathering.may_ask(free=1, buffered=90) == 10
    assert gathering.may_ask(free=1, buffered=100) == 0


def test_handlers_that_take_longer_than_the_processor_are_what_is_asked_for(clock: Clock) -> None:
    made = busy_window(clock, cpu=0.002, passed=0.002, waited=0.0005)
    for _ in range(200):
        made.handled(0.01)
    # As if the processor were not looked at: 4 free, and 400 a second for 1.5 round trips.
    assert ask_all(made, free=4) == [10]
    assert ask_all(window(handlers=4, mean=0.01, round_trip=0.02), free=4) == [10, 10]


@given(
    handlers=st.integers(1, 300),
    unit=st.integers(1, 200),
    mean=st.none() | st.floats(0, 100),
    round_trip=st.floats(0.0001, 5),
    busy=st.integers(0, 300),
    buffered=st.integers(0, 500),
    held_up=st.integers(0, 500),
)
def test_what_is_held_and_asked_for_never_grows_past_the_window(
    handlers: int, unit: int, mean: float | None, round_trip: float, busy: int, buffered: int, held_up: int
) -> None:
    asked = window(handlers, unit=unit, mean=mean, round_trip=round_trip)
    polls = ask_all(asked, max(0, handlers - busy), buffered, held_up)
    most = max(MAX_WINDOW, handlers * unit)
    assert asked.asked == sum(polls)
    assert all(1 <= count <= 10 for count in polls)
    assert len(polls) <= MAX_POLLS
    if polls:
        assert buffered + held_up + asked.asked < most + 10
        assert buffered + held_up + asked.asked <= most or most % 10 or held_up
