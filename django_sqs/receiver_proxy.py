"""What a decorated function becomes: calling it enqueues."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

from django_sqs.message.base import BaseMessage

if TYPE_CHECKING:
    from django_sqs.registered_queue import RegisteredQueue

P = ParamSpec("P")
R = TypeVar("R")
PayloadT = TypeVar("PayloadT")


class ReceiverProxy(Generic[P, R]):
    """Stands where the decorated function stood. `proxy(body="hello")` enqueues, `proxy.direct(message)` runs the
    function."""

    def __init__(self, fn: Callable[P, R], registered_queue: RegisteredQueue) -> None:
        #: The function itself.
        self.direct: Callable[P, R] = fn
        self.registered_queue = registered_queue
        # Name, module, docstring and __wrapped__, so that tools which look at functions see the receiver.
        functools.update_wrapper(self, fn)

    def __call__(
        self, message: BaseMessage[Any] | None = None, *, suffix: str | None = None, **kwargs: Any
    ) -> BaseMessage[Any]:
        """Enqueue one message; see `django_sqs.send()`."""
        return self.registered_queue.send(message, suffix=suffix, **kwargs)

    def send_many(
        self,
        messages: Iterable[BaseMessage[Any] | Mapping[str, Any]],
        *,
        suffix: str | None = None,
        **options: Any,
    ) -> int:
        """Enqueue many messages in full batches; see `django_sqs.send_many()`."""
        return self.registered_queue.send_many(messages, suffix=suffix, **options)

    async def asend(
        self, message: BaseMessage[Any] | None = None, *, suffix: str | None = None, **kwargs: Any
    ) -> BaseMessage[Any]:
        """See calling the proxy."""
        return await self.registered_queue.asend(message, suffix=suffix, **kwargs)

    async def asend_many(
        self,
        messages: Iterable[BaseMessage[Any] | Mapping[str, Any]] | AsyncIterable[BaseMessage[Any] | Mapping[str, Any]],
        *,
        suffix: str | None = None,
        **options: Any,
    ) -> int:
        """See send_many()."""
        return await self.registered_queue.asend_many(messages, suffix=suffix, **options)

    def __repr__(self) -> str:
        return f"<receiver {self.registered_queue.origin} of {self.registered_queue.name}>"


class PayloadProxy(ReceiverProxy[P, R], Generic[P, R, PayloadT]):
    """What a function becomes that is registered with `payload=Order`: `proxy(Order(...))` enqueues."""

    def __call__(
        self, message: PayloadT | BaseMessage[Any] | None = None, *, suffix: str | None = None, **kwargs: Any
    ) -> BaseMessage[Any]:
        """Enqueue one payload, or a message; see `django_sqs.send()`."""
        given: Any = message
        return super().__call__(given, suffix=suffix, **kwargs)

    def send_many(
        self,
        messages: Iterable[PayloadT | BaseMessage[Any] | Mapping[str, Any]],
        *,
        suffix: str | None = None,
        **options: Any,
    ) -> int:
        """Enqueue many payloads, or messages; see `django_sqs.send_many()`."""
        given: Any = messages
        return super().send_many(given, suffix=suffix, **options)

    async def asend(
        self, message: PayloadT | BaseMessage[Any] | None = None, *, suffix: str | None = None, **kwargs: Any
    ) -> BaseMessage[Any]:
        """See calling the proxy."""
        given: Any = message
        return await super().asend(given, suffix=suffix, **kwargs)

    async def asend_many(
        self,
        messages: Iterable[PayloadT | BaseMessage[Any] | Mapping[str, Any]]
        | AsyncIterable[PayloadT | BaseMessage[Any] | Mapping[str, Any]],
        *,
        suffix: str | None = None,
        **options: Any,
    ) -> int:
        """See send_many()."""
        given: Any = messages
        return await super().asend_many(given, suffix=suffix, **options)
