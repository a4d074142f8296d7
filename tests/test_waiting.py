from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timezone

import pytest

from django_sqs import waiting
from django_sqs.exceptions import AWSError, DjangoSQSError, EndpointUnreachable, QueueMissing, RequestRefused
from django_sqs.registered_queue import QueueStatus
from django_sqs.status import QueueReading, Snapshot
from django_sqs.waiting import FAILURES, INTERVAL_SECS, READINGS, wait_until_empty

UNREACHABLE = EndpointUnreachable(action="GetQueueUrl", queue="q", detail="refused", endpoint="http://x")


class World:
    """Plays back readings, the last one for ever, on a clock that only sleeping moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.readings: list[int | DjangoSQSError] = []
        self.taken = 0
        monkeypatch.setattr(waiting.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(waiting.time, "sleep", self.sleep)
        monkeypatch.setattr(waiting, "take_snapshot", self.take)

    def sleep(self, seconds: float) -> None:
        assert 0 <= seconds <= INTERVAL_SECS
        self.now += max(seconds, 0.001)
        assert self.now < 1000, "it waits for ever"

    def take(self, destinations: object) -> Snapshot:
        told = self.readings[min(self.taken, len(self.readings) - 1)]
        self.taken += 1
        if isinstance(told, int):
            one = QueueReading(queue="q", suffix=None, full_name="q", counts=QueueStatus(told, 0, 0))
        else:
            one = QueueReading(queue="q", suffix=None, full_name="q", failure=told)
        return Snapshot(readings=(one,), read_at=datetime.now(tz=timezone.utc))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def test_it_ends_when_the_queues_were_empty_for_some_readings_in_a_row(world: World) -> None:
    world.readings = [2, 0, 1, *[0] * READINGS]
    seen: list[int] = []
    assert wait_until_empty([], on_reading=lambda snapshot: seen.append(snapshot.total.total)).total.total == 0
    assert seen == world.readings


@pytest.mark.parametrize("counts", [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
def test_waiting_in_flight_and_delayed_all_count(
    world: World, monkeypatch: pytest.MonkeyPatch, counts: tuple[int, int, int]
) -> None:
    one = QueueReading(queue="q", suffix=None, full_name="q", counts=QueueStatus(*counts))
    left = Snapshot(readings=(one,), read_at=datetime.now(tz=timezone.utc))
    monkeypatch.setattr(waiting, "take_snapshot", lambda destinations: left)
    assert wait_until_empty([], timeout=5) is left


def test_it_ends_at_the_timeout_with_what_is_left(world: World) -> None:
    world.readings = [7]
    assert wait_until_empty([], timeout=10.5).total.total == 7
    assert world.now == pytest.approx(10.5, abs=0.01)


def test_a_timeout_of_zero_looks_once(world: World) -> None:
    world.readings = [7]
    wait_until_empty([], timeout=0)
    assert world.taken == 1


def test_an_empty_queue_is_confirmed_even_past_a_short_timeout(world: World) -> None:
    world.readings = [0]
    assert wait_until_empty([], timeout=0.1).total.total == 0
    assert world.taken == READINGS


def test_messages_that_come_during_the_confirmation_end_it_at_the_timeout(world: World) -> None:
    world.readings = [0, 0, 5]
    assert wait_until_empty([], timeout=0.1).total.total == 5


@pytest.mark.parametrize("failure", [UNREACHABLE, QueueMissing(queue="q")])
def test_a_first_reading_that_fails_is_raised(world: World, failure: AWSError) -> None:
    world.readings = [failure]
    with pytest.raises(type(failure)):
        wait_until_empty([])
    assert world.taken == 1


def test_an_outage_in_between_is_logged_and_sat_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.readings = [3, *[UNREACHABLE] * (FAILURES - 1), 0]
    with caplog.at_level(logging.WARNING, "django_sqs"):
        assert wait_until_empty([]).total.total == 0
    assert len(caplog.records) == FAILURES - 1
    assert caplog.records[0].__dict__["queue"] == "q"


def test_an_empty_reading_before_an_outage_does_not_count(world: World) -> None:
    world.readings = [1, 0, UNREACHABLE, 0, 0, 0, 0]
    wait_until_empty([])
    assert world.taken == 3 + READINGS


def test_an_outage_that_lasts_is_raised(world: World) -> None:
    world.readings = [3, *[UNREACHABLE] * FAILURES]
    with pytest.raises(EndpointUnreachable):
        wait_until_empty([])


def test_an_outage_at_the_timeout_returns_what_was_read(world: World) -> None:
    world.readings = [3, UNREACHABLE]
    assert wait_until_empty([], timeout=2.5).failed


def test_a_fault_that_will_not_pass_is_raised_at_once(world: World) -> None:
    world.readings = [3, RequestRefused(action="GetQueueAttributes", queue="q", detail="no")]
    with pytest.raises(RequestRefused):
        wait_until_empty([])


def test_on_reading_gets_only_what_could_be_read(world: World) -> None:
    world.readings = [3, UNREACHABLE, 0]
    seen: list[Snapshot] = []
    append: Callable[[Snapshot], None] = seen.append
    wait_until_empty([], on_reading=append)
    assert all(not snapshot.failed for snapshot in seen)
