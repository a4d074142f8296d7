from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

from django_sqs import register, status
from django_sqs.exceptions import (
    AccessDenied,
    EndpointUnreachable,
    InvalidQueueName,
    MissingSetting,
    QueueMissing,
    QueueNotYetCreated,
)
from django_sqs.registered_queue import QueueStatus
from django_sqs.registry import Queues
from django_sqs.selection import select
from django_sqs.status import QueueReading, Snapshot, as_json, render_table, take_snapshot
from tests.http_stub import answering

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


@pytest.fixture(autouse=True)
def nothing_shared(own_queues: Queues) -> Iterator[None]:
    status.forget_shared_snapshot()
    yield
    status.forget_shared_snapshot()


def reading(queue: str, suffix: str | None = None, *counts: int) -> QueueReading:
    full_name = f"p__{queue}__{suffix}" if suffix else f"p__{queue}"
    if not counts:
        failure = QueueMissing(queue=full_name)
        return QueueReading(queue=queue, suffix=suffix, full_name=full_name, failure=failure)
    return QueueReading(queue=queue, suffix=suffix, full_name=full_name, counts=QueueStatus(*counts))


def snapshot(*readings: QueueReading) -> Snapshot:
    return Snapshot(readings=readings, read_at=WHEN)


# --- taking it


def test_a_snapshot_counts_what_waits_is_in_flight_and_is_delayed(aws: SQSClient) -> None:
    queue = register("emails", suffixes=("big",))
    queue.send_many([{"body": str(number)} for number in range(5)], immediate=True)
    queue.send(body="later", delay=60, immediate=True)
    queue.physical().receive(2, 0, 60)
    queue.send(body="x", suffix="big", immediate=True)
    readings = take_snapshot().readings
    assert [(one.queue, one.suffix, one.full_name) for one in readings] == [
        ("emails", None, "test__emails"),
        ("emails", "big", "test__emails__big"),
    ]
    assert [one.counts for one in readings] == [QueueStatus(3, 2, 1), QueueStatus(1, 0, 0)]
    assert take_snapshot().total == QueueStatus(4, 2, 1)


def test_a_snapshot_never_creates_a_queue(aws: SQSClient) -> None:
    register("emails")
    (one,) = take_snapshot().readings
    assert one.counts is None
    assert isinstance(one.failure, QueueNotYetCreated)
    assert "test__emails" in (one.error or "")
    assert "QueueUrls" not in aws.list_queues()


def test_a_queue_that_will_be_created_when_used_is_no_failure(aws: SQSClient) -> None:
    register("emails")
    assert take_snapshot().failed == []
    assert not take_snapshot().nothing_read


def test_a_missing_queue_has_its_sentence_and_the_others_their_numbers(aws: SQSClient, settings: Settings) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("audit").create()
    register("emails")
    found = take_snapshot()
    assert found.readings[0].counts == QueueStatus(0, 0, 0)
    assert isinstance(found.readings[1].failure, QueueMissing)
    assert "sqs_setup" in (found.readings[1].error or "")
    assert found.failed == [found.readings[1]]
    assert not found.nothing_read
    assert found.common_failure is None


def test_only_the_chosen_queues_are_read(aws: SQSClient) -> None:
    register("audit")
    register("emails")
    assert [one.queue for one in take_snapshot(select(["emails"])).readings] == ["emails"]


def test_a_name_that_sqs_would_refuse_is_the_failure_of_its_queue_alone(aws: SQSClient, settings: Settings) -> None:
    register("audit").create()
    register("x" * 76)
    found = take_snapshot()
    assert found.readings[0].counts is not None
    assert isinstance(found.readings[1].failure, InvalidQueueName)
    assert found.readings[1].full_name is None


def test_a_missing_prefix_is_raised_since_it_concerns_all(aws: SQSClient, settings: Settings) -> None:
    settings.DEBUG = True
    settings.SQS_QUEUE_PREFIX = ""
    register("emails")
    with pytest.raises(MissingSetting):
        take_snapshot()


def test_an_endpoint_that_does_not_answer_is_one_failure_common_to_all() -> None:
    for number in range(20):
        register(f"queue{number}")
    found = take_snapshot()
    assert found.nothing_read
    assert isinstance(found.common_failure, EndpointUnreachable)
    assert "http://127.0.0.1:9" in str(found.common_failure)


