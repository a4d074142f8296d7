"""Receivers that are called with a list of messages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_sqs import BatchFailed, Reject, RestartLater
from django_sqs.exceptions import WrongArgument
from django_sqs.message import JSONMessage, Message
from django_sqs.receiving.runner import failed_of_batch
from tests.receiving.running import Start
from tests.receiving.support import held as held_message


def test_a_batch_receiver_is_called_with_a_list(start: Start) -> None:
    got: list[list[Message]] = []
    running = start(got.append, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert [[message.id for message in messages] for messages in got] == [["a", "b"]]
    assert running.outcomes == {"a": None, "b": None}


def test_what_cannot_be_decoded_is_left_out_of_its_batch(start: Start) -> None:
    got: list[list[JSONMessage]] = []
    running = start(got.append, batch=10, message_class=JSONMessage)
    running.run(held_message("a", body="1"), held_message("b", body="{"), held_message("c", body="3"))
    assert [[message.body for message in messages] for messages in got] == [[1, 3]]
    assert [running.errors["a"], running.errors["c"]] == [None, None]
    assert isinstance(running.errors["b"], Reject)


def test_a_batch_in_which_nothing_can_be_decoded_has_no_call(start: Start) -> None:
    got: list[object] = []
    running = start(got.append, batch=10, message_class=JSONMessage)
    running.run(held_message("a", body="{"))
    assert got == []
    assert list(running.outcomes) == ["a"]


def test_a_batch_receiver_may_return_those_that_failed(start: Start) -> None:
    running = start(lambda messages: [messages[1]], batch=10, on_error="retry")
    running.run(held_message("a"), held_message("b"), held_message("c"))
    assert [running.errors["a"], running.errors["c"]] == [None, None]
    assert isinstance(running.errors["b"], BatchFailed)
    assert isinstance(running.outcomes["b"], float)


@pytest.mark.parametrize("returned", [[], (), set()])
def test_a_batch_receiver_that_returns_nothing_that_failed_has_succeeded(start: Start, returned: object) -> None:
    running = start(lambda messages: returned, batch=10)
    running.run(held_message("a"))
    assert running.errors == {"a": None}


def test_a_batch_receiver_may_raise_those_that_failed_with_their_cause(start: Start) -> None:
    cause = RuntimeError("these are bad")

    def fail(messages: list[Message]) -> None:
        raise BatchFailed([messages[0]]) from cause

    running = start(fail, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.errors == {"a": cause, "b": None}


def test_a_batch_may_be_restarted_in_part(start: Start) -> None:
    def later(messages: list[Message]) -> None:
        raise BatchFailed(messages[1:]) from RestartLater(5)

    running = start(later, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.outcomes == {"a": None, "b": 5.0}


def test_any_other_error_of_a_batch_receiver_is_that_of_all(start: Start) -> None:
    error = ValueError("boom")

    def fail(messages: list[Message]) -> None:
        raise error

    running = start(fail, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.errors == {"a": error, "b": error}


def named_one_by_one(messages: list[Message]) -> Iterator[Message]:
    yield messages[1]


def test_a_batch_receiver_may_yield_those_that_failed(start: Start) -> None:
    running = start(named_one_by_one, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.errors["a"] is None
    assert str(running.errors["b"]) == "1 messages of the batch failed"


def failing_midway(messages: list[Message]) -> Iterator[Message]:
    yield messages[0]
    raise ValueError("boom")


def test_a_batch_receiver_that_fails_while_it_yields_has_failed_and_its_handler_lives(start: Start) -> None:
    running = start(failing_midway, batch=10, on_error="retry")
    running.run(held_message("a"), held_message("b"))
    assert [str(error) for error in running.errors.values()] == ["boom", "boom"]
    assert all(isinstance(outcome, float) for outcome in running.outcomes.values())


@pytest.mark.parametrize("returned", [True, 3, "a", b"a", [object()], [None]])
def test_a_batch_receiver_that_returns_anything_else_has_failed(start: Start, returned: object) -> None:
    running = start(lambda messages: returned, batch=10, on_error="retry")
    running.run(held_message("a"), held_message("b"))
    assert all(isinstance(error, WrongArgument) for error in running.errors.values())


def test_that_part_of_a_batch_failed_means_nothing_to_a_receiver_of_single_messages(start: Start) -> None:
    error = BatchFailed([])

    def fail(message: Message) -> None:
        raise error

    running = start(fail)
    running.run(held_message("a"))
    assert running.errors == {"a": error}


def test_messages_are_told_apart_by_what_they_are_and_not_by_what_is_in_them() -> None:
    first, second = Message(body="same"), Message(body="same")
    failed, cause = failed_of_batch([first, second], [second], None)
    assert failed == {id(second)}
    assert isinstance(cause, BatchFailed)
