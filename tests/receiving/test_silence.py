"""A queue that is silent because too much of it is in flight is told of, once."""

from __future__ import annotations

import logging

import pytest

from django_sqs.aws.errors import translated
from django_sqs.exceptions import InFlightLimit, ServiceFault
from django_sqs.receiving import silence
from django_sqs.receiving.silence import Silence
from django_sqs.registered_queue import QueueStatus


class Queue:
    """Counts how often it is looked at."""

    def __init__(self, in_flight: int = 0) -> None:
        self.in_flight = in_flight
        self.looks = 0

    def status(self) -> QueueStatus:
        self.looks += 1
        return QueueStatus(5, self.in_flight, 0)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.action == "in_flight_limit"]  # type: ignore[attr-defined]


def test_one_look_in_sixty_polls_and_a_warning_near_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(in_flight=117_600)
    watcher = Silence("q", queue.status)
    for _ in range(59):
        watcher.after_poll(0)
    assert queue.looks == 0
    watcher.after_poll(0)
    assert queue.looks == 1
    (warning,) = told(caplog)
    assert "117600 of its messages are in flight" in warning
    assert "near 120000 SQS gives no more" in warning
    assert caplog.records[0].levelno == logging.WARNING


def test_an_empty_queue_is_no_reason_to_warn(caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(in_flight=117_599)
    watcher = Silence("q", queue.status, polls=1)
    watcher.after_poll(0)
    assert queue.looks == 1
    assert told(caplog) == []


def test_a_poll_that_brings_something_begins_the_count_anew() -> None:
    queue = Queue()
    watcher = Silence("q", queue.status, polls=3)
    for got in (0, 0, 1, 0, 0):
        watcher.after_poll(got)
    assert queue.looks == 0
    watcher.after_poll(0)
    assert queue.looks == 1


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    queue = Queue(in_flight=10)
    watcher = Silence("q", queue.status, polls=2, limit=10)
    for _ in range(6):
        watcher.after_poll(0)
    assert queue.looks == 3
    assert len(told(caplog)) == 1
    queue.in_flight = 3
    for _ in range(6):
        watcher.after_poll(0)
    assert len(told(caplog)) == 2
    assert "any more" in told(caplog)[1]
    queue.in_flight = 10
    for _ in range(2):
        watcher.after_poll(0)
    watcher.after_poll(1)
    watcher.after_poll(1)
    assert len(told(caplog)) == 4


def test_a_look_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def status() -> QueueStatus:
        raise ServiceFault(action="GetQueueAttributes", queue="q", detail="500")

    Silence("q", status, polls=1).after_poll(0)
    assert told(caplog) == []


def test_the_numbers_are_read_when_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence, "LOOK_AFTER_POLLS", 1)
    queue = Queue()
    Silence("q", queue.status).after_poll(0)
    assert queue.looks == 1


def test_what_a_short_poll_is_answered_with_is_a_clear_error() -> None:
    from botocore.exceptions import ClientError

    answer = {"Error": {"Code": "OverLimit", "Message": "Too many messages in flight."}}
    with pytest.raises(InFlightLimit) as caught, translated("ReceiveMessage", "q", None):
        raise ClientError(answer, "ReceiveMessage")  # type: ignore[arg-type]
    assert "as many as SQS allows are in flight (OverLimit: Too many messages in flight)" in str(caught.value)
    assert caught.value.transient
