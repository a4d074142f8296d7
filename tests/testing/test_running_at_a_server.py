"""run_receivers() runs what waits in a queue at a server, as `runreceiver` would."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import TestCase

from django_sqs import RestartLater, receiver, send
from django_sqs.message import Message
from django_sqs.models import FailedMessage
from django_sqs.registry import Queues
from django_sqs.testing import run_receivers
from tests.sample.models import Article
from tests.testing.conftest import Ran


class TestWithAServer:
    """As `runreceiver` would."""

    pytestmark = pytest.mark.django_db

    @pytest.fixture(autouse=True)
    def _server(self, aws: Any) -> None:
        self.client = aws

    def left(self, name: str = "test__letters") -> tuple[int, int]:
        """How many messages are visible, and hidden."""
        url = self.client.get_queue_url(QueueName=name)["QueueUrl"]
        counts = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(counts["ApproximateNumberOfMessages"]), int(counts["ApproximateNumberOfMessagesNotVisible"])

    def test_messages_are_received_run_and_deleted(self, ran: Ran) -> None:
        for body in "abc":
            send("letters", body=body)
        assert run_receivers("letters") == 3
        assert sorted(ran.bodies) == ["a", "b", "c"]
        assert ran.threads == {threading.get_ident()}
        assert self.left() == (0, 0)
        assert run_receivers("letters") == 0

    def test_no_more_than_the_limit_are_received(self, ran: Ran) -> None:
        for body in "abc":
            send("letters", body=body)
        assert run_receivers("letters", limit=2) == 2
        assert self.left() == (1, 0)

    def test_what_is_not_due_is_sent_on_and_not_counted(self, ran: Ran) -> None:
        attribute = {"DataType": "Number", "StringValue": str(int(time.time()) + 5000)}
        send("letters", body="a")
        url = self.client.get_queue_url(QueueName="test__letters")["QueueUrl"]
        self.client.send_message(QueueUrl=url, MessageBody="b", MessageAttributes={"django_sqs_due": attribute})
        assert run_receivers("letters") == 1
        assert ran.bodies == ["a"]
        assert self.left() == (0, 0)
        attributes = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["ApproximateNumberOfMessagesDelayed"] == "1"

    def test_a_suffix_is_a_queue_of_its_own(self, ran: Ran) -> None:
        send("letters", body="a", suffix="big")
        assert run_receivers("letters") == 0
        assert run_receivers("letters", "big") == 1

    def test_a_failed_message_is_kept_and_raises(self, ran: Ran) -> None:
        message = send("letters", body="fails")
        with pytest.raises(ZeroDivisionError):
            run_receivers("letters")
        assert self.left() == (0, 0)
        row = FailedMessage.objects.get(message_id=message.id)
        assert row.queue == "test__letters"
        assert "ZeroDivisionError" in row.traceback

    def test_failures_can_be_passed_over(self, ran: Ran) -> None:
        for body in ("fails", "fails", "b"):
            send("letters", body=body)
        assert run_receivers("letters", raise_errors=False) == 3
        assert FailedMessage.objects.count() == 2

    def test_a_rejected_message_is_kept_and_raises_nothing(self, ran: Ran) -> None:
        send("letters", body="rejects")
        assert run_receivers("letters") == 1
        assert FailedMessage.objects.get().reason == "Reject: no"

    def test_what_restarts_later_is_hidden_for_a_while(self, ran: Ran) -> None:
        send("letters", body="restarts")
        assert run_receivers("letters") == 0
        assert self.left() == (0, 1)

    def test_what_comes_back_at_once_for_ever_is_told_of(self, own_queues: Queues) -> None:
        @receiver("letters")
        def never(message: Message) -> None:
            raise RestartLater(delay=0)

        never(body="a")
        with pytest.raises(AssertionError, match="came back at once"):
            run_receivers(never)

    def test_asynchronous_receivers_see_the_rows_of_the_test(self, own_queues: Queues) -> None:
        titles: list[str] = []

        @receiver("letters")
        async def take(message: Message) -> None:
            titles.append((await sync_to_async(Article.objects.get)()).title)

        Article.objects.create(title="in the transaction of the test")
        take(body="a")
        assert run_receivers(take) == 1
        assert titles == ["in the transaction of the test"]

    def test_batch_receivers_get_batches(self, own_queues: Queues) -> None:
        sizes: list[int] = []

        @receiver("letters", batch=4)
        def take(messages: list[Message]) -> None:
            sizes.append(len(messages))

        take.send_many({"body": str(number)} for number in range(6))
        assert run_receivers(take) == 6
        assert sizes == [4, 2]


@pytest.mark.usefixtures("aws", "own_queues")
class TestWithAServerInATestCase(TestCase):
    def test_receivers_use_the_connection_of_the_test(self) -> None:
        article = Article.objects.create(title="a")

        @receiver("articles")
        def count(message: Message) -> None:
            Article.objects.filter(pk=message.body).update(runs=1)

        count(body=str(article.pk))
        assert run_receivers(count) == 1
        article.refresh_from_db()
        assert article.runs == 1

    def test_the_queries_of_receivers_are_counted(self) -> None:
        @receiver("articles")
        def count(message: Message) -> None:
            Article.objects.count()

        count.send_many([{"body": "a"}, {"body": "b"}])
        with self.assertNumQueries(2):
            run_receivers(count)
