"""What follows from the run of a message that was deleted before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_sqs.exceptions import RestartLater
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.settlement import NOTHING
from tests.receiving.concluding import Concluding, boom
from tests.receiving.support import FakeQueue, actions, held, refused, unreachable


def deleted(**more: Any) -> HeldMessage:
    message = held("a", **more)
    message.deleted = True
    return message


@pytest.fixture
def deleting(concluding: Callable[..., Concluding]) -> Concluding:
    return concluding(delete_on_start=True)


def test_what_was_deleted_before_it_ran_needs_no_delete(deleting: Concluding, physical: FakeQueue) -> None:
    assert deleting.conclude(None, deleted()) is NOTHING
    assert physical.calls == []


def test_what_was_deleted_before_it_failed_is_kept(deleting: Concluding, physical: FakeQueue) -> None:
    assert deleting.conclude(boom(), deleted()) is NOTHING
    assert len(deleting.shelf.kept) == 1
    assert physical.calls == []


def test_what_was_deleted_before_its_restart_is_sent_anew(deleting: Concluding, physical: FakeQueue) -> None:
    attributes = {"color": {"DataType": "String", "StringValue": "red"}}
    message = deleted(body="x", MessageAttributes=attributes)
    assert deleting.conclude(RestartLater(30), message) is NOTHING
    assert physical.made("send") == [[{"MessageBody": "x", "MessageAttributes": attributes, "DelaySeconds": 30}]]
    assert deleting.shelf.kept == []


def test_it_is_sent_anew_with_the_longest_delay_that_sqs_has(deleting: Concluding, physical: FakeQueue) -> None:
    deleting.conclude(RestartLater(4_000), deleted())
    assert physical.made("send") == [[{"MessageBody": "hello", "DelaySeconds": 900}]]


def test_on_a_fifo_queue_it_is_sent_anew_to_its_group_with_a_fresh_id(
    concluding: Callable[..., Concluding], physical: FakeQueue
) -> None:
    fifo = concluding(name="jobs.fifo", delete_on_start=True)
    fifo.conclude(RestartLater(30), deleted(group="g", count=2))
    assert physical.made("send") == [[{"MessageBody": "hello", "MessageGroupId": "g", "MessageDeduplicationId": "a-2"}]]


@pytest.mark.parametrize("failure", [unreachable(), refused(0)])
def test_a_restart_that_cannot_be_sent_is_kept(
    deleting: Concluding, physical: FakeQueue, failure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    physical.answer("send", failure)
    assert deleting.conclude(RestartLater(30), deleted()) is NOTHING
    ((_, reason, _),) = deleting.shelf.kept
    assert reason.startswith("its restart could not be sent: ")
    assert actions(caplog.records) == ["not_sent_anew"]
