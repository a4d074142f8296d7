"""One queue as AWS knows it: the calls, in batches, with every entry's failure reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber

from django_sqs.aws import client
from django_sqs.aws.client import CALLING, Connection, get_client
from django_sqs.aws.physical_queue import EntryFailure, PhysicalQueue, forget_addresses
from django_sqs.exceptions import (
    AccessDenied,
    AWSError,
    CredentialsRefused,
    EndpointUnreachable,
    QueueMissing,
    ServiceFault,
    Throttled,
)
from tests.aws.support import Answer, server

URL = "http://127.0.0.1:9/letters"
MISSING = "AWS.SimpleQueueService.NonExistentQueue"
CONNECTION = Connection(region="us-east-1", endpoint_url="http://127.0.0.1:9", access_key_id="x", secret_access_key="y")


def forget() -> None:
    client.forget_clients()
    forget_addresses()


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """Answers that SQS gives in turn; all must be asked for."""
    forget()
    with Stubber(get_client(CONNECTION, CALLING)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()
    forget()


@pytest.fixture
def queue(stub: Stubber) -> PhysicalQueue:
    """A queue whose address is known."""
    stub.add_response("get_queue_url", {"QueueUrl": URL}, {"QueueName": "letters"})
    queue = PhysicalQueue("letters", CONNECTION)
    assert queue.url() == URL
    return queue


class TestTheAddress:
    def test_is_asked_for_once_in_a_process(self, queue: PhysicalQueue) -> None:
        assert queue.url() == URL
        assert PhysicalQueue("letters", CONNECTION).url() == URL

    def test_of_a_missing_queue_is_an_error(self, stub: Stubber) -> None:
        stub.add_client_error("get_queue_url", MISSING)
        with pytest.raises(QueueMissing, match="'letters' does not exist"):
            PhysicalQueue("letters", CONNECTION).url()

    def test_of_a_missing_queue_creates_it_where_that_is_allowed(self, stub: Stubber) -> None:
        stub.add_client_error("get_queue_url", MISSING)
        expected = {"QueueName": "letters", "Attributes": {"VisibilityTimeout": "30"}}
        stub.add_response("create_queue", {"QueueUrl": URL}, expected)
        queue = PhysicalQueue("letters", CONNECTION, create_attributes=lambda: {"VisibilityTimeout": "30"})
        assert queue.url() == URL
        assert queue.url() == URL

    def test_is_looked_for_again_when_the_queue_is_gone(self, stub: Stubber) -> None:
        stub.add_response("get_queue_url", {"QueueUrl": URL})
        stub.add_client_error("delete_message_batch", MISSING)
        stub.add_client_error("get_queue_url", MISSING)
        stub.add_response("create_queue", {"QueueUrl": URL + "2"})
        answer = {"Successful": [{"Id": "0"}], "Failed": []}
        stub.add_response("delete_message_batch", answer, {"QueueUrl": URL + "2", "Entries": ANY})
        queue = PhysicalQueue("letters", CONNECTION, create_attributes=dict)
        assert queue.delete_batch(["handle"]) == []

    def test_is_forgotten_when_the_queue_is_gone_and_may_not_be_created(
        self, queue: PhysicalQueue, stub: Stubber
    ) -> None:
        stub.add_client_error("purge_queue", MISSING)
        with pytest.raises(QueueMissing):
            queue.purge()
        stub.add_response("get_queue_url", {"QueueUrl": URL + "2"})
        assert queue.url() == URL + "2"

    def test_tells_whether_the_queue_exists_and_asks_each_time(self, queue: PhysicalQueue, stub: Stubber) -> None:
        stub.add_response("get_queue_url", {"QueueUrl": URL})
        stub.add_client_error("get_queue_url", MISSING)
        assert queue.exists()
        assert not queue.exists()


class TestABatchOfMessages:
    def test_is_sent_with_numbers_for_ids(self, queue: PhysicalQueue, stub: Stubber) -> None:
        entries = [{"Id": "0", "MessageBody": "a"}, {"Id": "1", "MessageBody": "b", "DelaySeconds": 5}]
        successful = [
            {"Id": "1", "MessageId": "two", "MD5OfMessageBody": "x"},
            {"Id": "0", "MessageId": "one", "MD5OfMessageBody": "x"},
        ]
        stub.add_response(
            "send_message_batch", {"Successful": successful, "Failed": []}, {"QueueUrl": URL, "Entries": entries}
        )
        sent, failures = queue.send_batch([{"MessageBody": "a"}, {"MessageBody": "b", "DelaySeconds": 5}])
        assert sent == {0: "one", 1: "two"}
        assert failures == []

    def test_that_fails_in_part_tells_which_and_why(self, queue: PhysicalQueue, stub: Stubber) -> None:
        answer = {
            "Successful": [{"Id": "1", "MessageId": "two", "MD5OfMessageBody": "x"}],
            "Failed": [
                {"Id": "0", "SenderFault": True, "Code": "InvalidMessageContents", "Message": "bad"},
                {"Id": "2", "SenderFault": False, "Code": "RequestThrottled"},
            ],
        }
        stub.add_response("send_message_batch", answer)
        sent, failures = queue.send_batch([{"MessageBody": body} for body in "abcd"])
        assert sent == {1: "two"}
        assert failures == [
            EntryFailure(index=0, code="InvalidMessageContents", message="bad", permanent=True),
            EntryFailure(index=2, code="RequestThrottled", message="", permanent=False),
            EntryFailure(index=3, code="NotConfirmed", message="SQS did not mention this entry", permanent=False),
        ]
        assert [failure.throttled for failure in failures] == [False, True, False]
        assert [str(failure) for failure in failures[:2]] == ["InvalidMessageContents: bad", "RequestThrottled"]

    @pytest.mark.parametrize("method", ["delete_message_batch", "change_message_visibility_batch"])
    def test_that_is_settled_in_part_tells_which_and_why(
        self, queue: PhysicalQueue, stub: Stubber, method: str
    ) -> None:
        answer = {
            "Successful": [{"Id": "1"}],
            "Failed": [{"Id": "0", "SenderFault": True, "Code": "ReceiptHandleIsInvalid"}],
        }
        stub.add_response(method, answer)
        if method == "delete_message_batch":
            failures = queue.delete_batch(["a", "b", "c"])
        else:
            failures = queue.change_visibility_batch([("a", 0), ("b", 5.9), ("c", 60)])
        assert [(failure.index, failure.code) for failure in failures] == [
            (0, "ReceiptHandleIsInvalid"),
            (2, "NotConfirmed"),
        ]

    def test_is_hidden_for_whole_seconds(self, queue: PhysicalQueue, stub: Stubber) -> None:
        entries = [
            {"Id": "0", "ReceiptHandle": "a", "VisibilityTimeout": 0},
            {"Id": "1", "ReceiptHandle": "b", "VisibilityTimeout": 5},
        ]
        answer = {"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []}
        stub.add_response("change_message_visibility_batch", answer, {"QueueUrl": URL, "Entries": entries})
        assert queue.change_visibility_batch([("a", 0.0), ("b", 5.9)]) == []


class TestReceiving:
    def test_asks_for_what_sqs_allows(self, queue: PhysicalQueue, stub: Stubber) -> None:
        expected = {
            "QueueUrl": URL,
            "MaxNumberOfMessages": 10,
            "WaitTimeSeconds": 20,
            "VisibilityTimeout": 30,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        stub.add_response("receive_message", {}, expected)
        assert queue.receive(100, 60.5, 30.9) == []

    def test_gives_the_messages_as_they_came(self, queue: PhysicalQueue, stub: Stubber) -> None:
        message = {"MessageId": "id", "ReceiptHandle": "handle", "Body": "a", "Attributes": {"SenderId": "x"}}
        stub.add_response("receive_message", {"Messages": [message]})
        assert queue.receive(1, 0, 30) == [message]

    def test_leaves_out_half_messages(self, queue: PhysicalQueue, stub: Stubber) -> None:
        whole = {"MessageId": "id", "ReceiptHandle": "handle"}
        stub.add_response("receive_message", {"Messages": [{"MessageId": "id"}, {"ReceiptHandle": "x"}, whole, {}]})
        assert queue.receive(10, 0, 30) == [whole]


CALLS: dict[str, Any] = {
    "send_message_batch": lambda queue: queue.send_batch([{"MessageBody": "a"}]),
    "receive_message": lambda queue: queue.receive(1, 0, 30),
    "delete_message_batch": lambda queue: queue.delete_batch(["a"]),
    "change_message_visibility_batch": lambda queue: queue.change_visibility_batch([("a", 0)]),
    "get_queue_attributes": lambda queue: queue.attributes(),
    "set_queue_attributes": lambda queue: queue.set_attributes({"VisibilityTimeout": "5"}),
    "purge_queue": lambda queue: queue.purge(),
    "delete_queue": lambda queue: queue.delete_queue(),
}


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("AccessDenied", 403, AccessDenied),
        ("ExpiredToken", 403, CredentialsRefused),
        ("ThrottlingException", 400, Throttled),
        ("InternalError", 500, ServiceFault),
    ],
)
def test_every_call_that_fails_is_an_error_that_names_queue_and_action(
    queue: PhysicalQueue, stub: Stubber, method: str, code: str, status: int, kind: type[AWSError]
) -> None:
    stub.add_client_error(method, code, "Some words", status)
    with pytest.raises(kind) as raised:
        CALLS[method](queue)
    assert raised.value.transient
    assert "Some words" in str(raised.value)
    if kind is not CredentialsRefused:
        assert "'letters'" in str(raised.value)


def test_a_server_that_is_not_there_is_told_of_with_its_address() -> None:
    forget()
    with pytest.raises(EndpointUnreachable, match=r"http://127\.0\.0\.1:9 .*sqs_local"):
        PhysicalQueue("letters", CONNECTION).url()


JUNK = [b"", b"null", b"[1]", b'"text"', b"<html>hello</html>", b'{"Que', b"\xff\xfe", b'{"QueueUrl": 5}', b"{}"]


class TestAServerThatIsNotSQS:
    @pytest.fixture
    def answer(self) -> Iterator[Answer]:
        forget()
        with server() as (self.answer_, self.queue):
            yield self.answer_

    @pytest.mark.parametrize("status", [200, 302, 400, 403, 404, 500, 502])
    def test_is_an_error_whatever_it_says(self, answer: Answer, status: int) -> None:
        answer.status = status
        for answer.body in JUNK:
            with pytest.raises(AWSError, match="GetQueueUrl"):
                self.queue.url()
            with pytest.raises(AWSError):
                self.queue.create({})

    def test_that_hangs_up_in_the_middle_is_an_error(self, answer: Answer) -> None:
        answer.body, answer.length = b'{"QueueUrl": "http', 100
        with pytest.raises(AWSError):
            self.queue.url()

    @pytest.mark.parametrize("body", JUNK)
    def test_confirms_nothing(self, answer: Answer, body: bytes) -> None:
        answer.body = b'{"QueueUrl": "http://127.0.0.1/letters"}'
        self.queue.url()
        answer.body = body
        for call in (self.queue.delete_batch, lambda handles: self.queue.change_visibility_batch([("a", 1)])):
            try:
                failures = call(["a"])
            except AWSError:
                continue
            assert [failure.code for failure in failures] == ["NotConfirmed"]
        try:
            assert self.queue.receive(1, 0, 30) == []
        except AWSError as error:
            assert error.transient  # noqa: PT017

    @pytest.mark.parametrize(
        ("body", "ids", "codes"),
        [
            (b'{"Successful": [{"Id": "7", "MessageId": "x"}, {"Id": "abc"}, {"MessageId": "y"}]}', {}, 2),
            (b'{"Failed": [{"Code": "x"}], "Successful": [{"Id": "0", "MessageId": "x"}]}', {0: "x"}, 1),
            (b'{"Successful": [{"Id": "0", "MessageId": "x"}], "Failed": [{"Id": "0", "Code": "no"}]}', {}, 2),
            (b'{"Successful": [{"Id": "0"}, {"Id": "1", "MessageId": "y"}]}', {0: "", 1: "y"}, 0),
            (b'{"Successful": null, "Failed": null}', {}, 2),
        ],
    )
    def test_confirms_only_what_it_names_clearly(
        self, answer: Answer, body: bytes, ids: dict[int, str], codes: int
    ) -> None:
        answer.body = b'{"QueueUrl": "http://127.0.0.1/letters"}'
        self.queue.url()
        answer.body = body
        sent, failures = self.queue.send_batch([{"MessageBody": "a"}, {"MessageBody": "b"}])
        assert sent == ids
        assert len(failures) == codes
