"""Whether a queue is empty, for --until-empty."""

from __future__ import annotations

import pytest

from django_sqs.receiving.emptiness import Emptiness
from django_sqs.registered_queue import QueueStatus
from tests.receiving.support import held, holdings, unreachable

NOTHING = QueueStatus(0, 0, 0)


class Looking:
    """An emptiness, what SQS tells it, and what it has reported."""

    def __init__(self) -> None:
        self.status: QueueStatus | Exception = NOTHING
        self.asked = 0
        self.reports: list[bool] = []
        self.holdings = holdings()
        self.emptiness = Emptiness(self._status, self.holdings, self.reports.append)

    def _status(self) -> QueueStatus:
        self.asked += 1
        if isinstance(self.status, Exception):
            raise self.status
        return self.status

    def polls(self, *got: int) -> list[bool]:
        for number in got:
            self.emptiness.after_poll(number)
        return self.reports


@pytest.fixture
def looking() -> Looking:
    return Looking()


def test_a_queue_is_empty_when_two_readings_in_a_row_say_so(looking: Looking) -> None:
    assert looking.polls(0) == []
    assert looking.polls(0) == [True]
    assert looking.polls(0, 0) == [True], "told once"


def test_a_poll_that_brings_messages_needs_no_reading(looking: Looking) -> None:
    assert looking.polls(3, 0, 3, 0) == []
    assert looking.asked == 2


def test_a_queue_that_has_messages_again_is_not_empty_any_more(looking: Looking) -> None:
    assert looking.polls(0, 0, 1) == [True, False]
    assert looking.polls(1, 0) == [True, False], "told once"
    assert looking.polls(0) == [True, False, True]


@pytest.mark.parametrize("status", [QueueStatus(1, 0, 0), QueueStatus(0, 1, 0), QueueStatus(0, 0, 1)])
def test_what_waits_is_in_flight_or_is_delayed_is_still_to_be_done(looking: Looking, status: QueueStatus) -> None:
    looking.status = status
    assert looking.polls(0, 0, 0) == []
    looking.status = NOTHING
    assert looking.polls(0) == []
    assert looking.polls(0) == [True]


def test_a_reading_of_something_begins_the_count_anew(looking: Looking) -> None:
    looking.polls(0)
    looking.status = QueueStatus(0, 1, 0)
    looking.polls(0)
    looking.status = NOTHING
    assert looking.polls(0) == []
    assert looking.polls(0) == [True]


def test_while_something_runs_here_the_queue_is_not_empty(looking: Looking) -> None:
    looking.holdings.add([held("a")])
    assert looking.polls(0, 0, 0) == []
    (message,) = looking.holdings.take(wait=False)
    assert looking.polls(0, 0, 0) == []
    assert looking.asked == 0
    looking.holdings.finish([message])
    assert looking.polls(0, 0) == [True]


def test_a_reading_that_fails_says_nothing(looking: Looking) -> None:
    looking.polls(0)
    looking.status = unreachable()
    assert looking.polls(0, 0) == []
    looking.status = NOTHING
    assert looking.polls(0, 0) == [True]
