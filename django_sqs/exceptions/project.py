"""What is wrong with how a project registers, configures or runs its queues."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from django_sqs.exceptions.base import DjangoSQSError


class UnknownQueue(DjangoSQSError, LookupError):
    """No queue is registered as {name!r}. {hint} Queues are registered by @receiver("name") or register("name") in
    a module that Django has imported; receivers.py of every installed app is imported by itself."""

    def __init__(self, name: str, known: Iterable[str] = (), **facts: Any) -> None:
        names = sorted(known)
        nearest = get_close_matches(str(name), names, n=3, cutoff=0.5) or names[:5]
        hint = f"The nearest names are: {', '.join(nearest)}." if nearest else "No queue is registered at all."
        super().__init__(name=name, nearest=nearest, hint=hint, known=names)


class DuplicateQueue(DjangoSQSError):
    """The queue {queue!r} is registered twice: by {first} and by {second}. Give one of them another name, or send to
    the queue of the other with django_sqs.send({queue!r}, ...)."""


class InvalidQueueName(DjangoSQSError, ValueError):
    """{name!r} cannot be the name of a queue: {reason}. SQS allows at most 80 characters of A-Z, a-z, 0-9, _ and -,
    prefix and suffix included, and .fifo at the end."""


class InvalidOption(DjangoSQSError, ValueError):
    """{option}={value!r} of the queue {queue!r} is not right: it must be {expected}."""


class WrongArgument(DjangoSQSError, TypeError):
    """{problem} {mend}"""


class InvalidSetting(DjangoSQSError, ImproperlyConfigured):
    """The setting {name} is {shown}, but it must be {expected}."""


class MissingSetting(DjangoSQSError, ImproperlyConfigured):
    """SQS_QUEUE_PREFIX is not set. While DEBUG is on it is required, so that a developer's machine never receives the
    messages of another. Add SQS_QUEUE_PREFIX = "your-name" to the settings."""


class NoReceiver(DjangoSQSError):
    """The queue {queue!r} has no receiver, it is only sent to. Decorate a function with @receiver({queue!r}), or name
    another queue."""


class UnknownSuffix(DjangoSQSError, LookupError):
    """No registered queue has the suffix {suffix!r}. The known suffixes are: {known}. To use one that a queue was not
    registered with, name the queue."""


class UnknownSuffixWarning(UserWarning):
    """A suffix was used that the queue was not registered with, so that nothing may be receiving it."""


class NothingToReceive(DjangoSQSError):
    """No registered queue has a receiver, so there is nothing to receive. Decorate a function with @receiver("name") in
    the receivers.py of an installed app."""


class FailedTableMissing(DjangoSQSError):
    """The table {table} for failed messages is missing in the database {using!r}. Run "manage.py migrate django_sqs",
    or set SQS_KEEP_FAILED = False to have failed messages only logged."""


class QueueGone(DjangoSQSError, LookupError):
    """No registered queue is called {queue!r} at AWS, so a message cannot be sent there again. Was the queue renamed,
    or SQS_QUEUE_PREFIX changed?"""


class ServerMissing(DjangoSQSError, ImportError):
    """The local SQS server needs moto, which is not installed ({detail}). Run: pip install "django-sqs[local]"."""


class ServerNotStarted(DjangoSQSError):
    """The local SQS server cannot listen at {host}, port {port}: {detail}. Choose another port with --port (0 takes a
    free one)."""
