from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from django_sqs import register
from django_sqs.aws.physical_queue import EntryFailure, PhysicalQueue
from django_sqs.exceptions import QueueGone
from django_sqs.message import JSONMessage
from django_sqs.models import FailedMessage
from django_sqs.resending import destination_of, send_again

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_queues")]

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def failed(message_id: str = "m1", queue: str = "test__emails", minutes: int = 0, **fields: Any) -> FailedMessage:
    values: dict[str, Any] = {"body": "hello", "reason": "ValueError", "receive_count": 1}
    when = WHEN + timedelta(minutes=minutes)
    return FailedMessage.objects.create(queue=queue, message_id=message_id, failed_at=when, **{**values, **fields})


def received(aws: SQSClient, queue: str = "test__emails") -> list[Any]:
    url = aws.get_queue_url(QueueName=queue)["QueueUrl"]
    answer = aws.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
    )
    return list(answer.get("Messages", []))


def results() -> dict[str, str | None]:
    return {row.message_id: failure for row, failure in send_again(FailedMessage.objects.all())}


def test_a_message_goes_out_as_it_was_and_its_row_away(aws: SQSClient) -> None:
    register("emails", message_class=JSONMessage)
    attributes = {
        "SentTimestamp": "1",
        "MessageAttributes": {
            "price": {"DataType": "Number.cents", "StringValue": "12"},
            "tag": {"DataType": "String", "StringValue": "x"},
            "raw": {"DataType": "Binary", "BinaryValue": "AAH/"},
        },
    }
    # A body that its class could not even decode: nothing may touch it.
    failed(body='{"half', attributes=attributes)
    assert results() == {"m1": None}
    (message,) = received(aws)
    assert message["Body"] == '{"half'
    sent = message["MessageAttributes"]
    assert sent["price"] == {"DataType": "Number.cents", "StringValue": "12"}
    assert sent["tag"]["StringValue"] == "x"
    assert sent["raw"]["BinaryValue"] == b"\x00\x01\xff"
    assert not FailedMessage.objects.exists()


def test_it_goes_to_the_queue_and_suffix_that_it_came_from(aws: SQSClient) -> None:
    register("emails", suffixes=("big",))
    failed(queue="test__emails__big")
    assert results() == {"m1": None}
    assert len(received(aws, "test__emails__big")) == 1


def test_a_fifo_message_keeps_its_group_and_gets_a_fresh_deduplication_id(aws: SQSClient) -> None:
    queue = register("orders.fifo")
    queue.send(body="hello", group_id="g", deduplication_id="d", immediate=True)
    (first,) = received(aws, "test__orders.fifo")
    queue.physical().delete_batch([first["ReceiptHandle"]])
    failed(queue="test__orders.fifo", attributes=first["Attributes"])
    assert results() == {"m1": None}
    (second,) = received(aws, "test__orders.fifo")
    assert second["Attributes"]["MessageGroupId"] == "g"
    # With the old id SQS would have dropped it.
    assert second["Attributes"]["MessageDeduplicationId"] != "d"


def test_messages_go_in_full_batches_in_the_order_of_their_failing(
    aws: SQSClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[tuple[str, list[str]]] = []
    send_batch = PhysicalQueue.send_batch

    def spy(self: PhysicalQueue, entries: Any) -> Any:
        batches.append((self.name, [entry["MessageBody"] for entry in entries]))
        return send_batch(self, entries)

    monkeypatch.setattr(PhysicalQueue, "send_batch", spy)
    register("emails")
    register("photos")
    for number in reversed(range(12)):
        failed(f"m{number}", body=f"mail {number}", minutes=number)
    failed("p", "test__photos", body="photo", minutes=5)
    assert set(results().values()) == {None}
    assert sorted(batches) == [
        ("test__emails", [f"mail {number}" for number in range(10)]),
        ("test__emails", ["mail 10", "mail 11"]),
        ("test__photos", ["photo"]),
    ]


def test_a_queue_that_is_gone_is_told_and_the_row_stays(aws: SQSClient, settings: Settings) -> None:
    register("emails")
    failed("lost", queue="test__removed")
    failed("kept")
    told = results()
    assert told["kept"] is None
    assert "'test__removed'" in (told["lost"] or "")
    assert [row.message_id for row in FailedMessage.objects.all()] == ["lost"]


def test_an_outage_is_told_for_each_row_and_all_stay() -> None:
    register("emails")
    failed("a")
    failed("b")
    told = results()
    assert set(told) == {"a", "b"}
    assert all("SQS does not answer" in (failure or "") for failure in told.values())
    assert FailedMessage.objects.count() == 2


def test_a_batch_that_fails_in_part_keeps_the_rows_that_were_refused(
    aws: SQSClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse_second(self: PhysicalQueue, entries: Any) -> Any:
        failure = EntryFailure(index=1, code="InvalidMessageContents", message="bad", permanent=True)
        return {0: "id-0", 2: "id-2"}, [failure]

    monkeypatch.setattr(PhysicalQueue, "send_batch", refuse_second)
    register("emails")
    for number in range(3):
        failed(f"m{number}", minutes=number)
    assert results() == {"m0": None, "m1": "InvalidMessageContents: bad", "m2": None}
    assert [row.message_id for row in FailedMessage.objects.all()] == ["m1"]


def test_what_went_out_before_a_later_batch_failed_is_not_sent_twice(
    aws: SQSClient, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    send_batch = PhysicalQueue.send_batch

    def once(self: PhysicalQueue, entries: Any) -> Any:
        answer = send_batch(self, entries)
        settings.SQS_ENDPOINT_URL = "http://127.0.0.1:9"
        return answer

    monkeypatch.setattr(PhysicalQueue, "send_batch", once)
    register("emails")
    # Two messages that do not fit into one request together.
    failed("a", body="x" * 600_000)
    failed("b", body="x" * 600_000, minutes=1)
    told = results()
    assert told["a"] is None
    assert "SQS does not answer" in (told["b"] or "")
    assert [row.message_id for row in FailedMessage.objects.all()] == ["b"]


def test_a_message_is_sent_at_once_also_inside_a_transaction(aws: SQSClient) -> None:
    from django.db import transaction

    register("emails")
    failed()
    with transaction.atomic():
        assert results() == {"m1": None}
        assert len(received(aws)) == 1


def test_the_full_name_is_resolved_by_prefix_name_and_suffix(settings: Settings) -> None:
    queue = register("orders.fifo", suffixes=("big",))
    found = destination_of("test__orders__big.fifo")
    assert (found.queue, found.suffix) == (queue, "big")
    settings.SQS_QUEUE_PREFIX = "other"
    with pytest.raises(QueueGone, match="SQS_QUEUE_PREFIX"):
        destination_of("test__orders__big.fifo")
