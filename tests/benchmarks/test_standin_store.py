"""The stand-in's queues as a whole: created, described, deleted, joined by redrive policies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.standin.errors import SQSError
from benchmarks.standin.queue import Queue
from benchmarks.standin.store import Store
from tests.benchmarks.support import FakeClock, Requests, bodies, send


def code(store: Store, name: str, attributes: dict[str, Any]) -> str:
    with pytest.raises(SQSError) as caught:
        store.create(name, attributes)
    return caught.value.code


def policy(queue: Queue, limit: object = 3) -> str:
    return json.dumps({"deadLetterTargetArn": queue.arn, "maxReceiveCount": limit})


def test_creating_a_queue_again_returns_it_and_refuses_other_attributes(store: Store) -> None:
    queue = store.create("orders", {"VisibilityTimeout": "60"})

    assert store.create("orders", {}) is queue
    assert store.create("orders", {"VisibilityTimeout": "60"}) is queue
    assert code(store, "orders", {"VisibilityTimeout": "61"}) == "QueueNameExists"
    assert code(store, "orders", {"VisibilityTimeout": "60", "DelaySeconds": "1"}) == "QueueNameExists"


def test_equal_redrive_policies_are_equal_however_they_are_written(store: Store) -> None:
    dead = store.create("dead", {})
    queue = store.create("work", {"RedrivePolicy": policy(dead)})

    written = f'{{"maxReceiveCount":"3",  "deadLetterTargetArn":"{dead.arn}"}}'
    assert store.create("work", {"RedrivePolicy": written}) is queue
    assert code(store, "work", {"RedrivePolicy": policy(dead, 4)}) == "QueueNameExists"


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("", {}),
        ("a" * 81, {}),
        ("dots.are.not", {}),
        ("orders.fifo", {}),
        ("orders", {"FifoQueue": "true"}),
        ("a" * 76 + ".fifo", {"FifoQueue": "true"}),
    ],
)
def test_bad_names_are_refused(store: Store, name: str, attributes: dict[str, str]) -> None:
    assert code(store, name, attributes) == "InvalidParameterValue"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"VisibilityTimeout": "43201"}, "InvalidAttributeValue"),
        ({"VisibilityTimeout": "-1"}, "InvalidAttributeValue"),
        ({"DelaySeconds": "901"}, "InvalidAttributeValue"),
        ({"MessageRetentionPeriod": "59"}, "InvalidAttributeValue"),
        ({"ReceiveMessageWaitTimeSeconds": "21"}, "InvalidAttributeValue"),
        ({"VisibilityTimeouts": "1"}, "InvalidAttributeName"),
        ({"QueueArn": "arn"}, "InvalidAttributeName"),
        ({"ContentBasedDeduplication": "true"}, "InvalidAttributeName"),
        ({"RedrivePolicy": "{"}, "InvalidParameterValue"),
        ({"RedrivePolicy": '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 3}'}, "InvalidParameterValue"),
        (
            {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:x:y:no", "maxReceiveCount": 3}'},
            "InvalidParameterValue",
        ),
    ],
)
def test_bad_attributes_are_refused_and_no_queue_is_made(
    store: Store, attributes: dict[str, str], expected: str
) -> None:
    assert code(store, "orders", attributes) == expected
    assert store.queues == {}


def test_a_redrive_policy_needs_a_queue_of_the_same_kind_and_a_limit_in_range(store: Store) -> None:
    fifo = store.create("dead.fifo", {"FifoQueue": "true"})
    dead = store.create("dead", {})
    queue = store.create("work", {"VisibilityTimeout": "5"})

    for text in (policy(fifo), policy(dead, 0), policy(dead, 1001), policy(queue)):
        with pytest.raises(SQSError):
            store.set_attributes(queue, {"RedrivePolicy": text, "VisibilityTimeout": "6"})
    assert queue.attributes.visibility == 5, "all or nothing"

    store.set_attributes(queue, {"RedrivePolicy": policy(dead)})
    assert store.sources_of(dead) == [queue]
    store.set_attributes(queue, {"RedrivePolicy": ""})
    assert store.sources_of(dead) == []
    assert "RedrivePolicy" not in store.describe(queue, ["All"])


def test_a_queue_is_described_by_its_settings_and_its_counts(store: Store, clock: FakeClock) -> None:
    queue = store.create("work", {"VisibilityTimeout": "5"})
    send(queue, "a", "b", "c")
    send(queue, "d", delay=9)
    queue.receive(2)

    values = store.describe(queue, ["All"])

    assert values["VisibilityTimeout"] == "5"
    assert values["QueueArn"] == "arn:aws:sqs:us-east-1:000000000000:work"
    assert values["ApproximateNumberOfMessages"] == "1"
    assert values["ApproximateNumberOfMessagesNotVisible"] == "2"
    assert values["ApproximateNumberOfMessagesDelayed"] == "1"
    assert "FifoQueue" not in values
    assert store.describe(queue, ["DelaySeconds"]) == {"DelaySeconds": "0"}
    assert store.describe(queue, []) == {}
    clock.advance(9)
    assert store.describe(queue, ["ApproximateNumberOfMessages"]) == {"ApproximateNumberOfMessages": "4"}
    with pytest.raises(SQSError, match="Unknown Attribute Nonsense"):
        store.describe(queue, ["Nonsense"])


def test_the_name_of_a_deleted_queue_is_free_after_a_minute(store: Store, clock: FakeClock) -> None:
    store.delete(store.create("orders", {}))

    clock.advance(59)
    assert code(store, "orders", {}) == "QueueDeletedRecently"
    clock.advance(1)
    store.create("orders", {})


def test_a_queue_can_be_purged_once_a_minute(store: Store, clock: FakeClock) -> None:
    queue = store.create("orders", {})
    store.purge(queue)
    with pytest.raises(SQSError) as caught:
        store.purge(queue)
    assert caught.value.code == "PurgeQueueInProgress"

    clock.advance(60)
    store.purge(queue)


def test_a_move_task_sends_messages_back_where_they_came_from(
    store: Store, requests: Requests, clock: FakeClock
) -> None:
    dead = store.create("dead", {})
    queues = [store.create(name, {"RedrivePolicy": policy(dead, 1), "VisibilityTimeout": "1"}) for name in ("x", "y")]
    for queue in queues:
        send(queue, f"of {queue.name}")
        queue.receive(1)
    clock.advance(1)
    for queue in queues:
        queue.receive(1)
    assert dead.visible == 2

    requests("StartMessageMoveTask", SourceArn=dead.arn)

    assert dead.visible == 0
    for queue in queues:
        message = queue.receive(1)[0]
        assert (message.body, message.receive_count) == (f"of {queue.name}", 1)
    task = requests("ListMessageMoveTasks", SourceArn=dead.arn)["Results"][0]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 2)


def test_a_move_task_can_name_its_destination_and_needs_a_dead_letter_queue(store: Store, requests: Requests) -> None:
    dead, other = store.create("dead", {}), store.create("other", {})
    work = store.create("work", {"RedrivePolicy": policy(dead)})
    send(dead, "sent here by hand")

    assert requests.refused("StartMessageMoveTask", SourceArn=work.arn).code == "InvalidParameterValue"
    assert requests.refused("StartMessageMoveTask", SourceArn="arn:no").code == "ResourceNotFoundException"
    requests("StartMessageMoveTask", SourceArn=dead.arn)
    assert dead.visible == 1, "nobody knows where it came from"
    requests("StartMessageMoveTask", SourceArn=dead.arn, DestinationArn=other.arn)

    assert bodies(other.receive(1)) == ["sent here by hand"]


def test_queues_are_listed_by_prefix_and_in_pages(store: Store, requests: Requests) -> None:
    for name in ("b", "a1", "a2", "a3"):
        store.create(name, {})

    listed = requests("ListQueues", QueueNamePrefix="a")["QueueUrls"]
    assert [url.rpartition("/")[2] for url in listed] == ["a1", "a2", "a3"]
    first = requests("ListQueues", MaxResults=3)
    second = requests("ListQueues", MaxResults=3, NextToken=first["NextToken"])
    assert len(first["QueueUrls"]) == 3
    assert [url.rpartition("/")[2] for url in second["QueueUrls"]] == ["b"]
    assert "NextToken" not in second
    assert requests("ListQueues", QueueNamePrefix="no such") == {}


def test_tags_are_kept(store: Store, requests: Requests) -> None:
    requests("CreateQueue", QueueName="q", tags={"a": "1"})
    requests("TagQueue", QueueUrl="q", Tags={"b": "2"})
    requests("UntagQueue", QueueUrl="q", TagKeys=["a"])

    assert requests("ListQueueTags", QueueUrl="http://anything/000000000000/q") == {"Tags": {"b": "2"}}
