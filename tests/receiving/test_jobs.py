"""What runreceiver is to receive, checked before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from django_sqs.exceptions import (
    FailedTableMissing,
    InvalidOption,
    InvalidQueueName,
    NoReceiver,
    NothingToReceive,
    UnknownQueue,
)
from django_sqs.models import FailedMessage
from django_sqs.receiving.jobs import make_jobs
from django_sqs.receiving.receiver import Job
from django_sqs.registry import Queues, register

if TYPE_CHECKING:
    from pytest_django import Settings
from tests.receiving.support import Registering


@pytest.fixture(autouse=True)
def _without_rows(settings: Settings) -> None:
    settings.SQS_KEEP_FAILED = False


def jobs(*names: str, suffix: str | None = None, **more: Any) -> Sequence[Job]:
    options: dict[str, Any] = {"until_empty": False, "limited": False, "grace": 25.0, **more}
    return make_jobs(names, suffix, **options)


def test_without_names_all_queues_that_have_a_receiver_are_received(registered: Registering) -> None:
    registered(name="b")
    registered(name="a")
    register("send_only")
    assert [job.queue for job in jobs()] == ["a", "b"]


def test_a_queue_that_is_named_twice_is_received_once_and_in_the_order_of_the_names(registered: Registering) -> None:
    registered(name="a")
    registered(name="b")
    assert [job.queue for job in jobs("b", "a", "b")] == ["b", "a"]


def test_there_is_a_job_for_each_process(registered: Registering) -> None:
    registered(name="a", processes=3)
    assert len(jobs("a")) == 3
    assert len(jobs("a", one_process=True)) == 1


def test_a_job_says_all_that_a_process_must_know(registered: Registering) -> None:
    registered(suffixes=("big",))
    assert jobs("jobs", suffix="big", until_empty=True, limited=True, grace=7.5) == [
        Job(queue="jobs", suffix="big", until_empty=True, limited=True, grace=7.5)
    ]


def test_names_that_cannot_be_received_are_refused(registered: Registering) -> None:
    registered()
    register("send_only")
    with pytest.raises(UnknownQueue, match="'jbos'"):
        jobs("jbos")
    with pytest.raises(NoReceiver, match="'send_only'"):
        jobs("send_only")


def test_a_suffix_that_makes_no_name_is_refused(registered: Registering) -> None:
    registered()
    with pytest.raises(InvalidQueueName):
        jobs(suffix="x" * 80)


def test_where_there_is_nothing_to_receive_that_is_told(own_queues: Queues) -> None:
    register("send_only")
    with pytest.raises(NothingToReceive):
        jobs()


@pytest.mark.parametrize(("seconds", "right"), [(1, False), (1.9, False), (2, True), (43_200, True)])
def test_there_must_be_time_to_extend_a_message(registered: Registering, seconds: float, right: bool) -> None:
    registered(visibility_timeout=seconds)
    if right:
        assert len(jobs()) == 1
    else:
        with pytest.raises(InvalidOption, match=r"2 to 43,200 seconds"):
            jobs()


def test_a_missing_table_is_told_of_before_anything_starts(
    registered: Registering, settings: Settings, database_file: object
) -> None:
    registered()
    settings.SQS_KEEP_FAILED = True
    assert len(jobs()) == 1
    with connections["file"].schema_editor() as editor:
        editor.delete_model(FailedMessage)
    with pytest.raises(FailedTableMissing):
        jobs()
