"""How a body that is an object in S3 is had."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from django_sqs import Reject, receiver, register, send
from django_sqs.exceptions import (
    PayloadMissing,
    PayloadUnavailable,
    UndecodableBody,
)
from django_sqs.message import JSONMessage, S3PayloadMessage, SNSMessage
from django_sqs.message.s3_payload import Pointer
from django_sqs.testing import run_receivers
from tests.message.samples import envelope, received

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django.fixtures import SettingsWrapper

    from django_sqs.registry import Queues

from tests.message.s3_support import BUCKET, CLASS, LARGE, OLD_CLASS, SIZE, keys, pointer_text, pointing

pytestmark = pytest.mark.django_db


class TestReceiving:
    def test_an_object_is_deleted_after_its_message(self, aws: SQSClient, s3: S3Client, reports: list[Any]) -> None:
        send("reports", body=LARGE)
        assert keys(s3)
        assert run_receivers("reports") == 1
        assert reports == [LARGE]
        assert not keys(s3)

    def test_a_small_body_is_in_its_message(self, aws: SQSClient, s3: S3Client, reports: list[Any]) -> None:
        send("reports", body="small")
        run_receivers("reports")
        assert reports == ["small"]

    @pytest.mark.parametrize("kind", [CLASS, OLD_CLASS])
    @pytest.mark.parametrize("name", ["ExtendedPayloadSize", "SQSLargePayloadSize"])
    def test_what_amazons_clients_send_is_understood(self, s3: S3Client, kind: str, name: str) -> None:
        s3.put_object(Bucket=BUCKET, Key="k1", Body=b"theirs")
        message = S3PayloadMessage.from_received(pointing(kind=kind, name=name))
        assert message.body == "theirs"
        assert message.message_attributes == {}
        assert message.raw_body == pointer_text(kind=kind)
        assert message.pointer == Pointer(BUCKET, "k1")

    def test_a_pointer_without_the_attribute_is_text(self, s3: S3Client) -> None:
        message = S3PayloadMessage.from_received(received(pointer_text()))
        assert message.body == pointer_text()
        assert message.pointer is None

    @pytest.mark.parametrize(
        "body",
        [
            "",
            "text",
            "{}",
            "[]",
            "5",
            json.dumps([CLASS]),
            json.dumps([CLASS, {}]),
            json.dumps([CLASS, {"s3BucketName": BUCKET}]),
            json.dumps([CLASS, {"s3BucketName": BUCKET, "s3Key": ""}]),
            json.dumps([CLASS, {"s3BucketName": BUCKET, "s3Key": 5}]),
            json.dumps([CLASS, {"s3BucketName": BUCKET, "s3Key": "k"}, "more"]),
            json.dumps(["java.lang.Runtime", {"s3BucketName": BUCKET, "s3Key": "k"}]),
        ],
    )
    def test_the_attribute_without_a_pointer_is_rejected(self, s3: S3Client, body: str) -> None:
        raw = received(body, MessageAttributes={"ExtendedPayloadSize": SIZE})
        with pytest.raises(UndecodableBody, match="is no pointer to an object in S3"):
            S3PayloadMessage.from_received(raw).get_body()

    def test_a_pointer_to_another_bucket_is_rejected_and_its_object_left(self, s3: S3Client) -> None:
        s3.create_bucket(Bucket="secrets")
        s3.put_object(Bucket="secrets", Key="k1", Body=b"secret")
        message = S3PayloadMessage.from_received(pointing(bucket="secrets"))
        with pytest.raises(UndecodableBody, match=r"points to 'k1' in the bucket 'secrets'.*'payloads' only"):
            message.get_body()
        assert s3.get_object(Bucket="secrets", Key="k1")

    def test_a_missing_object_is_a_reject(self, s3: S3Client) -> None:
        with pytest.raises(PayloadMissing, match="'k1' in the bucket 'payloads' is gone") as caught:
            S3PayloadMessage.from_received(pointing()).get_body()
        assert isinstance(caught.value, Reject)

    def test_an_object_that_is_no_text_is_a_reject(self, s3: S3Client) -> None:
        s3.put_object(Bucket=BUCKET, Key="k1", Body=b"\xff\xfe")
        with pytest.raises(UndecodableBody, match="no UTF-8 text"):
            S3PayloadMessage.from_received(pointing()).get_body()

    def test_what_the_class_inside_does_not_read_is_a_reject(self, s3: S3Client) -> None:
        s3.put_object(Bucket=BUCKET, Key="k1", Body=b"{broken")
        with pytest.raises(UndecodableBody, match="is no body of a JSONMessage"):
            S3PayloadMessage.of(JSONMessage).from_received(pointing()).get_body()

    def test_without_a_bucket_a_pointer_waits_for_somebody_to_set_it(self, s3: S3Client, settings: Any) -> None:
        settings.SQS_PAYLOAD_BUCKET = None
        with pytest.raises(PayloadUnavailable, match="SQS_PAYLOAD_BUCKET is not set"):
            S3PayloadMessage.from_received(pointing()).get_body()

    def test_is_fetched_once_and_only_when_it_is_asked_for(self, s3: S3Client, monkeypatch: pytest.MonkeyPatch) -> None:
        s3.put_object(Bucket=BUCKET, Key="k1", Body=b"a")
        asked = []
        store: Any = S3PayloadMessage.store()
        get = store.get
        monkeypatch.setattr(store, "get", lambda pointer: asked.append(pointer) or get(pointer))
        message = S3PayloadMessage.from_received(pointing())
        assert (message.id, message.raw_body, asked) == ("sqs-id", pointer_text(), [])
        assert [message.body, message.body, message.inner.body] == ["a", "a", "a"]
        assert asked == [Pointer(BUCKET, "k1")]

    def test_one_that_is_sent_on_gets_an_object_of_its_own(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        got = []
        register("second", message_class=S3PayloadMessage)

        @receiver("first", message_class=S3PayloadMessage)
        def forward(message: S3PayloadMessage) -> None:
            send("second", message)
            got.append(keys(s3))

        forward(body=LARGE, message_attributes={"a": 1})
        run_receivers("first")
        assert len(got[0]) == 2
        assert len(keys(s3)) == 1
        message = own_queues["second"].receive_single()
        assert message is not None
        assert (message.body, message.message_attributes) == (LARGE, {"a": 1})

    def test_behind_a_topic_it_is_fetched_and_left_for_the_other_subscribers(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        got = []

        @receiver("fan", message_class=SNSMessage.of(S3PayloadMessage))
        def handle(message: SNSMessage) -> None:
            got.append(message.body)

        s3.put_object(Bucket=BUCKET, Key="k1", Body=b"theirs")
        attributes = {"ExtendedPayloadSize": {"Type": "Number", "Value": "6"}}
        wire = envelope(pointer_text(), MessageAttributes=attributes)
        aws.send_message(QueueUrl=own_queues["fan"].physical().url(), MessageBody=wire)
        assert run_receivers("fan") == 1
        assert got == ["theirs"]
        assert keys(s3) == ["k1"]


class TestWhileS3CannotBeReached:
    @pytest.fixture
    def unreachable(self, settings: SettingsWrapper, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        settings.SQS_PAYLOAD_ENDPOINT_URL = "http://127.0.0.1:9"

    def test_a_message_stays_whatever_on_error_says(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues, unreachable: None, caplog: pytest.LogCaptureFixture
    ) -> None:
        @receiver("reports", message_class=S3PayloadMessage, on_error="delete", visibility_timeout=2)
        def store(message: S3PayloadMessage) -> None:
            raise AssertionError

        url = own_queues["reports"].physical().url()
        aws.send_message(QueueUrl=url, MessageBody=pointer_text(), MessageAttributes={"ExtendedPayloadSize": SIZE})
        with caplog.at_level(logging.WARNING, "django_sqs"):
            assert run_receivers("reports") == 0
        assert own_queues["reports"].status().total == 1
        (record,) = [record for record in caplog.records if record.__dict__.get("action") == "body_unavailable"]
        assert "S3 could not do GetObject for the object 'k1' in the bucket 'payloads'" in record.getMessage()

    def test_an_object_that_is_left_is_told_of(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues, settings: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        @receiver("reports", message_class=S3PayloadMessage)
        def store(message: S3PayloadMessage) -> None:
            settings.SQS_PAYLOAD_ENDPOINT_URL = "http://127.0.0.1:9"

        send("reports", body=LARGE)
        (key,) = keys(s3)
        with caplog.at_level(logging.WARNING, "django_sqs"):
            assert run_receivers("reports") == 1
        assert own_queues["reports"].status().total == 0
        (record,) = [record for record in caplog.records if record.__dict__.get("action") == "payload_left"]
        assert key in record.getMessage()
