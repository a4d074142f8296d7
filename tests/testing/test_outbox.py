"""The transports for SQS_TRANSPORT: one keeps messages, one runs their receivers at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import transaction
from django.test import TestCase

from django_sqs import BatchFailed, Reject, RestartLater, asend, receiver, register, send, send_many
from django_sqs.message import JSONMessage, Message
from django_sqs.registry import Queues
from django_sqs.sending.transports import get_transport
from django_sqs.testing import InlineTransport, OutboxTransport
from django_sqs.testing.outbox import MAX_RUNS
from tests.sample.models import Article
from tests.sending.support import rolled_back


@pytest.fixture
def outbox(settings: Any, own_queues: Queues) -> Iterator[None]:
    settings.SQS_TRANSPORT = "django_sqs.testing.OutboxTransport"
    OutboxTransport.outbox.clear()
    yield
    OutboxTransport.outbox.clear()


@pytest.fixture
def inline(settings: Any, own_queues: Queues) -> Iterator[None]:
    settings.SQS_TRANSPORT = "django_sqs.testing.InlineTransport"
    yield
    InlineTransport.outbox.clear()
    InlineTransport.rejected.clear()


@pytest.mark.usefixtures("outbox")
class TestOutboxTransport:
    def test_keeps_what_is_sent_and_gives_it_an_id(self) -> None:
        register("letters")
        message = send("letters", body="a")
        send_many("letters", [{"body": "b"}, {"body": "c", "delay": 5}])
        assert [sent.body for sent in OutboxTransport.outbox] == ["a", "b", "c"]
        assert [sent.delay for sent in OutboxTransport.outbox] == [0, 0, 5]
        assert message.id == OutboxTransport.outbox[0].id

    def test_heeds_a_new_list_in_the_place_of_the_old_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        register("letters")
        send("letters", body="a")
        monkeypatch.setattr(OutboxTransport, "outbox", [])
        send("letters", body="b")
        assert [sent.body for sent in OutboxTransport.outbox] == ["b"]

    def test_runs_nothing(self) -> None:
        @receiver("letters")
        def take(message: Message) -> None:
            raise AssertionError

        take(body="a")
        assert OutboxTransport.outbox[0].state == "waiting"


@pytest.mark.usefixtures("inline")
class TestInlineTransport:
    def test_runs_the_receiver_in_the_callers_thread_before_send_returns(self) -> None:
        ran: list[int] = []
        receiver("letters")(lambda message: ran.append(threading.get_ident()))
        send("letters", body="a")
        assert ran == [threading.get_ident()]

    def test_gives_the_message_as_it_is_received(self) -> None:
        got: list[JSONMessage] = []
        register("letters", got.append, message_class=JSONMessage)
        sent = send("letters", body={"when": 1}, message_attributes={"n": 5, "raw": b"\0"}, group_id="g")
        [message] = got
        assert message is not sent
        assert message.body == {"when": 1}
        assert message.id == sent.id
        assert message.receive_count == 1
        assert message.sent_at is not None
        assert message.receipt_handle
        assert message.group_id == "g"
        assert message.message_attributes == {"n": 5, "raw": b"\0"}
        assert message.queue_name == "test__letters"

    def test_lets_what_a_receiver_raises_out_of_send(self) -> None:
        @receiver("letters")
        def fail(message: Message) -> None:
            raise ZeroDivisionError(message.body)

        with pytest.raises(ZeroDivisionError, match="a"):
            fail(body="a")
        with pytest.raises(ZeroDivisionError, match="b"):
            fail.send_many([{"body": "b"}, {"body": "c"}])

    def test_lets_it_out_where_the_queue_retries_as_well(self) -> None:
        @receiver("letters", on_error="retry")
        def fail(message: Message) -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail(body="a")

    def test_restarts_at_once(self) -> None:
        counts: list[int] = []

        @receiver("letters")
        def third_time(message: Message) -> None:
            counts.append(message.receive_count)
            if message.receive_count < 3:
                raise RestartLater(delay=3600)

        third_time(body="a")
        assert counts == [1, 2, 3]

    def test_does_not_restart_for_ever(self) -> None:
        @receiver("letters")
        def never(message: Message) -> None:
            raise RestartLater

        with pytest.raises(AssertionError, match=f"'a' raised RestartLater {MAX_RUNS} times"):
            never(body="a")

    def test_keeps_what_is_rejected(self) -> None:
        @receiver("letters")
        def reject(message: Message) -> None:
            raise Reject("not for us")

        reject(body="a")
        [rejected] = InlineTransport.rejected
        assert rejected.body == "a"
        assert rejected.state == "rejected"
        assert str(rejected.error) == "not for us"

    def test_rejects_a_body_that_the_class_cannot_read(self) -> None:
        class Reluctant(Message):
            def decode(self, raw_body: str) -> str:
                raise ValueError("unreadable")

        register("letters", lambda message: None, message_class=Reluctant)
        send("letters", body="a")
        [rejected] = InlineTransport.rejected
        assert "unreadable" in str(rejected.error)

    def test_keeps_what_goes_to_a_queue_without_a_receiver(self) -> None:
        register("letters")
        send("letters", body="a")
        assert [sent.body for sent in InlineTransport.outbox] == ["a"]
        assert OutboxTransport.outbox is not InlineTransport.outbox

    def test_runs_asynchronous_receivers(self) -> None:
        ran: list[str] = []

        @receiver("letters")
        async def take(message: Message) -> None:
            ran.append(message.body)

        take(body="a")
        assert ran == ["a"]

    def test_can_be_awaited(self) -> None:
        import asyncio

        ran: list[str] = []

        @receiver("letters")
        async def take(message: Message) -> None:
            await sync_to_async(ran.append)(message.body)

        asyncio.run(asend("letters", body="a"))
        assert ran == ["a"]

    def test_gives_a_batch_receiver_one_message_at_a_time(self) -> None:
        batches: list[list[str]] = []

        @receiver("letters", batch=10)
        def take(messages: list[Message]) -> None:
            batches.append([message.body for message in messages])
            if messages[0].body == "c":
                raise BatchFailed(messages) from ZeroDivisionError()

        take.send_many([{"body": "a"}, {"body": "b"}])
        assert batches == [["a"], ["b"]]
        with pytest.raises(ZeroDivisionError):
            take(body="c")

    def test_runs_what_a_receiver_sends(self) -> None:
        ran: list[str] = []

        @receiver("second")
        def second(message: Message) -> None:
            ran.append(message.body)

        @receiver("first")
        def first(message: Message) -> None:
            second(body=f"{message.body} and on")

        first(body="a")
        assert ran == ["a and on"]

    def test_does_not_take_what_a_receiver_sends_wrongly_for_a_failure_to_send(self) -> None:
        @receiver("letters")
        def wrong(message: Message) -> None:
            send("nowhere", body="a")

        with pytest.raises(LookupError, match="nowhere"):
            wrong(body="a")

    @pytest.mark.django_db(transaction=True)
    def test_runs_at_the_commit_and_its_errors_are_its_own(self) -> None:
        ran: list[str] = []

        @receiver("letters")
        def take(message: Message) -> None:
            assert not transaction.get_connection().in_atomic_block
            ran.append(message.body)
            if message.body == "b":
                raise ZeroDivisionError

        def send_in_transaction(body: str) -> None:
            with transaction.atomic():
                take(body=body)
                assert body not in ran

        send_in_transaction("a")
        with rolled_back():
            take(body="never")
        with pytest.raises(ZeroDivisionError):
            send_in_transaction("b")
        assert ran == ["a", "b"]


@pytest.mark.usefixtures("inline")
class TestInlineTransportInATestCase(TestCase):
    def test_it_runs_when_the_block_of_the_code_under_test_ends_with_its_rows_there(self) -> None:
        @receiver("articles", message_class=JSONMessage)
        def count(message: JSONMessage) -> None:
            Article.objects.filter(pk=message.body).update(runs=1)

        with transaction.atomic():
            article = Article.objects.create(title="a")
            count(body=article.pk)
            assert isinstance(get_transport(), InlineTransport)
            article.refresh_from_db()
            assert article.runs == 0
        article.refresh_from_db()
        assert article.runs == 1
