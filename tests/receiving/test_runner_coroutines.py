"""Receivers that are coroutines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext

from django_sqs import BatchFailed, Reject
from django_sqs.exceptions import ReceiverTimeout
from django_sqs.message import JSONMessage, Message
from tests.receiving.running import Noting, Running, Start
from tests.receiving.support import held as held_message


def test_a_coroutine_is_awaited(start: Start) -> None:
    got: list[str] = []

    async def receive(message: Message) -> None:
        await asyncio.sleep(0)
        got.append(message.body)

    running = start(receive)
    running.arun(held_message("a"))
    assert got == ["hello"]
    assert running.outcomes == {"a": None}


def test_a_coroutine_is_not_called_for_what_cannot_be_decoded(start: Start) -> None:
    got: list[object] = []

    async def receive(message: JSONMessage) -> None:
        got.append(message)

    running = start(receive, message_class=JSONMessage)
    running.arun(held_message("a", body="{broken"))
    assert got == []
    assert isinstance(running.errors["a"], Reject)
    assert running.outcomes == {"a": None}


async def exit_(message: Message) -> None:
    raise SystemExit("a receiver must not end the process")


async def interrupt(message: Message) -> None:
    raise KeyboardInterrupt


async def cancel_itself(message: Message) -> None:
    raise asyncio.CancelledError


async def time_out_itself(message: Message) -> None:
    raise TimeoutError("its own")


async def too_few_arguments() -> None:
    """Cannot be called with a message."""


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize(
    ("fn", "error"),
    [
        (exit_, SystemExit),
        (interrupt, KeyboardInterrupt),
        (cancel_itself, asyncio.CancelledError),
        (time_out_itself, TimeoutError),
        (too_few_arguments, TypeError),
    ],
)
def test_whatever_a_coroutine_raises_is_the_failure_of_its_message_and_the_loop_goes_on(
    start: Start, fn: Any, error: type[BaseException], timeout: float | None
) -> None:
    running = start(fn, timeout=timeout)
    running.arun(held_message("a"))
    assert isinstance(running.errors["a"], error)
    assert not isinstance(running.errors["a"], ReceiverTimeout)


def test_a_coroutine_past_its_timeout_is_cancelled_and_has_failed(start: Start) -> None:
    cancelled: list[bool] = []

    async def hang(message: Message) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    running = start(hang, timeout=0.1)
    running.arun(held_message("a"))
    assert cancelled == [True]
    assert isinstance(running.errors["a"], ReceiverTimeout)


def test_a_coroutine_that_ends_all_the_same_when_it_is_cancelled_has_ended(start: Start) -> None:
    async def stubborn(message: Message) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    running = start(stubborn, timeout=0.1)
    running.arun(held_message("a"))
    assert running.errors == {"a": None}


def test_what_a_coroutine_raises_when_it_is_cancelled_is_why_it_failed(start: Start) -> None:
    async def untidy(message: Message) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("nothing could be put in order")

    running = start(untidy, timeout=0.1)
    running.arun(held_message("a"))
    assert isinstance(running.errors["a"], RuntimeError)


def test_where_the_loop_ends_its_receivers_have_not_failed(start: Start) -> None:
    async def hang(message: Message) -> None:
        await asyncio.sleep(60)

    running = start(hang)

    async def main() -> None:
        async with ThreadSensitiveContext() as context:
            slot = asyncio.ensure_future(running.runner.arun([held_message("a")], context))
            await asyncio.sleep(0.01)
            slot.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slot

    asyncio.run(main())
    assert running.errors == {}
    assert running.outcomes == {}


def test_a_batch_of_coroutines_returns_those_that_failed(start: Start) -> None:
    async def receive(messages: list[Message]) -> list[Message]:
        return messages[1:]

    running = start(receive, batch=10)
    running.arun(held_message("a"), held_message("b"))
    assert running.errors["a"] is None
    assert isinstance(running.errors["b"], BatchFailed)


def threads_of(running: Running) -> list[int]:
    conclusions = running.runner.conclusions
    assert isinstance(conclusions, Noting)
    return conclusions.threads


async def succeed(message: Message) -> None:
    pass


async def fail(message: Message) -> None:
    raise ValueError("boom")


@pytest.mark.parametrize(("fn", "in_the_loop"), [(succeed, True), (fail, False)])
def test_only_what_cannot_block_is_concluded_in_the_loop_s_own_thread(
    start: Start, fn: Callable[..., Awaitable[None]], in_the_loop: bool
) -> None:
    running = start(fn)
    running.arun(held_message("a"))
    (thread,) = threads_of(running)
    assert (thread == threading.get_ident()) is in_the_loop


@pytest.mark.parametrize(
    ("options", "in_the_loop"), [({}, True), ({"delete_on_start": True}, False), ({"max_receives": 5}, False)]
)
def test_what_may_ask_aws_before_the_call_does_not_do_so_in_the_loop_s_own_thread(
    start: Start, options: dict[str, Any], in_the_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start(succeed, **options)
    threads: list[int] = []
    prepared = running.runner._prepared

    def noting(taken: Any) -> Any:
        threads.append(threading.get_ident())
        return prepared(taken)

    monkeypatch.setattr(running.runner, "_prepared", noting)
    running.arun(held_message("a"))
    assert (threads == [threading.get_ident()]) is in_the_loop


class Fetching(Message):
    _fetches = True


def test_a_body_that_is_elsewhere_is_not_fetched_in_the_loop_s_own_thread(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def decode(self: Fetching, raw_body: str) -> str:
        threads.append(threading.get_ident())
        return raw_body

    monkeypatch.setattr(Fetching, "decode", decode)
    running = start(succeed, message_class=Fetching)
    running.arun(held_message("a"))
    assert threads
    assert threading.get_ident() not in threads
