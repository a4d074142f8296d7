"""Dataclasses, and bodies that travel through S3, through a server over HTTP and real receivers."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.foreign import BUCKET, Foreign
from tests.end_to_end.harness import wait_for


def test_dataclasses_are_received_and_what_does_not_fit_is_kept_with_the_field(foreign: Foreign) -> None:
    foreign.run(
        "from tests.end_to_end.foreign_app.receivers import Order, orders\n"
        "orders(Order(7))\n"
        "orders.send_many([Order(8, 'FR')])"
    )
    foreign.send("orders", '{"number": "9"}', '{"number": 10, "unheard": "of"}', "[]")
    foreign.receive("orders")
    assert sorted((order["number"], order["country"]) for order in foreign.got("orders")) == [
        (7, "PL"),
        (8, "FR"),
        (10, "PL"),
    ]
    reasons = {row["body"]: row["reason"] for row in foreign.failed_rows()}
    assert reasons.keys() == {'{"number": "9"}', "[]"}
    assert "number is '9', which is not a whole number" in reasons['{"number": "9"}']


SEND = "from django_sqs import send\n"


@pytest.mark.parametrize("queue", ["reports", "async_reports"])
def test_large_bodies_travel_through_s3_and_leave_nothing_there(foreign: Foreign, queue: str) -> None:
    foreign.run(
        SEND + f"for n in range(12): send({queue!r}, body=f'{{n:05}}' + 'x' * 400_000)\nsend({queue!r}, body='small')"
    )
    assert len(foreign.payloads()) == 12
    foreign.receive(queue)
    told = foreign.got(queue)
    assert sorted(one["start"] for one in told) == [*(f"{n:05}" for n in range(12)), "small"]
    assert {one["length"] for one in told} == {400_005, 5}
    wait_for(lambda: foreign.payloads() == [], what="the end of the last object")
    assert foreign.counts(queue) == (0, 0, 0)


def put_pointer(foreign: Foreign, queue: str, key: str, body: bytes | None, legacy: bool = False) -> None:
    """What a program with Amazon's extended client does; without the object where `body` is None."""
    bucket = f"{foreign.prefix}-{BUCKET}"
    if body is not None:
        foreign.s3.put_object(Bucket=bucket, Key=key, Body=body)
    kind = "com.amazon.sqs.javamessaging.MessageS3Pointer" if legacy else None
    pointer = [kind or "software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": bucket, "s3Key": key}]
    name = "SQSLargePayloadSize" if legacy else "ExtendedPayloadSize"
    foreign.client.send_message(
        QueueUrl=foreign.url(queue),
        MessageBody=json.dumps(pointer),
        MessageAttributes={name: {"DataType": "Number", "StringValue": str(len(body or b""))}},
    )


def test_a_missing_object_is_one_poison_message_and_not_a_lost_batch(foreign: Foreign) -> None:
    put_pointer(foreign, "report_lists", "a", b"first")
    put_pointer(foreign, "report_lists", "gone", None)
    put_pointer(foreign, "report_lists", "b", b"second", legacy=True)
    foreign.receive("report_lists")
    assert sorted(one["start"] for one in foreign.got("report_lists")) == ["first", "secon"]
    (row,) = foreign.failed_rows()
    assert "PayloadMissing" in row["reason"]
    assert "'gone'" in row["reason"]
    wait_for(lambda: foreign.payloads() == [], what="the end of the last object")


def test_while_s3_cannot_be_reached_nothing_is_lost(foreign: Foreign) -> None:
    put_pointer(foreign, "reports", "a", b"first")
    with foreign.running("reports", SQS_PAYLOAD_ENDPOINT_URL="http://127.0.0.1:9") as command:
        command.wait_for_output("was not run, since its body is not there: S3 could not do GetObject", 40)
        command.process.terminate()
        assert command.wait() == 0, command.output
    assert foreign.got("reports") == []
    assert foreign.failed_rows() == []
    wait_for(lambda: foreign.counts("reports")[0] == 1, 20, "the message")
    foreign.receive("reports")
    assert foreign.got("reports") == [{"start": "first", "length": 5}]
