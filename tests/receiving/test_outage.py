"""Waiting out failures of AWS: told once, retried with back-off."""

from __future__ import annotations

import logging
from itertools import pairwise

import pytest

from django_sqs.exceptions import AWSError, Throttled
from django_sqs.receiving.outage import MAX_WAIT_SECS, Outage
from tests.receiving.support import Clock, actions, unreachable

logger = logging.getLogger("django_sqs.receiving")


@pytest.fixture
def outage() -> Outage:
    return Outage(logger, "q", "receiving")


def throttled() -> AWSError:
    return Throttled(action="ReceiveMessage", queue="q", detail="too fast")


def tries(outage: Outage, clock: Clock, seconds: float) -> list[float]:
    """When calls are tried, each failing at once, in an outage of so many seconds; and the first one after it."""
    started = clock.now
    times = []
    while clock.now - started < seconds:
        wait = outage.failed(unreachable())
        times.append(clock.now - started)
        clock.advance(wait)
    return [*times, clock.now - started]


@pytest.mark.parametrize("lasted", [1, 5, 20, 100])
def test_the_end_of_an_outage_is_noticed_within_a_quarter_of_the_time_that_it_lasted(
    outage: Outage, clock: Clock, lasted: float
) -> None:
    assert tries(outage, clock, lasted)[-1] - lasted <= max(0.5, lasted * 0.25)


def test_after_twenty_seconds_the_next_try_is_within_five(outage: Outage, clock: Clock) -> None:
    outage.failed(unreachable())
    clock.advance(20)
    assert max(outage.failed(unreachable()) for _ in range(50)) <= 4
    assert tries(Outage(logger, "q", "x"), clock, 20)[-1] <= 25


@pytest.mark.usefixtures("no_jitter")
def test_waits_grow_exponentially_from_half_a_second_to_a_minute(outage: Outage, clock: Clock) -> None:
    times = tries(outage, clock, 3_600)
    waits = [round(later - earlier, 6) for earlier, later in pairwise(times)]
    assert waits[0] == 0.5
    assert waits == sorted(waits)
    growing = [wait for wait in waits if 0.5 < wait < MAX_WAIT_SECS]
    assert all(later / earlier == pytest.approx(1.2) for earlier, later in pairwise(growing))
    assert waits[-1] == MAX_WAIT_SECS == 60
    assert len(times) < 100, "an hour takes few tries"


def test_waits_differ_so_that_processes_do_not_come_back_together(outage: Outage, clock: Clock) -> None:
    outage.failed(unreachable())
    clock.advance(100)
    waits = [outage.failed(unreachable()) for _ in range(50)]
    assert all(10 <= wait <= 20 for wait in waits)
    assert len(set(waits)) > 10


def test_a_new_outage_begins_with_short_waits(outage: Outage, clock: Clock) -> None:
    outage.failed(unreachable())
    clock.advance(1_000)
    outage.ended()
    assert outage.failed(unreachable()) <= 0.5


def test_each_change_of_state_is_told_once(outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    outage.ended()
    assert caplog.records == []
    for _ in range(5):
        outage.failed(unreachable())
        clock.advance(2)
    outage.ended()
    outage.ended()
    assert [(record.levelno, record.getMessage().split(" (")[0]) for record in caplog.records] == [
        (
            logging.ERROR,
            "q: receiving fails and will be tried again: SQS does not answer at http://nowhere",
        ),
        (logging.WARNING, "q: receiving works again after 10.0 s."),
    ]
    assert actions(caplog.records) == ["outage", "recovered"]


def test_another_kind_of_failure_is_news_and_no_new_outage(
    outage: Outage, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (unreachable(), unreachable(), throttled(), throttled()):
        outage.failed(error)
        clock.advance(10)
    assert len(caplog.records) == 2
    assert "too fast" in caplog.records[1].getMessage()
    assert min(outage.failed(throttled()) for _ in range(5)) >= 4, "it has lasted for 40 s"
