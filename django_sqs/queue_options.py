"""The options of a queue: what may be given to `@receiver` and `register()`, and checked there."""

from __future__ import annotations

import dataclasses
import inspect
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from django_sqs.conf import conf, is_flag, is_number
from django_sqs.exceptions import InvalidOption, WrongArgument
from django_sqs.message.base import BaseMessage, Message
from django_sqs.message.payload import DataclassMessage
from django_sqs.message.wrapping import WrappingMessage
from django_sqs.queue_names import FIFO
from django_sqs.sending.options import reserved_parameters

if TYPE_CHECKING:
    RetryDelays = Sequence[float] | Callable[[int], float]

logger = logging.getLogger("django_sqs")

_SUFFIX = re.compile(r"[A-Za-z0-9_-]*\Z")
#: Seconds until a message that failed is visible again, by receive count; the last one repeats.
DEFAULT_RETRY_DELAYS = (10, 20, 40, 80, 160, 320, 640)


#: Coroutines of an `async def` receiver that run at a time; threads have no such default, since code must be written
#: for them.
DEFAULT_ASYNC_CONCURRENCY = 10


class SharedKeywords(TypedDict, total=False):
    """The keywords of `@receiver` and `register()` that do not say what the receiver is called with; see
    `QueueOptions`."""

    visibility_timeout: float | None
    message_class: type[BaseMessage[Any]] | None
    delete_on_start: bool
    close_database: bool
    suffixes: Sequence[str]
    poll_period: float | None
    concurrency: int | None
    processes: int
    on_error: Literal["delete", "retry"] | None
    retry_delays: RetryDelays
    max_receives: int | None
    dead_letter: str | None
    timeout: float | None
    batch_window: float
    fifo: bool
    content_based_deduplication: bool


class OptionKeywords(SharedKeywords, total=False):
    """The keywords of `@receiver` and `register()`; see `QueueOptions`."""

    batch: int | None


@dataclass(frozen=True, kw_only=True)
class QueueOptions:
    """How a queue's messages are received. Times in seconds."""

    #: How long a message is hidden from other receivers; extended while it is held. None:
    #: SQS_DEFAULT_VISIBILITY_TIMEOUT.
    visibility_timeout: float | None = None
    #: What its messages are.
    message_class: type[BaseMessage[Any]] = Message
    #: A dataclass: the receiver is called with an instance, and the proxy takes one.
    payload: type[Any] | None = None
    #: Delete a message before its receiver starts: at most once, instead of at least once.
    delete_on_start: bool = False
    #: Close all database connections after each message.
    close_database: bool = False
    #: The suffixes that are in use, so that a mistyped one is told of.
    suffixes: Sequence[str] = ()
    #: The longest wait of one poll. None: SQS_POLL_PERIOD.
    poll_period: float | None = None
    #: Messages handled at a time by each process. None: one.
    concurrency: int | None = None
    #: Processes that receive this queue.
    processes: int = 1
    #: What becomes of a message whose receiver raises. None: SQS_ON_ERROR.
    on_error: Literal["delete", "retry"] | None = None
    #: With on_error="retry": when it is visible again, by receive count; or a function of the receive count.
    retry_delays: RetryDelays = DEFAULT_RETRY_DELAYS
    #: With on_error="retry": a message whose run failed and that was received so often is kept and deleted.
    max_receives: int | None = None
    #: The registered queue that messages which are given up go to.
    dead_letter: str | None = None
    #: How long a receiver may run; past it the message has failed.
    timeout: float | None = None
    #: Call the receiver with a list of up to so many messages.
    batch: int | None = None
    #: How long messages wait for others to fill their batch.
    batch_window: float = 5.0
    #: A FIFO queue; its name ends in `.fifo`.
    fifo: bool = False
    #: Let SQS drop a message whose body it has seen within five minutes; without it only a `deduplication_id` that is
    #: given is taken for a copy's.
    content_based_deduplication: bool = False

    def delay_after(self, receive_count: int) -> float:
        """Seconds until a message that failed at this receive is visible again."""
        delays = self.retry_delays
        if callable(delays):
            try:
                return max(0.0, float(delays(receive_count)))
            except Exception:
                logger.exception("retry_delays=%r failed for receive %d; the default is used.", delays, receive_count)
                delays = DEFAULT_RETRY_DELAYS
        return float(delays[min(max(receive_count, 1), len(delays)) - 1])

    def handlers(self, is_async: bool) -> int:
        """How many messages (or batches) one process handles at a time."""
        return self.concurrency or (DEFAULT_ASYNC_CONCURRENCY if is_async else 1)

    @property
    def visibility(self) -> float:
        """The visibility timeout that is in force."""
        # A queue that is only sent to may have 0.
        timeout = self.visibility_timeout
        return conf.SQS_DEFAULT_VISIBILITY_TIMEOUT if timeout is None else timeout

    @property
    def poll_wait(self) -> float:
        """The poll period that is in force."""
        return self.poll_period or conf.SQS_POLL_PERIOD

    @property
    def error_policy(self) -> str:
        """The on_error that is in force."""
        return self.on_error or conf.SQS_ON_ERROR


