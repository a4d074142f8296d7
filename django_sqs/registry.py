"""The registry of queues, and the public functions on it."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

from django_sqs.conf import conf
from django_sqs.exceptions import DuplicateQueue, UnknownQueue, WrongArgument
from django_sqs.message.base import BaseMessage
from django_sqs.message.payload import wants_message
from django_sqs.queue_names import FIFO, check_bare_name, name_of_function
from django_sqs.queue_options import OptionKeywords, SharedKeywords, make_options
from django_sqs.receiver_proxy import PayloadProxy, ReceiverProxy
from django_sqs.registered_queue import RegisteredQueue

if TYPE_CHECKING:
    from typing_extensions import Unpack

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class Queues(Mapping[str, RegisteredQueue]):
    """All registered queues by their bare names. A name that is none raises `UnknownQueue`."""

    def __init__(self) -> None:
        self._queues: dict[str, RegisteredQueue] = {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> RegisteredQueue:
        try:
            return self._queues[name]
        except (KeyError, TypeError):
            raise UnknownQueue(name=name, known=self._queues) from None

    def __contains__(self, name: object) -> bool:
        return name in self._queues

    def get(self, name: str, default: Any = None) -> Any:
        return self._queues.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._queues))

    def __len__(self) -> int:
        return len(self._queues)

    def _add(self, queue: RegisteredQueue) -> RegisteredQueue:
        with self._lock:
            existing = self._queues.get(queue.name)
            # The same module and function again is a module imported twice or reloaded.
            if existing is not None and (
                existing.origin != queue.origin or (existing.fn is None) != (queue.fn is None)
            ):
                raise DuplicateQueue(queue=queue.name, first=existing.origin, second=queue.origin)
            self._queues[queue.name] = queue
        return queue

    def _remove(self, name: str) -> None:
        with self._lock:
            self._queues.pop(name, None)


#: The registry: bare name -> `RegisteredQueue`.
queues = Queues()


def register(
    queue_name: str | None,
    fn: Callable[..., Any] | None = None,
    *,
    payload: type[Any] | None = None,
    **options: Unpack[OptionKeywords],
) -> RegisteredQueue:
    """Register a queue and, with `fn`, its receiver; without, the queue is only sent to. The options are those of
    `QueueOptions`.

    Raises `InvalidQueueName`, `InvalidOption`, `WrongArgument`, and `DuplicateQueue` where another function has the
    queue.
    """
    return _register(queue_name, fn, {"payload": payload, **options}, depth=2)


def _register(queue_name: str | None, fn: Any, options: Mapping[str, Any], depth: int) -> RegisteredQueue:
    if isinstance(fn, ReceiverProxy):
        fn = fn.direct
    if fn is not None and not callable(fn):
        raise WrongArgument(
            problem=f"register() got fn={fn!r}.", mend="It takes a function, or None for a send-only queue."
        )
    if queue_name and not isinstance(queue_name, str):
        raise WrongArgument(problem=f"{queue_name!r} was given as a queue's name.", mend="It must be a string.")
    if not queue_name and fn is None:
        raise WrongArgument(
            problem="register() got neither a name nor a function.", mend="A send-only queue needs a name."
        )
    name = check_bare_name(queue_name or name_of_function(fn))
    if options.get("fifo") is True and not name.endswith(FIFO):
        name = check_bare_name(name + FIFO)
    if fn is None:
        origin = str(sys._getframe(depth).f_globals.get("__name__", "?"))
    else:
        origin = f"{getattr(fn, '__module__', '?')}.{getattr(fn, '__qualname__', repr(fn))}"
    checked = make_options(name, options)
    if checked.payload is not None and fn is not None:
        wants_message(fn)  # raises where it cannot be called with a payload
    return queues._add(RegisteredQueue(name, fn, checked, origin))


@overload
def receiver(queue_name: Callable[P, R], /) -> ReceiverProxy[P, R]: ...
@overload
def receiver(
    queue_name: str | None = None, *, payload: type[T], batch: int, **options: Unpack[SharedKeywords]
) -> Callable[[Callable[Concatenate[list[T], P], R]], PayloadProxy[Concatenate[list[T], P], R, T]]: ...
@overload
def receiver(
    queue_name: str | None = None, *, payload: type[T], **options: Unpack[SharedKeywords]
) -> Callable[[Callable[Concatenate[T, P], R]], PayloadProxy[Concatenate[T, P], R, T]]: ...
@overload
def receiver(
    queue_name: str | None = None, **options: Unpack[OptionKeywords]
) -> Callable[[Callable[P, R]], ReceiverProxy[P, R]]: ...
def receiver(queue_name: Any = None, **options: Any) -> Any:
    """Make the decorated function the receiver of a queue: `@receiver("name", ...)`, `@receiver(...)` or `@receiver`.

    Without a name the queue is called after the function's module and name, dots as `__`. The options are those of
    `QueueOptions`. With `payload=Order`, a dataclass, the function is called with an instance of it, and the message
    where it takes a second argument. Raises what `register()` raises.
    """
    from django.dispatch import Signal

    if isinstance(queue_name, Signal) or (isinstance(queue_name, (list, tuple)) and queue_name):
        raise WrongArgument(
            problem=f"This is django_sqs.receiver, and {queue_name!r} is no name of a queue.",
            mend="For signals use django.dispatch.receiver; import one of the two under another name.",
        )
    if callable(queue_name):
        return _decorate(queue_name, None, options)
    if queue_name and not isinstance(queue_name, str):
        raise WrongArgument(problem=f"@receiver got {queue_name!r}.", mend='It takes a name: @receiver("emails").')
    return lambda fn: _decorate(fn, queue_name, options)


def _decorate(fn: Any, queue_name: str | None, options: Mapping[str, Any]) -> ReceiverProxy[Any, Any]:
    if isinstance(fn, ReceiverProxy):
        raise WrongArgument(
            problem=f"{fn!r} is a receiver already.",
            mend="Give a second queue its function with register(name, fn.direct).",
        )
    if not callable(fn):
        raise WrongArgument(problem=f"@receiver decorates {fn!r}.", mend="It decorates functions.")
    proxy = ReceiverProxy if options.get("payload") is None else PayloadProxy
    return proxy(fn, _register(queue_name, fn, options, depth=3))


def send(
    queue_name: str, message: BaseMessage[Any] | None = None, suffix: str | None = None, **kwargs: Any
) -> BaseMessage[Any]:
    """Send one message to a registered queue and return it, its `id` set once it is sent (sqs:SendMessage).

    Either a message of the queue's class, or the keywords to make one: `send("emails", body="hello")`. Keywords for the
    sending itself: `suffix`, `delay` (seconds or timedelta), `eta` (aware datetime), `group_id`, `deduplication_id`,
    `message_attributes`, `immediate`, `using`. Inside `transaction.atomic()` it goes when the transaction commits.

    Raises `UnknownQueue`, `WrongArgument` (a TypeError), `InvalidBody`, `InvalidMessage`, `SendFailed`, `AWSError`.
    """
    return queues[queue_name].send(message, suffix, **kwargs)


def send_many(
    queue_name: str, messages: Iterable[BaseMessage[Any] | Mapping[str, Any]], suffix: str | None = None, **options: Any
) -> int:
    """Send many messages in batches of ten and return their number (sqs:SendMessage).

    `messages` is any iterable of messages, or of dicts of the keywords that `send()` takes; it is read as batches go
    out. The options are those of `send()` that concern the sending, for all messages; and `progress`, a function that
    is called with the number of messages that have gone since it was last called. Raises what `send()` raises.
    """
    return queues[queue_name].send_many(messages, suffix, **options)


async def asend(
    queue_name: str, message: BaseMessage[Any] | None = None, suffix: str | None = None, **kwargs: Any
) -> BaseMessage[Any]:
    """See send()."""
    return await queues[queue_name].asend(message, suffix, **kwargs)


async def asend_many(
    queue_name: str,
    messages: Iterable[BaseMessage[Any] | Mapping[str, Any]] | AsyncIterable[BaseMessage[Any] | Mapping[str, Any]],
    suffix: str | None = None,
    **options: Any,
) -> int:
    """See send_many(). Takes asynchronous iterables too."""
    return await queues[queue_name].asend_many(messages, suffix, **options)


def autodiscover() -> None:
    """Import the modules named by SQS_RECEIVER_MODULES from every installed app, where it has them."""
    from django.apps import apps
    from django.utils.module_loading import module_has_submodule

    for config in apps.get_app_configs():
        for name in conf.SQS_RECEIVER_MODULES:
            # An import that fails inside the module must be seen: only a module that is not there is passed over.
            if config.module is not None and module_has_submodule(config.module, name):
                importlib.import_module(f"{config.name}.{name}")
