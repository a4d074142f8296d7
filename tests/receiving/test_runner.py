"""Running messages: decode, call the receiver, settle by what came of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connections

from django_sqs import Reject, RestartLater, signals
from django_sqs.message import JSONMessage, Message
from django_sqs.receiving import database
from django_sqs.receiving.conclusion import BodyUnavailable, DeleteRefused, Ignored
from django_sqs.receiving.settlement import NOTHING
from tests.receiving.running import Start
from tests.receiving.support import FakeQueue, refused, unreachable
from tests.receiving.support import held as held_message

# --- plain receivers


def test_the_receiver_is_called_with_the_decoded_message(start: Start) -> None:
    got: list[JSONMessage] = []
    running = start(got.append, message_class=JSONMessage)
    running.run(held_message("a", body='{"id": 7}', count=2))
    (message,) = got
    assert (message.body, message.id, message.receive_count, message.queue_name) == ({"id": 7}, "a", 2, "test__jobs")
    assert running.outcomes == {"a": None}


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
def test_whatever_a_receiver_raises_is_the_failure_of_its_message(start: Start, error: BaseException) -> None:
    def fail(message: Message) -> None:
        raise error

    running = start(fail)
    running.run(held_message("a"))
    assert running.errors == {"a": error}
    assert running.outcomes == {"a": None}


def test_what_a_plain_receiver_returns_does_not_matter(start: Start) -> None:
    running = start(lambda message: [message])
    running.run(held_message("a"))
    assert running.errors == {"a": None}


@pytest.mark.parametrize("body", ["{broken", "[" * 100_000])
def test_a_body_that_cannot_be_decoded_is_rejected_and_its_receiver_not_called(start: Start, body: str) -> None:
    got: list[object] = []
    running = start(got.append, message_class=JSONMessage)
    running.run(held_message("a", body=body))
    assert got == []
    assert isinstance(running.errors["a"], Reject)


class Hostile(Message):
    def decode(self, raw_body: str) -> str:
        raise MemoryError("a body of this class takes too much")


class Misbehaving(Message):
    @property
    def ignored(self) -> bool:
        raise LookupError("a fault in the class")


@pytest.mark.parametrize("message_class", [Hostile, Misbehaving])
def test_whatever_a_message_class_raises_no_retry_will_mend_it(start: Start, message_class: type[Message]) -> None:
    running = start(lambda message: None, message_class=message_class, on_error="retry")
    running.run(held_message("a"))
    assert isinstance(running.errors["a"], Reject)
    assert running.outcomes == {"a": None}


class Elsewhere(Message):
    def decode(self, raw_body: str) -> str:
        raise unreachable()


def test_a_body_that_is_elsewhere_and_cannot_be_had_now_leaves_the_message_in_the_queue(start: Start) -> None:
    running = start(lambda message: None, message_class=Elsewhere)
    running.run(held_message("a"))
    assert isinstance(running.errors["a"], BodyUnavailable)
    assert isinstance(running.outcomes["a"], float)


class Uninteresting(Message):
    ignored = True


def test_a_message_that_needs_no_receiver_is_deleted_without_one(start: Start) -> None:
    got: list[object] = []
    running = start(got.append, message_class=Uninteresting)
    running.run(held_message("a"))
    assert got == []
    assert isinstance(running.errors["a"], Ignored)
    assert running.outcomes == {"a": None}


def test_what_another_has_decided_on_is_not_settled_again(start: Start) -> None:
    running = start(lambda message: None)
    message = held_message("a")
    message.judged = True
    running.run(message)
    assert running.outcomes == {}


def test_a_restart_stays(start: Start) -> None:
    def later(message: Message) -> None:
        raise RestartLater(5)

    running = start(later)
    running.run(held_message("a"))
    assert running.outcomes == {"a": 5.0}


# --- listeners


@pytest.fixture
def received() -> Iterator[list[str]]:
    """The threads in which listeners of message_received were called."""
    threads: list[str] = []

    def listen(**facts: Any) -> None:
        threads.append(threading.current_thread().name)

    signals.message_received.connect(listen)
    yield threads
    signals.message_received.disconnect(listen)


def test_listeners_are_told_before_the_receiver_is_called(start: Start, received: list[str]) -> None:
    seen: list[int] = []
    running = start(lambda message: seen.append(len(received)))
    running.run(held_message("a"))
    assert seen == [1]


def test_listeners_are_told_of_nothing_where_the_receiver_is_not_called(start: Start, received: list[str]) -> None:
    start(lambda message: None, message_class=JSONMessage).run(held_message("a", body="{broken"))
    assert received == []


def test_a_coroutine_s_listeners_may_block(start: Start, received: list[str]) -> None:
    async def receive(message: Message) -> None:
        pass

    running = start(receive)
    running.arun(held_message("a"))
    assert received == [name for name in received if name != threading.current_thread().name]
    assert len(received) == 1


# --- delete_on_start


def test_it_is_deleted_immediately_before_it_runs(start: Start, physical: FakeQueue) -> None:
    seen: list[int] = []
    running = start(lambda message: seen.append(len(physical.made("delete"))), delete_on_start=True)
    message = held_message("a")
    running.run(message)
    assert seen == [1]
    assert physical.made("delete") == [[message.handle]]
    assert message.deleted
    assert running.outcomes == {"a": NOTHING}


@pytest.mark.parametrize("failure", [unreachable(), refused(0)])
def test_where_the_delete_is_not_confirmed_it_is_not_run(start: Start, physical: FakeQueue, failure: Any) -> None:
    got: list[object] = []
    physical.answer("delete", failure)
    running = start(got.append, delete_on_start=True)
    message = held_message("a")
    running.run(message)
    assert got == []
    assert isinstance(running.errors["a"], DeleteRefused)
    assert not message.deleted
    assert isinstance(running.outcomes["a"], float), "it stays"


def test_what_cannot_be_decoded_is_not_deleted_before(start: Start, physical: FakeQueue) -> None:
    running = start(lambda message: None, message_class=JSONMessage, delete_on_start=True)
    running.run(held_message("a", body="{broken"))
    assert physical.made("delete") == []
    assert running.outcomes == {"a": None}, "but kept and deleted"


# --- the back-stop


def test_one_that_kills_its_process_every_time_does_not_come_back_for_ever(start: Start) -> None:
    got: list[object] = []
    running = start(got.append, max_receives=2)
    running.run(held_message("a", count=20))
    assert len(got) == 1
    running.run(held_message("b", count=21))
    assert len(got) == 1
    assert "received 21 times without being settled" in str(running.errors["b"])


def test_where_sqs_has_a_redrive_policy_the_back_stop_is_left_to_it(start: Start, physical: FakeQueue) -> None:
    physical.answer("attributes", {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:r:1:dead"}'})
    got: list[object] = []
    start(got.append, max_receives=2).run(held_message("a", count=100))
    assert len(got) == 1


def test_without_max_receives_a_message_may_come_back_as_often_as_it_likes(start: Start, physical: FakeQueue) -> None:
    got: list[object] = []
    start(got.append).run(held_message("a", count=500))
    assert len(got) == 1
    assert physical.calls == []


# --- connections


@pytest.mark.parametrize("close", [True, False])
def test_connections_are_looked_after_when_the_message_is_settled(
    start: Start, tidied: list[tuple[bool, bool]], close: bool
) -> None:
    running = start(lambda message: None, close_database=close)
    running.run(held_message("a"))
    assert tidied == [(False, close)]


def test_connections_are_looked_after_more_closely_where_one_failed(
    start: Start, tidied: list[tuple[bool, bool]]
) -> None:
    start(lambda messages: messages[:1], batch=2).run(held_message("a"), held_message("b"))
    assert tidied == [(True, False)]


def test_a_slot_that_never_used_its_thread_has_no_connections_to_look_after(
    start: Start, tidied: list[tuple[bool, bool]]
) -> None:
    async def receive(message: Message) -> None:
        if message.id == "b":
            await sync_to_async(lambda: None)()

    start(receive).arun(held_message("a"))
    assert tidied == []
    start(receive).arun(held_message("b"))
    assert tidied == [(False, False)]


@pytest.mark.usefixtures("database_file")
@pytest.mark.parametrize(("handled", "kept"), [(True, True), (False, False)])
def test_a_query_that_failed_closes_the_connection_unless_the_receiver_has_handled_it(
    start: Start, handled: bool, kept: bool
) -> None:
    open_after: list[bool] = []

    def query(message: Message) -> None:
        try:
            with connections["file"].cursor() as cursor:
                cursor.execute("SELECT nonsense")
        except DatabaseError:
            if not handled:
                raise

    def handler() -> None:
        start(query).run(held_message("a"))
        open_after.append(connections["file"].connection is not None)
        database.close_all()

    thread = threading.Thread(target=handler)
    thread.start()
    thread.join(10)
    assert open_after == [kept]


def test_the_runner_says_whose_messages_it_runs(start: Start) -> None:
    assert start(lambda message: None).runner.name == "test__jobs"