def _optional(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and is_number(low, high)(value)


def _is_message_class(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, BaseMessage)


def _is_dataclass(value: Any) -> bool:
    return inspect.isclass(value) and dataclasses.is_dataclass(value)


def _is_suffixes(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        isinstance(suffix, str) and _SUFFIX.match(suffix) for suffix in value
    )


def _is_delays(value: Any) -> bool:
    delays = isinstance(value, (list, tuple)) and len(value) > 0 and all(is_number(0, 43_200)(v) for v in value)
    return delays or callable(value)


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    # 0 to 43,200 is SQS's range; a receiver needs 2, so that there is time to extend. The check tells of that, since a
    # queue that is only sent to may have any.
    "visibility_timeout": (_optional(is_number(0, 43_200)), "seconds from 2 to 43,200 (12 hours)"),
    "message_class": (_is_message_class, "a subclass of django_sqs.message.BaseMessage"),
    "payload": (_optional(_is_dataclass), "a dataclass; for other classes write a message class"),
    "delete_on_start": (is_flag, "True or False"),
    "close_database": (is_flag, "True or False"),
    "suffixes": (_is_suffixes, 'a list or tuple of strings of A-Z, a-z, 0-9, _ and -, such as ("big", "small")'),
    "poll_period": (_optional(is_number(0.1, 3_600)), "seconds from 0.1 to 3,600"),
    "concurrency": (_optional(_whole(1, 1_000)), "a whole number from 1 to 1,000"),
    "processes": (_whole(1, 100), "a whole number from 1 to 100"),
    "on_error": (lambda value: value in (None, "delete", "retry"), '"delete" or "retry"'),
    "retry_delays": (_is_delays, "seconds by receive count, such as (10, 60, 600), or a function of the receive count"),
    "max_receives": (_optional(_whole(1, 1_000)), "a whole number from 1 to 1,000"),
    "dead_letter": (_optional(lambda value: isinstance(value, str)), "the name of a registered queue"),
    "timeout": (_optional(is_number(0.1, 43_200)), "seconds from 0.1 to 43,200 (12 hours)"),
    "batch": (_optional(_whole(1, 10_000)), "a whole number from 1 to 10,000"),
    "batch_window": (is_number(0, 300), "seconds from 0 to 300"),
    "fifo": (is_flag, "True or False"),
    "content_based_deduplication": (is_flag, "True or False"),
}
#: What SQS_QUEUES may override: what an operator decides, not what the receiver is written for.
OPERATOR_NAMES = (
    "concurrency",
    "dead_letter",
    "max_receives",
    "on_error",
    "poll_period",
    "processes",
    "retry_delays",
    "timeout",
    "visibility_timeout",
)
NAMES = tuple(entry.name for entry in fields(QueueOptions))


def make_options(queue: str, keywords: Mapping[str, Any]) -> QueueOptions:
    """Checked options. Raises `WrongArgument` for a keyword that is none, `InvalidOption` for a value that is not
    right."""
    # None, as in the signature that people know, is the default.
    keywords = {name: value for name, value in keywords.items() if (name, value) != ("message_class", None)}
    _check(queue, keywords)
    message_class = _message_class(queue, keywords.get("message_class", Message), keywords.get("payload"))
    reserved = reserved_parameters(message_class)
    if reserved:
        raise InvalidOption(
            queue=queue,
            option="message_class",
            value=message_class,
            expected=f"a class whose __init__ does not take {', '.join(reserved)}, which concerns the sending",
        )
    options = QueueOptions(**{**keywords, "message_class": message_class})
    if options.batch and (options.fifo or queue.endswith(FIFO)):
        raise InvalidOption(
            queue=queue,
            option="batch",
            value=options.batch,
            expected="left out on a FIFO queue: the order within a group would be lost when a part of a batch fails",
        )
    if options.batch and options.delete_on_start:
        raise InvalidOption(
            queue=queue, option="batch", value=options.batch, expected="left out where delete_on_start is set"
        )
    if options.content_based_deduplication and not (options.fifo or queue.endswith(FIFO)):
        raise InvalidOption(
            queue=queue,
            option="content_based_deduplication",
            value=True,
            expected="left out, or given with fifo=True: only FIFO queues know of copies",
        )
    return options


def _message_class(queue: str, given: type[BaseMessage[Any]], payload: type[Any] | None) -> type[BaseMessage[Any]]:
    if payload is None:
        return given
    if given is Message:
        return DataclassMessage.of(payload)
    if issubclass(given, WrappingMessage):
        return given.of(DataclassMessage.of(payload))
    raise InvalidOption(
        queue=queue,
        option="message_class",
        value=given,
        expected="left out beside payload=, or a class around others, such as SNSMessage or S3PayloadMessage",
    )


def with_overrides(queue: str, options: QueueOptions, overrides: Mapping[str, Any]) -> QueueOptions:
    """The options with what SQS_QUEUES says of this queue."""
    if not overrides:
        return options
    _check(f"{queue} (in SQS_QUEUES)", overrides, OPERATOR_NAMES)
    return replace(options, **overrides)


def _check(queue: str, keywords: Mapping[str, Any], names: Sequence[str] = NAMES) -> None:
    for name, value in keywords.items():
        if name not in names:
            near = get_close_matches(str(name), names, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"The options are: {', '.join(names)}."
            raise WrongArgument(problem=f"{name}= is no option of a queue ({queue}).", mend=hint)
        accepts, expected = _RULES[name]
        if not accepts(value):
            raise InvalidOption(queue=queue, option=name, value=value, expected=expected)