def test_an_endpoint_that_does_not_answer_is_not_asked_for_every_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def of(queue: object) -> QueueStatus:
        asked.append(queue)
        raise EndpointUnreachable(action="GetQueueUrl", queue="", detail="timed out", endpoint="http://x")

    monkeypatch.setattr(QueueStatus, "of", of)
    for number in range(100):
        register(f"queue{number}")
    assert len(take_snapshot().failed) == 100
    # Those that were asked at the same time, before the first one knew.
    assert len(asked) <= status._THREADS


def test_refusals_name_each_queue(settings: Settings) -> None:
    register("audit")
    register("emails")
    with answering(403, "AccessDeniedException", "not authorized") as url:
        settings.SQS_ENDPOINT_URL = url
        found = take_snapshot()
    assert all(isinstance(one.failure, AccessDenied) for one in found.readings)
    assert "sqs:GetQueueUrl" in (found.readings[1].error or "")
    assert found.nothing_read
    assert found.common_failure is None


def test_queues_are_read_in_parallel(monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(4)

    def of(queue: object) -> QueueStatus:
        together.wait(10)
        return QueueStatus(0, 0, 0)

    monkeypatch.setattr(QueueStatus, "of", of)
    for number in range(4):
        register(f"queue{number}")
    assert take_snapshot().failed == []


def test_with_no_queue_registered_there_is_nothing_to_ask() -> None:
    assert take_snapshot().readings == ()
    assert take_snapshot().common_failure is None


# --- sharing it


def test_the_shared_snapshot_is_one_reading_of_aws(aws: SQSClient) -> None:
    queue = register("emails")
    queue.send(body="x", immediate=True)
    first = status.shared_snapshot()
    queue.send(body="y", immediate=True)
    assert status.shared_snapshot() is first
    status.forget_shared_snapshot()
    assert status.shared_snapshot().total.waiting == 2


def test_a_snapshot_with_nothing_read_is_not_shared() -> None:
    register("emails")
    first = status.shared_snapshot()
    assert first.nothing_read
    assert status.shared_snapshot() is not first


def test_the_shared_snapshot_is_forgotten_when_settings_are_overridden(aws: SQSClient) -> None:
    register("emails").send(body="x", immediate=True)
    assert status.shared_snapshot().total.waiting == 1
    with override_settings(SQS_QUEUE_PREFIX="other"):
        assert status.shared_snapshot().total.waiting == 0
    assert status.shared_snapshot().total.waiting == 1


# --- showing it


def test_the_table_has_a_row_for_each_queue_and_the_total() -> None:
    assert render_table(snapshot(reading("audit", None, 0, 0, 0), reading("emails", None, 1234, 5, 60))) == (
        "queue   waiting  in flight  delayed\n"
        "audit         0          0        0\n"
        "emails     1234          5       60\n"
        "total      1234          5       60"
    )


def test_the_table_has_suffixes_where_there_are_any_and_no_total_of_one() -> None:
    assert render_table(snapshot(reading("a", "big", 1, 0, 0))) == (
        "queue  suffix  waiting  in flight  delayed\na      big           1          0        0"
    )


def test_the_table_has_the_sentence_where_the_numbers_would_be() -> None:
    lines = render_table(snapshot(reading("audit"), reading("emails", None, 1, 2, 3))).splitlines()
    assert lines[1].startswith("audit   The queue 'p__audit' does not exist")
    assert lines[3].split() == ["total", "1", "2", "3"]


def test_the_table_of_nothing_says_so() -> None:
    assert render_table(snapshot()) == "No queue is registered."


def test_no_line_of_the_table_ends_in_spaces() -> None:
    table = render_table(snapshot(reading("audit", None, 1, 1, 1), reading("emails")))
    assert all(line == line.rstrip() for line in table.splitlines())


def test_as_json_holds_numbers_or_the_sentence() -> None:
    data = json.loads(json.dumps(as_json(snapshot(reading("audit", None, 1, 2, 3), reading("emails", "big")))))
    assert data["read_at"] == "2026-01-02T03:04:05+00:00"
    assert data["queues"][0] == {
        "queue": "audit",
        "suffix": None,
        "full_name": "p__audit",
        "waiting": 1,
        "in_flight": 2,
        "delayed": 3,
        "error": None,
    }
    assert data["queues"][1]["suffix"] == "big"
    assert data["queues"][1]["waiting"] is None
    assert data["queues"][1]["error"].startswith("The queue 'p__emails__big' does not exist")
