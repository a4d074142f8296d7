"""What becomes of the object after its message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from django_sqs import Reject, RestartLater, receiver, register, send
from django_sqs.exceptions import (
    PayloadMissing,
)
from django_sqs.message import S3PayloadMessage
from django_sqs.message.s3_payload import Pointer
from django_sqs.testing import run_receivers

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

    from django_sqs.registry import Queues

from tests.message.s3_support import BUCKET, LARGE, keys

pytestmark = pytest.mark.django_db


class TestWhatBecomesOfTheObject:
    def test_of_a_message_that_is_kept_it_stays(self, aws: SQSClient, s3: S3Client, reports: list[Any]) -> None:
        from django_sqs.models import FailedMessage

        send("reports", body="reject" + LARGE)
        run_receivers("reports")
        (row,) = FailedMessage.objects.all()
        assert Pointer.read(row.body).key in keys(s3)

    def test_of_a_failed_message_that_is_sent_again_it_is_there(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        from django_sqs.models import FailedMessage
        from django_sqs.resending import send_again

        got: list[str] = []

        @receiver("reports", message_class=S3PayloadMessage)
        def store(message: S3PayloadMessage) -> None:
            got.append(message.body)
            if len(got) == 1:
                raise Reject("not now")

        send("reports", body=LARGE)
        run_receivers("reports")
        list(send_again(FailedMessage.objects.all()))
        run_receivers("reports")
        assert got == [LARGE, LARGE]
        assert not keys(s3)

    def test_of_a_message_that_stays_it_stays(self, aws: SQSClient, s3: S3Client, reports: list[Any]) -> None:
        send("reports", body="later" + LARGE)
        with pytest.raises(AssertionError, match="came back at once"):
            run_receivers("reports")
        assert len(keys(s3)) == 1

    def test_it_stays_where_a_class_says_so(self, aws: SQSClient, s3: S3Client, own_queues: Queues) -> None:
        class Shared(S3PayloadMessage):
            delete_object = False

        @receiver("reports", message_class=Shared)
        def store(message: Shared) -> None: ...

        send("reports", body=LARGE)
        assert run_receivers("reports") == 1
        assert len(keys(s3)) == 1
        send("reports", body=LARGE)
        message = own_queues["reports"].receive_single()
        assert message is not None
        assert len(keys(s3)) == 2

    def test_with_delete_on_start_it_is_deleted_in_the_end(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        got = []

        @receiver("reports", message_class=S3PayloadMessage, delete_on_start=True)
        def store(message: S3PayloadMessage) -> None:
            got.append((message.body == LARGE, len(keys(s3))))
            if len(got) == 1:
                raise RestartLater(0)

        send("reports", body=LARGE)
        run_receivers("reports")
        assert got == [(True, 1), (True, 1)]
        assert not keys(s3)

    def test_a_receiver_that_changes_its_message_does_not_change_that(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        @receiver("reports", message_class=S3PayloadMessage)
        def store(message: S3PayloadMessage) -> None:
            message.body = "other"

        send("reports", body=LARGE)
        run_receivers("reports")
        assert not keys(s3)

    def test_of_one_in_a_batch_that_failed_it_stays(self, aws: SQSClient, s3: S3Client, own_queues: Queues) -> None:
        @receiver("reports", message_class=S3PayloadMessage, batch=3)
        def store(messages: list[S3PayloadMessage]) -> list[S3PayloadMessage]:
            return [message for message in messages if message.body.startswith("b")]

        for letter in "abc":
            send("reports", body=letter + LARGE)
        run_receivers("reports", raise_errors=False)
        (key,) = keys(s3)
        assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(1) == b"b"

    def test_a_missing_one_is_one_poison_message_of_its_batch(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        from django_sqs.models import FailedMessage

        got = []

        @receiver("reports", message_class=S3PayloadMessage, batch=3)
        def store(messages: list[S3PayloadMessage]) -> None:
            got.extend(message.body[0] for message in messages)

        for letter in "abc":
            send("reports", body=letter + LARGE)
        second = next(key for key in keys(s3) if s3.get_object(Bucket=BUCKET, Key=key)["Body"].read(1) == b"b")
        s3.delete_object(Bucket=BUCKET, Key=second)
        assert run_receivers("reports") == 3
        assert sorted(got) == ["a", "c"]
        assert not keys(s3)
        (row,) = FailedMessage.objects.all()
        assert "PayloadMissing" in row.reason

    def test_receive_single_takes_it_out(self, aws: SQSClient, s3: S3Client, own_queues: Queues) -> None:
        queue = register("reports", message_class=S3PayloadMessage)
        queue.send(body=LARGE)
        message = queue.receive_single()
        assert not keys(s3)
        assert message is not None
        assert message.body == LARGE

    def test_receive_single_takes_a_message_without_one_too(
        self, aws: SQSClient, s3: S3Client, own_queues: Queues
    ) -> None:
        queue = register("reports", message_class=S3PayloadMessage)
        queue.send(body=LARGE)
        s3.delete_object(Bucket=BUCKET, Key=keys(s3)[0])
        message = queue.receive_single()
        assert message is not None
        with pytest.raises(PayloadMissing):
            message.get_body()
        assert queue.status().total == 0


class TestAnotherStore:
    def test_may_be_named_by_a_class(self, aws: SQSClient, own_queues: Queues) -> None:
        class Elsewhere(S3PayloadMessage):
            bucket = "shelf"
            store_class = f"{__name__}.Shelf"

        @receiver("reports", message_class=Elsewhere)
        def store(message: Elsewhere) -> None:
            assert message.body == LARGE

        send("reports", body=LARGE)
        assert list(Shelf.kept.values()) == [LARGE]
        assert run_receivers("reports") == 1
        assert Shelf.kept == {}

    def test_is_not_asked_within_an_event_loop(self, aws: SQSClient, own_queues: Queues) -> None:
        class Elsewhere(S3PayloadMessage):
            bucket = "shelf"
            store_class = f"{__name__}.Shelf"

        @receiver("reports", message_class=Elsewhere)
        async def store(message: Elsewhere) -> None:
            assert message.body == LARGE

        send("reports", body=LARGE)
        assert run_receivers("reports") == 1
        assert Shelf.kept == {}

    def test_that_fails_to_delete_ends_nothing(
        self, aws: SQSClient, own_queues: Queues, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Elsewhere(S3PayloadMessage):
            bucket = "broken"
            store_class = f"{__name__}.Shelf"

        @receiver("reports", message_class=Elsewhere)
        def store(message: Elsewhere) -> None: ...

        send("reports", body=LARGE)
        assert run_receivers("reports") == 1
        assert own_queues["reports"].status().total == 0
        assert [record.__dict__.get("action") for record in caplog.records] == ["payloads_left"]


class Shelf:
    """Keeps payloads in this process."""

    kept: dict[Pointer, str] = {}

    def put(self, pointer: Pointer, text: str) -> None:
        self.kept[pointer] = text

    def get(self, pointer: Pointer) -> str:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return self.kept[pointer]

    def delete(self, pointers: Sequence[Pointer]) -> None:
        for pointer in pointers:
            del self.kept[pointer]
            if pointer.bucket == "broken":
                raise RuntimeError("the shelf is broken")
