"""The stand-in's actions on messages, as they are asked for and answered in JSON."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from benchmarks.standin.errors import SQSError
from benchmarks.standin.limits import Limits
from benchmarks.standin.message import MAXIMUM_BYTES, attributes_md5
from benchmarks.standin.store import Store
from tests.benchmarks.support import FakeClock, Requests

QUEUE = {"QueueUrl": "http://sqs/000000000000/q"}


@pytest.fixture(autouse=True)
def queue(store: Store) -> None:
    store.create("q", {})


def entries(*bodies: str, **more: Any) -> list[dict[str, Any]]:
    return [{"Id": str(number), "MessageBody": body, **more} for number, body in enumerate(bodies)]


def string(value: str, kind: str = "String") -> dict[str, str]:
    return {"DataType": kind, "StringValue": value}


# Digests that the service itself has returned.
RECORDED = [
    (
        {"General": string("Kenobi"), "Hello": string("There"), "Help.Me": string("Me")},
        "4c360f3fdafd970e05fae2f149d997f5",
    ),
    ({"General": string("Kenobi"), "Hello": string("There")}, "fca026605781cb4126a1e9044df24232"),
    (
        {
            "attr1": {
                "DataType": "Binary",
                "BinaryValue": base64.b64encode(
                    b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"
                ).decode(),
            }
        },
        "8cbe4db156db8a94db8b801b7addb984",
    ),
]


@pytest.mark.parametrize(("attributes", "digest"), RECORDED)
def test_the_digest_of_message_attributes_is_that_of_the_service(attributes: dict[str, Any], digest: str) -> None:
    assert attributes_md5(attributes) == digest


def test_a_message_goes_in_and_comes_out_with_its_digests(requests: Requests, clock: FakeClock) -> None:
    attributes, digest = RECORDED[0]
    sent = requests("SendMessage", **QUEUE, MessageBody="msg", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == "6e2baaf3b97dbeef01c0043275f9a0e7"
    assert sent["MD5OfMessageAttributes"] == digest
    clock.advance(1.5)

    received = requests("ReceiveMessage", **QUEUE, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"])

    message = received["Messages"][0]
    assert message["MessageId"] == sent["MessageId"]
    assert (message["MD5OfBody"], message["MD5OfMessageAttributes"]) == (sent["MD5OfMessageBody"], digest)
    assert message["MessageAttributes"] == attributes
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["Attributes"]["SentTimestamp"] == "1700000000000"
    assert message["Attributes"]["ApproximateFirstReceiveTimestamp"] == "1700000001500"


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([], None),
        (["All"], {"General", "Hello", "Help.Me"}),
        ([".*"], {"General", "Hello", "Help.Me"}),
        (["Hel.*"], {"Hello", "Help.Me"}),
        (["Hello", "Nothing"], {"Hello"}),
        (["Foo"], None),
    ],
)
def test_only_the_message_attributes_asked_for_are_returned(
    requests: Requests, names: list[str], expected: set[str] | None
) -> None:
    requests("SendMessage", **QUEUE, MessageBody="msg", MessageAttributes=RECORDED[0][0])

    message = requests("ReceiveMessage", **QUEUE, MessageAttributeNames=names)["Messages"][0]

    assert "Attributes" not in message
    if expected is None:
        assert "MessageAttributes" not in message
        assert "MD5OfMessageAttributes" not in message
    else:
        assert set(message["MessageAttributes"]) == expected
        assert message["MD5OfMessageAttributes"] == attributes_md5(message["MessageAttributes"])


def test_system_attributes_can_be_asked_for_by_either_name(requests: Requests) -> None:
    requests("SendMessage", **QUEUE, MessageBody="x", MessageGroupId="fair")

    message = requests(
        "ReceiveMessage", **QUEUE, AttributeNames=["MessageGroupId"], MessageSystemAttributeNames=["SenderId"]
    )["Messages"][0]

    assert message["Attributes"].keys() == {"MessageGroupId", "SenderId"}


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        ([], "EmptyBatchRequest"),
        (entries(*"0123456789x"), "TooManyEntriesInBatchRequest"),
        ([{"Id": "a", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
        ([{"Id": "no:colons", "MessageBody": "x"}], "InvalidBatchEntryId"),
        ([{"Id": "", "MessageBody": "x"}], "InvalidBatchEntryId"),
        ([{"MessageBody": "x"}], "InvalidBatchEntryId"),
        (entries("x" * 600_000, "x" * 600_000), "BatchRequestTooLong"),
    ],
)
def test_a_bad_batch_is_refused_as_a_whole(requests: Requests, batch: list[dict[str, Any]], expected: str) -> None:
    assert requests.refused("SendMessageBatch", **QUEUE, Entries=batch).code == expected
    assert requests("ReceiveMessage", **QUEUE) == {}


def test_a_batch_may_be_as_large_as_one_message(requests: Requests) -> None:
    half = MAXIMUM_BYTES // 2

    answer = requests("SendMessageBatch", **QUEUE, Entries=entries("x" * half, "\xe4" * (half // 2)))

    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1"]
    assert "Failed" not in answer
    assert requests.refused("SendMessage", **QUEUE, MessageBody="x" * (MAXIMUM_BYTES + 1)).message == (
        "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes."
    )


def test_attributes_count_against_the_size(requests: Requests) -> None:
    attributes = {"name": string("v" * 100)}
    fits = MAXIMUM_BYTES - len("name") - len("String") - 100

    requests("SendMessage", **QUEUE, MessageBody="x" * fits, MessageAttributes=attributes)
    assert (
        requests.refused("SendMessage", **QUEUE, MessageBody="x" * (fits + 1), MessageAttributes=attributes).code
        == "InvalidParameterValue"
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"MessageBody": "\x01"}, "InvalidMessageContents"),
        ({"MessageBody": "\ufffe"}, "InvalidMessageContents"),
        ({"MessageBody": ""}, "MissingParameter"),
        ({"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageDeduplicationId": "1"}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageAttributes": {"a b": string("v")}}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageAttributes": {"a": string("v", "Text")}}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageAttributes": {"a": string("")}}, "InvalidParameterValue"),
        (
            {"MessageBody": "x", "MessageAttributes": {f"a{n}": string("v") for n in range(11)}},
            "InvalidParameterValue",
        ),
    ],
)
def test_a_bad_entry_fails_alone(requests: Requests, entry: dict[str, Any], expected: str) -> None:
    batch = [*entries("before"), {"Id": "bad", **entry}, {"Id": "after", "MessageBody": "after"}]

    answer = requests("SendMessageBatch", **QUEUE, Entries=batch)

    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "after"]
    assert [(entry["Id"], entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [
        ("bad", expected, True)
    ]
    assert requests.refused("SendMessage", **QUEUE, **entry).code == expected


@pytest.mark.parametrize("body", ["tab\tand\r\nlines", "\U0001f600", "\ud7ff\ue000\ufffd", "\x7f\x85"])
def test_every_character_that_sqs_takes_is_taken(requests: Requests, body: str) -> None:
    requests("SendMessage", **QUEUE, MessageBody=body)

    assert requests("ReceiveMessage", **QUEUE)["Messages"][0]["Body"] == body


@pytest.mark.parametrize(
    "lacking", [{"MessageGroupId": "g"}, {"MessageDeduplicationId": "d"}], ids=["deduplication", "group"]
)
def test_a_fifo_batch_that_lacks_an_id_is_refused_as_a_whole(
    store: Store, requests: Requests, lacking: dict[str, str]
) -> None:
    queue = store.create("q.fifo", {"FifoQueue": "true"})
    good = {"Id": "good", "MessageBody": "x", "MessageGroupId": "g", "MessageDeduplicationId": "1"}

    error = requests.refused(
        "SendMessageBatch", QueueUrl="q.fifo", Entries=[good, {"Id": "bad", "MessageBody": "x", **lacking}]
    )

    assert error.code == "InvalidParameterValue"
    assert queue.visible == 0


def test_deletes_and_visibility_changes_of_a_batch_fail_alone(requests: Requests, clock: FakeClock) -> None:
    requests("SendMessageBatch", **QUEUE, Entries=entries("a", "b"))
    handles = [
        message["ReceiptHandle"] for message in requests("ReceiveMessage", **QUEUE, MaxNumberOfMessages=10)["Messages"]
    ]

    changed = requests(
        "ChangeMessageVisibilityBatch",
        **QUEUE,
        Entries=[
            {"Id": "good", "ReceiptHandle": handles[0], "VisibilityTimeout": 60},
            {"Id": "never", "ReceiptHandle": "no handle", "VisibilityTimeout": 60},
            {"Id": "long", "ReceiptHandle": handles[1], "VisibilityTimeout": 43_201},
            {"Id": "none", "ReceiptHandle": handles[1]},
        ],
    )
    deleted = requests(
        "DeleteMessageBatch",
        **QUEUE,
        Entries=[{"Id": "never", "ReceiptHandle": "no handle"}, {"Id": "good", "ReceiptHandle": handles[0]}],
    )

    assert changed["Successful"] == deleted["Successful"] == [{"Id": "good"}]
    assert {entry["Id"]: entry["Code"] for entry in changed["Failed"]} == {
        "never": "ReceiptHandleIsInvalid",
        "long": "InvalidParameterValue",
        "none": "MissingParameter",
    }
    assert deleted["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"
    clock.advance(31)
    assert requests("ReceiveMessage", **QUEUE, MaxNumberOfMessages=10)["Messages"][0]["Body"] == "b"


@pytest.mark.parametrize(
    "parameters",
    [{"MaxNumberOfMessages": 11}, {"MaxNumberOfMessages": 0}, {"WaitTimeSeconds": 21}, {"VisibilityTimeout": 43_201}],
)
def test_a_receive_out_of_range_is_refused(requests: Requests, parameters: dict[str, int]) -> None:
    error = requests.refused("ReceiveMessage", **QUEUE, **parameters)

    assert error.code == "InvalidParameterValue"
    assert next(iter(parameters)) in error.message


def test_a_missing_queue_a_missing_parameter_and_an_unknown_action_are_refused(requests: Requests) -> None:
    assert requests.refused("ReceiveMessage", QueueUrl="http://sqs/1/no").code == "QueueDoesNotExist"
    assert requests.refused("DeleteMessage", **QUEUE).code == "MissingParameter"
    assert requests.refused("SendMessage", **QUEUE).code == "MissingParameter"
    assert requests.refused("AddPermission", **QUEUE).code == "InvalidAction"


def test_errors_carry_the_names_that_clients_look_for() -> None:
    error = SQSError("QueueDoesNotExist", "gone")
    assert error.as_json() == {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "gone"}
    assert error.query_error == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    error = SQSError("InternalError", "oops", status=500)
    assert error.as_json()["__type"] == "com.amazon.coral.service#InternalFailure"
    assert error.query_error == "InternalError;Receiver"
    assert error.as_entry("1")["SenderFault"] is False


def test_entries_and_empty_receives_are_counted(requests: Requests) -> None:
    requests("SendMessageBatch", **QUEUE, Entries=entries("a", "b", "\x01"))
    requests("ReceiveMessage", **QUEUE, MaxNumberOfMessages=10)
    requests("ReceiveMessage", **QUEUE, MaxNumberOfMessages=10)

    actions = requests.messages.counters.actions
    assert (actions["SendMessageBatch"].entries, actions["SendMessageBatch"].failed_entries) == (3, 1)
    assert (actions["ReceiveMessage"].entries, actions["ReceiveMessage"].empty) == (2, 1)


def test_the_limits_are_those_of_the_service() -> None:
    assert Limits() == Limits(120_000, 120_000, 60.0, 60.0, False)
