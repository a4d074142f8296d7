"""The life cycle that the parts of a receiver share."""

from __future__ import annotations

import threading
import time

import pytest

from django_sqs.receiving.part import Part
from tests.receiving.support import Deaths, eventually, no_deaths


def test_what_escapes_a_thread_is_logged_and_the_owner_is_told(caplog: pytest.LogCaptureFixture) -> None:
    deaths = Deaths()
    part = Part("q", deaths)

    def fail() -> None:
        raise SystemExit("not even this ends a thread in silence")

    part.spawn(fail)
    assert part.join(5)
    assert deaths == [part]
    (record,) = caplog.records
    assert record.message.startswith("q: the part died; the process will be replaced.")
    assert record.exc_info
    assert record.__dict__["action"] == "died"


def test_a_thread_that_ends_is_no_death() -> None:
    part = Part("q", no_deaths)
    part.spawn(lambda: None)
    assert part.join(5)


def test_its_threads_have_names_and_hold_no_process_up() -> None:
    part = Part("q", no_deaths)
    names: list[tuple[str, bool]] = []

    def look() -> None:
        thread = threading.current_thread()
        names.append((thread.name, thread.daemon))

    part.spawn(look)
    part.spawn(look)
    assert part.join(5)
    assert sorted(names) == [("sqs-part-1", True), ("sqs-part-2", True)]


def test_a_join_waits_no_longer_than_it_should_however_many_threads_are_stuck() -> None:
    part = Part("q", no_deaths)
    done = threading.Event()

    def wait() -> None:
        done.wait(10)

    for _ in range(20):
        part.spawn(wait)
    started = time.monotonic()
    assert not part.join(0.05)
    assert time.monotonic() - started < 0.5
    done.set()
    eventually(lambda: part.join(1))


def test_a_part_must_say_how_it_starts() -> None:
    with pytest.raises(NotImplementedError):
        Part("q", no_deaths).start()


def test_a_part_that_ends_with_the_holdings_has_nothing_to_stop() -> None:
    part = Part("q", no_deaths)
    part.stop()
    assert part.join(0)
