"""What can be done with a queue: its names, its messages at AWS, and sending to it."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from typing import Any

import pytest

from django_sqs import register, send
from django_sqs.exceptions import (
    InvalidOption,
    NoReceiver,
    QueueMissing,
    UnknownSuffixWarning,
    WrongArgument,
)
from django_sqs.message import Message
from django_sqs.registered_queue import QueueStatus, RegisteredQueue
from django_sqs.registry import Queues
from django_sqs.testing import capture


@pytest.fixture
def letters(own_queues: Queues) -> RegisteredQueue:
    return register("letters", suffixes=("big", ""))


class TestNames:
    def test_are_made_of_prefix_name_and_suffix(self, letters: RegisteredQueue) -> None:
        assert letters.full_name() == "test__letters"
        assert letters.full_name("big") == "test__letters__big"

    def test_may_have_the_suffixes_that_were_registered(self, letters: RegisteredQueue) -> None:
        assert letters.known_suffixes() == [None, "big"]

    @pytest.mark.parametrize("method", ["full_name", "physical", "ping", "create", "status", "clear", "purge"])
    def test_have_no_suffix_that_is_no_string(self, letters: RegisteredQueue, method: str) -> None:
        with pytest.raises(WrongArgument, match="suffix=5"):
            getattr(letters, method)(5)


def warned_line(action: Any) -> str:
    """The line of code that a warning about a suffix points at."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    [warning] = caught
    assert warning.category is UnknownSuffixWarning
    assert warning.filename == __file__
    with open(__file__, encoding="utf-8") as source:  # noqa: PTH123
        return source.readlines()[warning.lineno - 1].strip()


class TestAnUnknownSuffix:
    def test_is_warned_of_once_with_what_to_do(self, letters: RegisteredQueue) -> None:
        with pytest.warns(UnknownSuffixWarning, match=r"'letters'.*'huge' \(known: big.*suffixes=\('huge',\)"):
            letters.full_name("huge")
        # A second warning would be an error here.
        letters.full_name("huge")
        with pytest.warns(UnknownSuffixWarning, match="'tiny'"):
            letters.full_name("tiny")

    @pytest.mark.filterwarnings("default::django_sqs.exceptions.UnknownSuffixWarning")
    def test_is_warned_of_at_the_line_of_the_caller_however_deep(self, own_queues: Queues) -> None:
        names = iter(f"letters_{number}" for number in range(10))

        def fresh() -> RegisteredQueue:
            return register(next(names))

        with capture():
            queue = fresh()
            assert "queue.full_name" in warned_line(lambda: queue.full_name("x"))
            queue = fresh()
            assert "send(queue.name" in warned_line(lambda: send(queue.name, body="a", suffix="x"))
            queue = fresh()
            assert "queue.send(body" in warned_line(lambda: queue.send(body="a", suffix="x"))
            queue = fresh()
            assert "queue.send_many" in warned_line(lambda: queue.send_many([{"body": "a", "suffix": "x"}]))

    def test_is_warned_of_at_the_line_that_awaits(self, own_queues: Queues) -> None:
        queue = register("letters")

        async def work() -> None:
            await queue.asend(body="a", suffix="x")

        with capture():
            assert "await queue.asend" in warned_line(lambda: asyncio.run(work()))

    def test_that_sqs_would_refuse_is_an_error_and_no_warning(self, letters: RegisteredQueue) -> None:
        with pytest.raises(ValueError, match="has ' ' in it"):
            letters.full_name("not this")


class TestOptions:
    def test_are_those_of_the_settings_where_they_say_something(self, letters: RegisteredQueue, settings: Any) -> None:
        assert letters.handlers == 1
        settings.SQS_QUEUES = {"letters": {"concurrency": 7}, "others": {"concurrency": 9}}
        assert letters.handlers == 7
        assert letters.declared.concurrency is None

    def test_of_the_settings_are_checked(self, letters: RegisteredQueue, settings: Any) -> None:
        settings.SQS_QUEUES = {"letters": {"concurrency": "many"}}
        with pytest.raises(InvalidOption, match=r"letters \(in SQS_QUEUES\)"):
            _ = letters.options

    def test_tell_whether_the_receiver_is_a_coroutine_function(self, own_queues: Queues) -> None:
        async def take(message: Message) -> None: ...

        assert register("async", take).is_async
        assert not register("sync", lambda message: None).is_async


