from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from django_sqs import register
from django_sqs.exceptions import AccessDenied, InvalidOption, QueueDeletedRecently, UnknownQueue
from django_sqs.registry import Queues
from django_sqs.setup_queues import dead_letter_of, max_receive_count, set_up
from tests.http_stub import answering

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("own_queues")


def names(aws: SQSClient) -> set[str]:
    return {url.rpartition("/")[2] for url in aws.list_queues().get("QueueUrls", ())}


def attributes(aws: SQSClient, name: str) -> dict[Any, str]:
    url = aws.get_queue_url(QueueName=name)["QueueUrl"]
    return dict(aws.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"])


def told(names: list[str] | None = None, dry_run: bool = False) -> list[str]:
    return [f"{step.queue} {step.text}" for step in set_up(names or [], dry_run)]


def test_what_is_missing_is_created_with_every_known_suffix(aws: SQSClient) -> None:
    register("emails", suffixes=("big",), visibility_timeout=33)
    register("audit")
    assert told() == ["test__audit created", "test__emails created", "test__emails__big created"]
    assert names(aws) == {"test__audit", "test__emails", "test__emails__big"}
    assert attributes(aws, "test__emails__big")["VisibilityTimeout"] == "33"


def test_fifo_queues_are_created_as_such(aws: SQSClient) -> None:
    register("orders.fifo", suffixes=("big",))
    told()
    assert attributes(aws, "test__orders__big.fifo")["FifoQueue"] == "true"


def test_fifo_queues_whose_content_tells_copies_are_created_as_such(aws: SQSClient) -> None:
    register("orders", fifo=True, content_based_deduplication=True)
    told()
    assert attributes(aws, "test__orders.fifo")["ContentBasedDeduplication"] == "true"


def test_it_creates_where_queues_are_not_created_by_use(aws: SQSClient, settings: Settings) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("emails")
    assert told() == ["test__emails created"]


def test_a_second_run_finds_all_and_changes_nothing(aws: SQSClient) -> None:
    register("dead")
    register("emails", dead_letter="dead")
    told()
    steps = list(set_up())
    assert [(step.queue, step.text) for step in steps] == [("test__dead", "exists"), ("test__emails", "exists")]
    assert not any(step.changes for step in steps)


def test_only_the_named_queues_are_set_up(aws: SQSClient) -> None:
    register("emails")
    register("audit")
    told(["audit"])
    assert names(aws) == {"test__audit"}


def test_a_dry_run_tells_and_does_nothing(aws: SQSClient) -> None:
    register("dead")
    register("emails", dead_letter="dead")
    assert told(dry_run=True) == [
        "test__dead would be created",
        "test__emails would be created",
        "test__emails would get a redrive policy to test__dead after 20 receives",
    ]
    assert names(aws) == set()


def test_the_dead_letter_queue_comes_first_and_keeps_for_14_days(aws: SQSClient) -> None:
    register("zz-dead")
    register("emails", dead_letter="zz-dead", max_receives=10)
    # Only the queue itself is named: what it needs comes along.
    assert told(["emails"]) == [
        "test__zz-dead created",
        "test__emails created",
        "test__emails got a redrive policy to test__zz-dead after 30 receives",
    ]
    dead = attributes(aws, "test__zz-dead")
    assert dead["MessageRetentionPeriod"] == "1209600"
    assert json.loads(attributes(aws, "test__emails")["RedrivePolicy"]) == {
        "deadLetterTargetArn": dead["QueueArn"],
        "maxReceiveCount": 30,
    }


def test_each_suffix_has_the_dead_letter_queue_of_that_suffix_where_there_is_one(aws: SQSClient) -> None:
    register("dead", suffixes=("big",))
    register("emails", suffixes=("big", "small"), dead_letter="dead")
    told()
    targets = {
        name: json.loads(attributes(aws, name)["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
        for name in ("test__emails", "test__emails__big", "test__emails__small")
    }
    assert targets == {
        "test__emails": "test__dead",
        "test__emails__big": "test__dead__big",
        "test__emails__small": "test__dead",
    }


def test_a_dead_letter_queue_may_have_one_itself(aws: SQSClient) -> None:
    register("a", dead_letter="b")
    register("b", dead_letter="c")
    register("c")
    assert [line for line in told(["a"]) if "created" in line] == [
        "test__c created",
        "test__b created",
        "test__a created",
    ]


def test_dead_letter_queues_in_a_circle_are_refused(aws: SQSClient) -> None:
    register("a", dead_letter="b")
    register("b", dead_letter="c")
    register("c", dead_letter="b")
    with pytest.raises(InvalidOption, match=r"of the queue 'b'.*lead back"):
        told(["a"])
    assert names(aws) == set()


def test_a_queue_that_exists_gets_the_redrive_policy_that_is_missing(aws: SQSClient) -> None:
    register("dead")
    register("emails", dead_letter="dead").create()
    assert "test__emails would get a redrive policy to test__dead after 20 receives" in told(dry_run=True)
    assert "RedrivePolicy" not in attributes(aws, "test__emails")
    assert "test__emails got a redrive policy to test__dead after 20 receives" in told()
    assert "RedrivePolicy" in attributes(aws, "test__emails")


def test_another_redrive_policy_is_left_and_told_of(aws: SQSClient) -> None:
    register("dead")
    register("other")
    register("emails", dead_letter="dead")
    told()
    policy = {"deadLetterTargetArn": attributes(aws, "test__other")["QueueArn"], "maxReceiveCount": 5}
    url = aws.get_queue_url(QueueName="test__emails")["QueueUrl"]
    aws.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": json.dumps(policy)})
    (step,) = [step for step in set_up() if "policy" in step.text]
    assert step.text == "keeps its redrive policy to test__other after 5 receives (not test__dead after 20)"
    assert not step.changes
    assert json.loads(attributes(aws, "test__emails")["RedrivePolicy"]) == policy


@pytest.mark.parametrize(("max_receives", "limit"), [(None, 20), (1, 20), (6, 20), (7, 21), (100, 300), (1000, 1000)])
def test_the_backstop_is_far_above_max_receives_and_within_the_limit_of_sqs(
    max_receives: int | None, limit: int
) -> None:
    assert max_receive_count(register("emails", max_receives=max_receives)) == limit


@pytest.mark.parametrize(
    ("queue", "dead_letter", "expected"),
    [
        ("emails", "nowhere", "the name of a registered queue"),
        ("emails", "emails", "another queue"),
        ("orders.fifo", "standard", "a FIFO queue"),
        ("emails", "other.fifo", "a standard queue"),
    ],
)
def test_a_dead_letter_queue_that_cannot_be_one_is_refused(
    aws: SQSClient, queue: str, dead_letter: str, expected: str
) -> None:
    register("standard")
    register("other.fifo")
    register(queue, dead_letter=dead_letter)
    with pytest.raises(InvalidOption, match=f"dead_letter='{dead_letter}'.*{expected}"):
        told([queue])
    assert names(aws) == set()


def test_a_queue_without_dead_letter_has_none(own_queues: Queues) -> None:
    assert dead_letter_of(register("emails")) is None


def test_an_unknown_name_is_refused(aws: SQSClient) -> None:
    with pytest.raises(UnknownQueue):
        told(["nope"])


def test_a_denied_call_names_the_action_that_is_needed(settings: Settings) -> None:
    register("emails")
    with answering(403, "AccessDeniedException", "not authorized") as url:
        settings.SQS_ENDPOINT_URL = url
        with pytest.raises(AccessDenied, match="sqs:GetQueueUrl"):
            told()


def test_a_name_that_was_just_deleted_is_told_as_that(settings: Settings) -> None:
    queue = register("emails")
    code = "AWS.SimpleQueueService.QueueDeletedRecently"
    with answering(400, code, "You must wait 60 seconds after deleting a queue") as url:
        settings.SQS_ENDPOINT_URL = url
        with pytest.raises(QueueDeletedRecently, match="in a minute"):
            queue.create()
