"""A send that fails after the commit is told of in every way: the data is committed, the message is not sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction

from django_sqs import register, send
from django_sqs.exceptions import QueueMissing, SendFailed
from django_sqs.message import Message
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.signals import send_failed
from tests.sample.models import Article
from tests.sending.support import Boom, Recorder, boom, count_requests, send_in_transaction

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What listeners of `send_failed` are told."""
    told: list[dict[str, Any]] = []

    def listener(**facts: Any) -> None:
        told.append(facts)

    send_failed.connect(listener)
    yield told
    send_failed.disconnect(listener)


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == "django_sqs.sending" and record.levelname == "ERROR"]


def test_it_is_raised_out_of_the_block_when_all_the_others_were_tried(wire: Recorder) -> None:
    wire.failures["3"] = RuntimeError("no way")
    callbacks: list[str] = []

    def callback() -> None:
        Article.objects.create(title="committed")
        callbacks.append(f"{len(wire.calls)} sent")

    with pytest.raises(SendFailed, match=r"10 of 25 .*'test__letters'.*RuntimeError: no way") as raised:
        send_in_transaction(*map(str, range(25)), then=callback)
    assert callbacks == ["0 sent"]
    assert [len(call) for call in wire.calls] == [10, 10, 5]
    assert [message.body for message, _ in raised.value.failed] == [str(number) for number in range(10)]
    assert [message.body for message in raised.value.sent] == [str(number) for number in range(10, 25)]
    assert isinstance(raised.value.__cause__, RuntimeError)
    assert Article.objects.filter(title="committed").exists()


def test_it_tells_which_messages_of_a_batch_were_refused(wire: Recorder) -> None:
    wire.refused = {"1", "12"}
    with pytest.raises(SendFailed) as raised:
        send_in_transaction(*map(str, range(14)), "2")
    assert [(message.body, reason) for message, reason in raised.value.failed] == [("1", "refused"), ("12", "refused")]
    assert len(raised.value.sent) == 13


def test_a_message_sent_twice_is_counted_twice(wire: Recorder) -> None:
    message = Message(body="a")
    wire.refused = {"a"}

    @transaction.atomic
    def send_twice() -> None:
        send("letters", message)
        send("letters", message)

    with pytest.raises(SendFailed, match="2 of 2"):
        send_twice()


def test_it_is_logged_for_each_body_with_what_finds_it(wire: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    wire.failures["hello"] = RuntimeError("no way")
    with pytest.raises(SendFailed):
        send_in_transaction("hello", "x" * 1000)
    first, second = errors(caplog)
    assert "test__letters" in first.getMessage()
    assert "no way" in first.getMessage()
    # As "echo -n hello | md5sum" prints it.
    assert "5d41402abc4b2a76b9719d911017c592" in first.getMessage()
    assert first.__dict__["action"] == "send_failed"
    assert first.__dict__["queue"] == "test__letters"
    assert second.getMessage().count("x") <= 200


def test_it_is_signalled_for_each_queue(wire: Recorder, letters: RegisteredQueue, told: list[dict[str, Any]]) -> None:
    notes = register("notes")
    wire.failures = {"a": RuntimeError("no way"), "c": RuntimeError("nor here")}

    @transaction.atomic
    def send_two() -> None:
        send("letters", body="a")
        send("notes", body="c")

    with pytest.raises(SendFailed) as raised:
        send_two()
    assert [(facts["sender"], facts["queue"]) for facts in told] == [(letters, "test__letters"), (notes, "test__notes")]
    assert [[message.body for message in facts["messages"]] for facts in told] == [["a"], ["c"]]
    assert [facts["exception"] for facts in told] == [raised.value, raised.value]


@pytest.mark.usefixtures("told")
def test_a_listener_that_fails_changes_nothing(wire: Recorder, told: list[dict[str, Any]]) -> None:
    def listener(**facts: Any) -> None:
        raise Boom

    send_failed.connect(listener)
    try:
        wire.failures["a"] = RuntimeError("no way")
        with pytest.raises(SendFailed):
            send_in_transaction("a")
    finally:
        send_failed.disconnect(listener)
    assert len(told) == 1


def test_a_callback_that_failed_before_is_told_of_too(wire: Recorder) -> None:
    wire.failures["a"] = RuntimeError("no way")
    with pytest.raises(SendFailed) as raised:
        send_in_transaction("a", then=boom)
    chain: list[type] = []
    error: BaseException | None = raised.value
    while error is not None:
        chain.append(type(error))
        error = error.__cause__ or error.__context__
    assert chain == [SendFailed, RuntimeError, Boom]


@pytest.mark.usefixtures("letters")
def test_a_missing_queue_is_not_asked_for_again_for_each_batch(
    aws: Any, settings: Any, told: list[dict[str, Any]]
) -> None:
    register("notes").create()
    settings.SQS_CREATE_QUEUES = False
    requests = count_requests()

    @transaction.atomic
    def send_to_both() -> None:
        for number in range(30):
            send("letters", body=str(number))
        send("notes", body="goes all the same")

    with pytest.raises(SendFailed, match=r"30 of 31 .*sqs_setup") as raised:
        send_to_both()
    assert isinstance(raised.value.__cause__, QueueMissing)
    assert [message.body for message in raised.value.sent] == ["goes all the same"]
    assert requests == ["GetQueueUrl", "SendMessageBatch"]
    assert [len(facts["messages"]) for facts in told] == [30]


@pytest.mark.usefixtures("letters")
def test_an_unreachable_server_is_tried_once_for_all_queues() -> None:
    # tests.settings points at a port where nothing listens.
    register("notes")
    requests = count_requests()

    @transaction.atomic
    def send_to_both() -> None:
        for number in range(20):
            send("letters", body=str(number))
        send("notes", body="a")

    with pytest.raises(SendFailed, match=r"21 of 21 .*test__letters, test__notes.*127\.0\.0\.1:9"):
        send_to_both()
    assert requests == ["GetQueueUrl"]


def test_the_end_of_the_process_leaves_nothing_untold(
    wire: Recorder, told: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    # A web server ends a worker that takes too long, in the middle of whatever it does.
    wire.failures["10"] = SystemExit(1)
    with pytest.raises(SystemExit):
        send_in_transaction(*map(str, range(21)))
    assert [[message.body for message in facts["messages"]] for facts in told] == [list(map(str, range(10, 21)))]
    assert len(errors(caplog)) == 11


def test_the_connection_is_as_it_was(wire: Recorder) -> None:
    wire.failures["a"] = RuntimeError("no way")
    with pytest.raises(SendFailed):
        send_in_transaction("a")
    assert connection.get_autocommit()
    assert not connection.in_atomic_block
    send_in_transaction("b")
    assert wire.calls == [["a"], ["b"]]