def test_a_queue_that_is_only_sent_to_has_no_receiver(letters: RegisteredQueue) -> None:
    with pytest.raises(NoReceiver, match="'letters' has no receiver"):
        letters.receiver_function()


@pytest.mark.usefixtures("aws")
class TestAtAWS:
    def test_it_is_created_asked_for_and_deleted(self, letters: RegisteredQueue) -> None:
        assert not letters.ping()
        assert letters.create().endswith("/test__letters")
        assert letters.create() == letters.create()
        assert letters.ping()
        letters.delete_queue()
        assert not letters.ping()

    def test_it_is_created_with_its_options(self, own_queues: Queues, aws: Any) -> None:
        register("orders.fifo", visibility_timeout=45).create()
        url = aws.get_queue_url(QueueName="test__orders.fifo")["QueueUrl"]
        attributes = aws.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert attributes["VisibilityTimeout"] == "45"
        assert attributes["FifoQueue"] == "true"
        assert attributes["ContentBasedDeduplication"] == "false"

    def test_it_is_created_so_that_its_content_tells_copies(self, own_queues: Queues, aws: Any) -> None:
        queue = register("orders", fifo=True, content_based_deduplication=True)
        for _ in range(2):
            queue.send(body="a", group_id="g")
        queue.send(body="a", group_id="g", deduplication_id="mine")
        assert queue.physical().attributes("ContentBasedDeduplication") == {"ContentBasedDeduplication": "true"}
        assert len(queue.physical().receive(10, 0, 30)) == 2

    def test_it_tells_how_many_messages_there_are(self, letters: RegisteredQueue) -> None:
        letters.send_many([{"body": "a"}, {"body": "b"}, {"body": "c", "delay": 60}])
        letters.physical().receive(1, 0, 30)
        status = letters.status()
        assert status == QueueStatus(waiting=1, in_flight=1, delayed=1)
        assert status.total == 3

    def test_it_is_cleared_but_for_what_is_in_flight(self, letters: RegisteredQueue) -> None:
        letters.send_many({"body": str(number)} for number in range(25))
        letters.physical().receive(1, 0, 30)
        counts: list[int] = []
        cleared = letters.clear(progress=counts.append)
        assert (cleared.deleted, cleared.in_flight) == (24, 1)
        assert sum(counts) == 24

    def test_it_is_purged_of_all(self, letters: RegisteredQueue) -> None:
        letters.send(body="a")
        letters.purge()
        assert letters.status().total == 0

    def test_a_suffix_is_another_queue(self, letters: RegisteredQueue) -> None:
        letters.send(body="a", suffix="big")
        assert letters.status("big").waiting == 1
        assert letters.status().waiting == 0

    def test_a_missing_queue_is_an_error_where_none_may_be_created(
        self, letters: RegisteredQueue, settings: Any
    ) -> None:
        settings.SQS_CREATE_QUEUES = False
        for call in (letters.status, letters.clear, letters.purge, letters.receive_single, letters.delete_queue):
            with pytest.raises(QueueMissing, match=r"'test__letters' does not exist .*sqs_setup.*SQS_CREATE_QUEUES"):
                call()
        with pytest.raises(QueueMissing):
            letters.send(body="a")


@pytest.mark.usefixtures("aws")
class TestReceiveSingle:
    def test_gives_one_message_and_deletes_it(self, letters: RegisteredQueue) -> None:
        sent = letters.send(body="a", message_attributes={"n": 1})
        message = letters.receive_single()
        assert isinstance(message, Message)
        assert (message.body, message.id, message.message_attributes) == ("a", sent.id, {"n": 1})
        assert message.queue_name == "test__letters"
        assert letters.status().total == 0
        assert letters.receive_single() is None

    @pytest.mark.parametrize("wait", [-1, "5", None, True, float("nan")])
    def test_refuses_an_odd_wait(self, letters: RegisteredQueue, wait: Any) -> None:
        with pytest.raises(WrongArgument, match="wait="):
            letters.receive_single(wait=wait)


def test_public_methods_say_what_they_do_and_which_action_they_need() -> None:
    for name in ("ping", "create", "delete_queue", "status", "clear", "purge", "receive_single", "send", "send_many"):
        doc = inspect.getdoc(getattr(RegisteredQueue, name)) or ""
        assert doc, name
        assert "sqs:" in doc or name == "status", name
