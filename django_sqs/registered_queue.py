"""A queue as this project knows it: its names, its options, and what can be done with it."""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import AsyncIterable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction, sync_to_async

from django_sqs import caller, queue_names
from django_sqs.aws.clearing import Cleared, clear_queue
from django_sqs.aws.client import CALLING, Connection, Tuning
from django_sqs.aws.physical_queue import MAX_WAIT_SECS, PhysicalQueue
from django_sqs.conf import conf, is_number
from django_sqs.exceptions import NoReceiver, UnknownSuffixWarning, WrongArgument
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.message.payload import called_with_payload
from django_sqs.message.s3_payload import taken_out
from django_sqs.queue_options import QueueOptions, with_overrides
from django_sqs.receiver_proxy import ReceiverProxy as _ReceiverProxy
from django_sqs.sending.content import make_message
from django_sqs.sending.dispatch import dispatch, dispatch_many
from django_sqs.sending.options import split_keywords
from django_sqs.sending.outgoing import Outgoing, prepare
from django_sqs.sending.streams import drawn

Sendable = BaseMessage[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class QueueStatus:
    """SQS's own, approximate counts of a queue's messages: visible, received and not yet deleted, and sent with a
    delay."""

    waiting: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.waiting + self.in_flight + self.delayed

    @classmethod
    def of(cls, queue: PhysicalQueue) -> QueueStatus:
        """Ask AWS (sqs:GetQueueAttributes). Raises `AWSError`."""
        names = [f"ApproximateNumberOfMessages{name}" for name in ("", "NotVisible", "Delayed")]
        counts = queue.attributes(*names)
        return cls(*(int(counts.get(name, 0)) for name in names))


class RegisteredQueue:
    """A registered queue. `fn` is its receiver; a queue without one is only sent to."""

    #: What a decorated function becomes.
    ReceiverProxy = _ReceiverProxy

    def __init__(self, name: str, fn: Callable[..., Any] | None, options: QueueOptions, origin: str) -> None:
        self.name = name
        self.fn = fn
        self.declared = options
        #: Who registered it, for errors: "module.function" or the module.
        self.origin = origin
        self._lock = threading.Lock()
        self._warned: set[str] = set()

    def __repr__(self) -> str:
        return f"<RegisteredQueue {self.name} of {self.origin}>"

    @property
    def options(self) -> QueueOptions:
        """The options as registered, with what SQS_QUEUES overrides."""
        return with_overrides(self.name, self.declared, conf.SQS_QUEUES.get(self.name, {}))

    @property
    def message_class(self) -> type[BaseMessage[Any]]:
        return self.declared.message_class

    @property
    def is_fifo(self) -> bool:
        return self.name.endswith(queue_names.FIFO)

    @property
    def is_async(self) -> bool:
        """Is its receiver a coroutine function?"""
        return iscoroutinefunction(self.fn)

    @property
    def handlers(self) -> int:
        """How many messages (or batches) one process handles at a time."""
        return self.options.handlers(self.is_async)

    # --- names

    def full_name(self, suffix: str | None = None) -> str:
        """The name at AWS. Warns once of each suffix that the queue was not registered with."""
        name = queue_names.full_name(self.name, suffix)
        if suffix and suffix not in self.declared.suffixes:
            self._warn_of(suffix)
        return name

    def known_suffixes(self) -> list[str | None]:
        """No suffix, and those that it was registered with."""
        return [None, *dict.fromkeys(suffix for suffix in self.declared.suffixes if suffix)]

    def _warn_of(self, suffix: str) -> None:
        with self._lock:
            if suffix in self._warned:
                return
            self._warned.add(suffix)
        known = ", ".join(self.declared.suffixes) or "none"
        warnings.warn(
            f"The queue {self.name!r} was not registered with the suffix {suffix!r} (known: {known}). Unless something"
            f" receives it, messages will wait there for ever. Register it with suffixes=({suffix!r},).",
            UnknownSuffixWarning,
            stacklevel=caller.stack_level(),
        )

    # --- the queue at AWS

    def physical(self, suffix: str | None = None, tuning: Tuning = CALLING, create: bool = True) -> PhysicalQueue:
        """The queue at AWS, which is created when it is missing where SQS_CREATE_QUEUES allows that; never without
        `create`."""
        return PhysicalQueue(
            self.full_name(suffix),
            Connection.from_settings(),
            tuning,
            self.create_attributes if create and conf.create_queues else None,
        )

    def create_attributes(self) -> dict[str, str]:
        """The attributes that the queue is created with."""
        attributes = {"VisibilityTimeout": str(int(self.options.visibility))}
        if self.is_fifo:
            attributes["FifoQueue"] = "true"
        if self.options.content_based_deduplication:
            attributes["ContentBasedDeduplication"] = "true"
        return attributes

    def ping(self, suffix: str | None = None) -> bool:
        """Does the queue exist, and may we ask? Always asks AWS (sqs:GetQueueUrl). Raises `AWSError`."""
        return self.physical(suffix).exists()

    def create(self, suffix: str | None = None) -> str:
        """Create the queue (sqs:CreateQueue) and return its address. Does nothing where it exists with these
        attributes."""
        return self.physical(suffix).create(self.create_attributes())

    def delete_queue(self, suffix: str | None = None) -> None:
        """Delete the queue itself, with all that is in it (sqs:DeleteQueue). SQS allows the name again after 60
        seconds."""
        self.physical(suffix).delete_queue()

    def status(self, suffix: str | None = None) -> QueueStatus:
        """How many messages there are (sqs:GetQueueAttributes); SQS's counts may lag behind by a minute."""
        return QueueStatus.of(self.physical(suffix))

    def clear(self, suffix: str | None = None, progress: Callable[[int], object] | None = None) -> Cleared:
        """Receive and delete until nothing comes any more (sqs:ReceiveMessage, sqs:DeleteMessage,
        sqs:GetQueueAttributes). `progress` is called with the number of each batch deleted. Messages in flight
        elsewhere are left, and counted."""
        return clear_queue(self.physical(suffix), progress)

    def purge(self, suffix: str | None = None) -> None:
        """Delete all messages, those in flight too (sqs:PurgeQueue). SQS takes up to 60 seconds, and allows one purge
        in 60."""
        self.physical(suffix).purge()

    def receive_single(self, suffix: str | None = None, wait: float = 0) -> BaseMessage[Any] | None:
        """Receive and delete one message (sqs:ReceiveMessage, sqs:DeleteMessage) and return it; None where none came
        within `wait` seconds (at most 20). For scripts: it does not run the receiver, and a script that dies has lost
        the message."""
        if not is_number(0, math.inf)(wait):
            raise WrongArgument(problem=f"wait={wait!r} is not right.", mend="It takes seconds, from 0.")
        physical = self.physical(suffix)
        received = physical.receive(1, min(wait, MAX_WAIT_SECS), self.options.visibility)
        if not received:
            return None
        message = self.message_class.from_received(received[0], physical.name)
        delete_object = taken_out(message)
        if not physical.delete_batch([received[0]["ReceiptHandle"]]):
            delete_object()
        return message

    # --- sending

    def send(
        self, message: BaseMessage[Any] | None = None, suffix: str | None = None, **kwargs: Any
    ) -> BaseMessage[Any]:
        """Send one message (sqs:SendMessage); see `django_sqs.send()`."""
        outgoing = self._outgoing(message, {"suffix": suffix, **kwargs})
        dispatch(outgoing)
        return outgoing.message

    def send_many(
        self,
        messages: Iterable[Sendable],
        suffix: str | None = None,
        progress: Callable[[int], object] | None = None,
        **options: Any,
    ) -> int:
        """Send many messages in full batches (sqs:SendMessage); see `django_sqs.send_many()`."""
        if isinstance(messages, (str, bytes, Mapping, BaseMessage)) or not isinstance(messages, Iterable):
            raise WrongArgument(
                problem=f"send_many() got {shorten(str(messages))}.",
                mend="It takes an iterable of messages, or of dicts of the keywords that send() takes.",
            )
        if progress is not None and not callable(progress):
            raise WrongArgument(problem=f"progress={progress!r} is not right.", mend="It takes a function of a number.")
        shared = {"suffix": suffix, **options}
        _, rest = split_keywords(shared)
        if rest:
            raise WrongArgument(
                problem=f"{', '.join(rest)}= is no option of send_many().",
                mend="Give each message its own keywords in a dict.",
            )
        return dispatch_many(self._each_outgoing(messages, shared), progress)

    def _each_outgoing(self, messages: Iterable[Sendable], shared: Mapping[str, Any]) -> Iterator[Outgoing]:
        for item in messages:
            given: Any = item
            if isinstance(given, BaseMessage) or self.message_class._takes(given):
                yield self._outgoing(given, shared)
            elif isinstance(item, Mapping):
                own = dict(item)
                yield self._outgoing(own.pop("message", None), {**shared, **own})
            else:
                raise WrongArgument(
                    problem=f"send_many() got {shorten(str(item))} among its messages.",
                    mend='Each must be a message or a dict of keywords, such as {"body": "hello"}.',
                )

    async def asend(
        self, message: BaseMessage[Any] | None = None, suffix: str | None = None, **kwargs: Any
    ) -> BaseMessage[Any]:
        """See send()."""
        self._warn_here(suffix)
        return await sync_to_async(self.send)(message, suffix, **kwargs)

    async def asend_many(
        self, messages: Iterable[Sendable] | AsyncIterable[Sendable], suffix: str | None = None, **options: Any
    ) -> int:
        """See send_many()."""
        self._warn_here(suffix)
        given = drawn(messages) if isinstance(messages, AsyncIterable) else messages
        return await sync_to_async(self.send_many)(given, suffix, **options)

    def _warn_here(self, suffix: str | None) -> None:
        # In another thread, where the sending is done, nobody could tell where the caller is.
        if isinstance(suffix, str):
            self.full_name(suffix)

    def _outgoing(self, message: BaseMessage[Any] | None, keywords: Mapping[str, Any]) -> Outgoing:
        options, content = split_keywords(keywords)
        destination = QueueDestination(self, options.suffix)
        return prepare(destination, make_message(self.name, self.message_class, message, content), options)

    def receiver_function(self) -> Callable[..., Any]:
        """The receiver, to be called with a message, or a list of them. Raises `NoReceiver` for a queue that is only
        sent to."""
        if self.fn is None:
            raise NoReceiver(queue=self.name)
        if self.declared.payload is not None:
            return called_with_payload(self.fn, self.declared.payload, batch=bool(self.declared.batch))
        return self.fn


@dataclass(frozen=True)
class QueueDestination:
    """A registered queue with a suffix, as `sending` sees it."""

    queue: RegisteredQueue
    suffix: str | None

    @property
    def queue_name(self) -> str:
        return self.queue.name

    @property
    def full_name(self) -> str:
        return self.queue.full_name(self.suffix)

    @property
    def content_based_deduplication(self) -> bool:
        return self.queue.declared.content_based_deduplication

    def physical(self) -> PhysicalQueue:
        return self.queue.physical(self.suffix)


__all__ = ["QueueDestination", "QueueStatus", "RegisteredQueue"]
