"""A queue that gives nothing because too many of its messages are in flight is told of."""

from __future__ import annotations

import pytest

from django_sqs.receiving.silence import IN_FLIGHT_LIMIT, LOOK_AFTER_POLLS, Silence
from django_sqs.registered_queue import QueueStatus
from tests.receiving.support import actions, unreachable


class Silent:
    """A silence, and what SQS tells it."""

    def __init__(self, **options: int) -> None:
        self.in_flight: int | Exception = IN_FLIGHT_LIMIT
        self.asked = 0
        self.silence = Silence("q", self._status, **options)

    def _status(self) -> QueueStatus:
        self.asked += 1
        if isinstance(self.in_flight, Exception):
            raise self.in_flight
        return QueueStatus(0, self.in_flight, 0)

    def polls(self, *got: int) -> None:
        for number in got:
            self.silence.after_poll(number)


def test_many_polls_in_a_row_must_have_brought_nothing_before_the_queue_is_looked_at() -> None:
    silent = Silent()
    silent.polls(*[0] * (LOOK_AFTER_POLLS - 1))
    assert silent.asked == 0
    silent.polls(0)
    assert silent.asked == 1
    silent.polls(*[0] * (LOOK_AFTER_POLLS - 1))
    assert silent.asked == 1
    silent.polls(1, *[0] * (LOOK_AFTER_POLLS - 1))
    assert silent.asked == 1, "a message in between counts"


def test_a_queue_that_is_full_of_messages_in_flight_is_told_of_once_and_so_is_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    silent = Silent(polls=2)
    silent.polls(0, 0, 0, 0)
    assert silent.asked == 2
    (record,) = caplog.records
    assert record.message.startswith("q: nothing is received, and that is no sign of an empty queue: 120000 of")
    silent.polls(1, 1)
    assert actions(caplog.records) == ["in_flight_limit"] * 2
    assert "not held up" in caplog.records[1].message


def test_that_it_is_over_is_seen_without_a_message_too(caplog: pytest.LogCaptureFixture) -> None:
    silent = Silent(polls=1)
    silent.polls(0)
    silent.in_flight = 0
    silent.polls(0)
    assert len(caplog.records) == 2


@pytest.mark.parametrize(("in_flight", "told"), [(0, 0), (97, 0), (98, 1), (100, 1)])
def test_near_the_limit_is_at_the_limit(in_flight: int, told: int, caplog: pytest.LogCaptureFixture) -> None:
    silent = Silent(polls=1, limit=100)
    silent.in_flight = in_flight
    silent.polls(0)
    assert len(caplog.records) == told


def test_a_look_that_fails_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    silent = Silent(polls=1)
    silent.in_flight = unreachable()
    silent.polls(0, 0)
    assert caplog.records == []
    silent.in_flight = IN_FLIGHT_LIMIT
    silent.polls(0)
    assert len(caplog.records) == 1
