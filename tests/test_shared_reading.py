from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from django_sqs.shared_reading import SharedReading


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Counter:
    """Returns 1, 2, 3, ..."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


def test_one_reading_serves_until_its_seconds_are_over() -> None:
    clock, read = Clock(), Counter()
    shared = SharedReading(read, 10, clock=clock)
    assert shared.get() == 1
    clock.now += 9.9
    assert shared.get() == 1
    clock.now += 0.2
    assert shared.get() == 2


def test_the_seconds_count_from_the_end_of_the_reading() -> None:
    clock = Clock()

    def slow_read() -> float:
        clock.now += 60
        return clock.now

    shared = SharedReading(slow_read, 10, clock=clock)
    assert shared.get() == shared.get()


def test_who_asks_during_a_reading_waits_for_that_one() -> None:
    entered, leave = threading.Event(), threading.Event()
    read = Counter()

    def slow_read() -> int:
        entered.set()
        assert leave.wait(10)
        return read()

    shared = SharedReading(slow_read, 10)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(shared.get)
        assert entered.wait(10)
        others = [pool.submit(shared.get) for _ in range(4)]
        # None of them may be done, or have begun a reading, before the first one ends.
        assert not any(future.done() for future in others)
        leave.set()
        assert [future.result(10) for future in (first, *others)] == [1] * 5
    assert read.calls == 1


def test_a_failure_is_raised_to_all_who_wait_and_not_kept() -> None:
    entered, leave = threading.Event(), threading.Event()
    answers: list[Callable[[], int]] = [lambda: 1 // 0, lambda: 7]

    def read() -> int:
        entered.set()
        assert leave.wait(10)
        return answers.pop(0)()

    shared = SharedReading(read, 10)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.get)
        assert entered.wait(10)
        pending = shared._pending
        assert pending is not None
        second = pool.submit(shared.get)
        # The second one waits once it holds the first one's result to come.
        while not pending._condition._waiters:  # type: ignore[attr-defined]
            pass
        leave.set()
        for future in (first, second):
            with pytest.raises(ZeroDivisionError):
                future.result(10)
    assert shared.get() == 7


def test_a_reading_that_is_not_good_is_returned_and_not_kept() -> None:
    shared = SharedReading(Counter(), 10, is_good=lambda value: value > 1)
    assert [shared.get(), shared.get(), shared.get()] == [1, 2, 2]


def test_forget_makes_the_next_one_read_anew() -> None:
    shared = SharedReading(Counter(), 10)
    assert shared.get() == 1
    shared.forget()
    assert shared.get() == 2


def test_a_reading_begun_before_forget_is_not_kept() -> None:
    shared: SharedReading[int]
    read = Counter()

    def forgetful_read() -> int:
        value = read()
        if value == 1:
            shared.forget()
        return value

    shared = SharedReading(forgetful_read, 10)
    assert [shared.get(), shared.get()] == [1, 2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_child_forked_during_a_reading_does_not_wait_for_its_parents_thread() -> None:
    entered, leave = threading.Event(), threading.Event()

    def read() -> int:
        entered.set()
        assert leave.wait(10)
        return 1

    shared = SharedReading(read, 10)
    thread = threading.Thread(target=shared.get)
    thread.start()
    assert entered.wait(10)
    child = os.fork()
    if child == 0:
        # In the child nothing may raise past here: it would run the rest of the tests a second time.
        leave.set()
        # What ends it if it waits after all.
        threading.Timer(10, os._exit, (2,)).start()
        os._exit(0 if shared.get() == 1 else 1)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
