"""What a decorated function becomes: calling it enqueues."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from django_sqs import receiver
from django_sqs.exceptions import WrongArgument
from django_sqs.message import JSONMessage, Message
from django_sqs.receiver_proxy import ReceiverProxy
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import Queues
from django_sqs.testing import SentMessage, capture


def handle(message: Message, *, loud: bool = False) -> str:
    """Handles a letter."""
    return message.body.upper() if loud else message.body


@pytest.fixture
def proxy(own_queues: Queues) -> Any:
    return receiver("letters", suffixes=("big",))(handle)


@pytest.fixture
def sent(proxy: Any) -> Iterator[list[SentMessage]]:
    with capture() as sent:
        yield sent


def test_it_looks_like_the_function(proxy: Any) -> None:
    assert proxy.__name__ == "handle"
    assert proxy.__qualname__ == "handle"
    assert proxy.__module__ == __name__
    assert proxy.__doc__ == "Handles a letter."
    assert proxy.__wrapped__ is handle
    assert inspect.unwrap(proxy) is handle
    assert repr(proxy) == "<receiver tests.test_receiver_proxy.handle of letters>"


def test_it_is_what_registered_queue_says(proxy: Any) -> None:
    assert RegisteredQueue.ReceiverProxy is ReceiverProxy
    assert type(proxy) is ReceiverProxy


def test_direct_is_the_function_itself(proxy: Any, sent: list[SentMessage]) -> None:
    assert proxy.direct is handle
    assert proxy.direct(Message(body="a"), loud=True) == "A"
    assert sent == []


def test_calling_it_enqueues_and_returns_the_message(proxy: Any, sent: list[SentMessage]) -> None:
    message = Message(body="a")
    assert proxy(message) is message
    assert message.id == sent[0].id
    assert proxy(body="b", suffix="big", delay=5).body == "b"
    assert [(one.body, one.suffix, one.delay) for one in sent] == [("a", None, 0), ("b", "big", 5)]


def test_it_enqueues_many(proxy: Any, sent: list[SentMessage]) -> None:
    assert proxy.send_many([{"body": "a"}, Message(body="b")], suffix="big", delay=1) == 2
    assert [(one.body, one.suffix, one.delay) for one in sent] == [("a", "big", 1), ("b", "big", 1)]


def test_it_can_be_awaited(proxy: Any, sent: list[SentMessage]) -> None:
    async def work() -> None:
        message = await proxy.asend(body="a", suffix="big")
        assert message.id
        assert await proxy.asend_many([{"body": "b"}], delay=1) == 1

    asyncio.run(work())
    assert [(one.body, one.suffix, one.delay) for one in sent] == [("a", "big", 0), ("b", None, 1)]


@pytest.mark.parametrize(
    ("arguments", "keywords"),
    [
        (("text",), {}),
        ((5,), {}),
        ((JSONMessage(body=1),), {}),
        ((), {}),
        ((), {"nonsense": 1}),
        ((Message(body="a"),), {"body": "b"}),
    ],
)
def test_a_wrong_call_is_a_type_error_that_says_what_to_give(
    proxy: Any, sent: list[SentMessage], arguments: tuple[Any, ...], keywords: dict[str, Any]
) -> None:
    with pytest.raises(WrongArgument, match="Give"):
        proxy(*arguments, **keywords)
    with pytest.raises(TypeError):
        asyncio.run(proxy.asend(*arguments, **keywords))
    assert sent == []


def test_a_receiver_may_be_any_callable(own_queues: Queues) -> None:
    class Handler:
        def __call__(self, message: Message) -> None: ...

    handler: Any = Handler()
    proxy = receiver("letters")(handler)
    assert proxy.direct is handler
    assert "letters" in repr(proxy)
