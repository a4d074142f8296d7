"""How a body that is too large goes out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from django_sqs import receiver, register, send
from django_sqs.exceptions import (
    InvalidMessage,
    SendFailed,
)
from django_sqs.message import JSONMessage, S3PayloadMessage
from django_sqs.testing import capture, run_receivers

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django.fixtures import SettingsWrapper

    from django_sqs.registry import Queues

from tests.message.s3_support import BUCKET, CLASS, LARGE, keys, on_the_wire
from tests.sending.support import rolled_back

pytestmark = pytest.mark.django_db


class TestSending:
    def test_a_large_body_is_an_object_and_its_message_a_pointer(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        queue = register("reports", message_class=S3PayloadMessage)
        message = send("reports", body=LARGE, message_attributes={"a": 1})
        (wire,) = on_the_wire(aws, queue)
        (key,) = keys(s3)
        assert json.loads(wire["Body"]) == [CLASS, {"s3BucketName": BUCKET, "s3Key": key}]
        assert wire["MessageAttributes"]["ExtendedPayloadSize"] == {"DataType": "Number", "StringValue": "400000"}
        assert wire["MessageAttributes"]["a"]["StringValue"] == "1"
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read().decode() == LARGE
        assert (message.body, message.message_attributes, message.id) == (LARGE, {"a": 1}, wire["MessageId"])

    @pytest.mark.parametrize(("length", "apart"), [(262_144, False), (262_145, True)])
    def test_the_threshold_is_that_of_amazons_clients(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues, length: int, apart: bool
    ) -> None:
        register("reports", message_class=S3PayloadMessage)
        send("reports", body="x" * length)
        assert bool(keys(s3)) is apart

    def test_the_threshold_counts_attributes_too(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues, settings: SettingsWrapper
    ) -> None:
        settings.SQS_PAYLOAD_THRESHOLD = 20
        register("reports", message_class=S3PayloadMessage)
        send("reports", body="x" * 10, message_attributes={"a": "1"})
        assert not keys(s3)
        send("reports", body="x" * 10, message_attributes={"a": "12345"})
        assert keys(s3)

    def test_a_body_may_have_many_megabytes_and_any_character(
        self, aws: SQSClient, s3: S3Client, reports: list[Any]
    ) -> None:
        body = "\x00\x01\ufffe" + "x" * 3_000_000
        send("reports", body=body)
        run_receivers("reports")
        assert reports == [body]

    def test_a_small_body_with_a_character_that_sqs_does_not_take_is_refused(
        self, aws: SQSClient, s3: S3Client, reports: list[Any]
    ) -> None:
        with pytest.raises(InvalidMessage, match="U\\+0000"):
            send("reports", body="\x00")

    def test_a_body_that_cannot_be_encoded_is_refused(self, aws: SQSClient, s3: S3Client, reports: list[Any]) -> None:
        with pytest.raises(InvalidMessage, match="its body has the character U\\+D800"):
            send("reports", body=LARGE + "\ud800")
        assert not keys(s3)

    def test_many_go_in_full_batches(self, aws: SQSClient, s3: S3Client, own_queues: Queues) -> None:
        queue = register("reports", message_class=S3PayloadMessage)
        assert queue.send_many({"body": LARGE} for _ in range(12)) == 12
        assert len(keys(s3)) == 12
        assert queue.status().waiting == 12

    def test_without_a_bucket_bodies_stay_in_their_messages(
        self, aws: SQSClient, settings: SettingsWrapper, reports: list[Any]
    ) -> None:
        send("reports", body=LARGE)
        run_receivers("reports")
        assert reports == [LARGE]
        with pytest.raises(InvalidMessage, match="with SQS_PAYLOAD_BUCKET set, its body would travel through S3"):
            send("reports", body="x" * 1_100_000)

    def test_a_class_may_have_a_bucket_of_its_own(self, aws: SQSClient, s3: S3Client, own_queues: Queues) -> None:
        class Theirs(S3PayloadMessage):
            bucket = "theirs"

        s3.create_bucket(Bucket="theirs")
        queue = register("reports", message_class=Theirs)
        queue.send(body=LARGE)
        assert not keys(s3)
        assert s3.list_objects_v2(Bucket="theirs")["KeyCount"] == 1
        message = queue.receive_single()
        assert message is not None
        assert message.body == LARGE

    def test_another_class_inside_makes_the_text(self, aws: SQSClient, s3: S3Client, own_queues: Queues) -> None:
        got = []
        cls = S3PayloadMessage.of(JSONMessage)

        @receiver("reports", message_class=cls)
        def store(message: Any) -> None:
            got.append(message.body)

        store(body={"rows": [LARGE]})
        assert len(keys(s3)) == 1
        run_receivers(store)
        assert got == [{"rows": [LARGE]}]

    def test_leaves_room_for_nine_attributes(self, aws: SQSClient, s3: S3Client, reports: list[Any]) -> None:
        nine = {f"a{n}": n for n in range(9)}
        send("reports", body=LARGE, message_attributes=nine)
        with pytest.raises(InvalidMessage, match="it has 10 message attributes; as its body goes through S3"):
            send("reports", body=LARGE, message_attributes={**nine, "b": 1})
        send("reports", body="small", message_attributes={**nine, "b": 1})
        assert len(keys(s3)) == 1

    @pytest.mark.parametrize("name", ["ExtendedPayloadSize", "SQSLargePayloadSize"])
    def test_keeps_the_attribute_that_tells_of_a_pointer(self, s3: S3Client, reports: list[Any], name: str) -> None:
        with pytest.raises(InvalidMessage, match=name):
            send("reports", body="small", message_attributes={name: 5})

    def test_a_body_that_cannot_be_stored_is_not_sent(
        self, aws: SQSClient, s3: S3Client, settings: SettingsWrapper, own_queues: Queues
    ) -> None:
        queue = register("reports", message_class=S3PayloadMessage)
        settings.SQS_PAYLOAD_BUCKET = "missing"
        with pytest.raises(SendFailed, match=r"S3 could not do PutObject.*'missing'.*NoSuchBucket") as caught:
            queue.send_many([{"body": LARGE}, {"body": "small"}])
        assert [message.body for message in caught.value.sent] == ["small"]
        assert [message.body for message, _ in caught.value.failed] == [LARGE]
        assert queue.status().waiting == 1

    def test_what_sqs_refuses_leaves_no_object(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from django_sqs.aws.physical_queue import EntryFailure, PhysicalQueue

        def refuse(self: Any, entries: Sequence[Any]) -> Any:
            assert keys(s3), "stored before it is sent"
            return {}, [EntryFailure(index=0, code="Odd", message="no", permanent=True)]

        monkeypatch.setattr(PhysicalQueue, "send_batch", refuse)
        with pytest.raises(SendFailed):
            register("reports", message_class=S3PayloadMessage).send(body=LARGE)
        assert not keys(s3)

    def test_nothing_is_stored_for_a_transaction_that_rolls_back(
        self, aws: SQSClient, s3: S3Client, reports: list[Any]
    ) -> None:
        with rolled_back():
            send("reports", body=LARGE)
            assert not keys(s3)
        assert not keys(s3)

    @pytest.mark.django_db(transaction=True)
    def test_a_body_is_stored_when_its_transaction_commits(
        self, aws: SQSClient, s3: S3Client, reports: list[Any]
    ) -> None:
        with transaction.atomic():
            send("reports", body=LARGE)
            assert not keys(s3)
        assert len(keys(s3)) == 1


class TestInTests:
    def test_bodies_stay_in_their_messages_and_s3_is_not_asked(
        self, settings: SettingsWrapper, reports: list[Any]
    ) -> None:
        settings.SQS_PAYLOAD_BUCKET = BUCKET
        settings.SQS_PAYLOAD_ENDPOINT_URL = "http://127.0.0.1:9"
        with capture() as sent:
            send("reports", body=LARGE, message_attributes={"a": 1})
            assert (sent[0].body, sent[0].message_attributes) == (LARGE, {"a": 1})
            assert run_receivers("reports") == 1
        assert reports == [LARGE]
