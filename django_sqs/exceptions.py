"""Everything that django-sqs raises.

The first paragraph of an error's docstring is its message: fields in braces are filled in from the keywords that it was
raised with, which are its attributes too. Control flow (`RestartLater`, `Reject`) is for receivers to raise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ImproperlyConfigured


class DjangoSQSError(Exception):
    """Something went wrong in django-sqs."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)
        # Python run with -OO has no docstrings: the class and the facts still tell what happened.
        doc = type(self).__doc__
        if doc is None:
            super().__init__(f"{type(self).__name__}: {facts!r}")
        else:
            super().__init__(" ".join(doc.split("\n\n")[0].split()).format_map(facts))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.facts))


def _rebuild(cls: type[DjangoSQSError], facts: dict[str, Any]) -> DjangoSQSError:
    return cls(**facts)


# --- what a receiver raises ------------------------------------------------------------------------------------------


class RestartLater(Exception):
    """Leave the message in the queue, to be received again.

    `delay` is in seconds (or a timedelta), 0 to 43,200, which is SQS's limit for a visibility timeout. Without it the
    message comes back after the queue's visibility timeout, counted from now. It is no failure and no limit applies.
    """

    def __init__(self, delay: float | timedelta | None = None) -> None:
        if isinstance(delay, timedelta):
            delay = delay.total_seconds()
        if delay is not None and (isinstance(delay, bool) or not isinstance(delay, (int, float))):
            raise TypeError(f"RestartLater(delay=...) takes seconds or a timedelta, not {delay!r}.")
        if delay is not None and not 0 <= delay <= 43_200:
            raise ValueError(
                f"RestartLater(delay={delay!r}): SQS can hide a message for 0 to 43,200 seconds (12 hours)."
            )
        self.delay = delay
        super().__init__("" if delay is None else f"in {delay:g} s")


class Reject(Exception):
    """Give up on a message that no retry will mend: it is kept (dead-letter queue or failed row) and deleted."""

    def __init__(self, reason: str = "rejected by its receiver") -> None:
        self.reason = str(reason)
        super().__init__(self.reason)


class BatchFailed(Exception):
    """Raise it from a batch receiver with those of its messages that failed; the others are deleted. Raised `from`
    another exception, that one is why."""

    def __init__(self, messages: Iterable[Any]) -> None:
        self.messages = list(messages)
        super().__init__(f"{len(self.messages)} messages of the batch failed")


# --- registering and configuring -------------------------------------------------------------------------------------


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


# --- messages --------------------------------------------------------------------------------------------------------


class InvalidBody(DjangoSQSError, ValueError):
    """A {message_class} cannot be made of this body: {reason}."""


class UndecodableBody(Reject):
    """The body of a received message is not what its message class expects. A `Reject` by nature."""


class ModelNotFound(Reject):
    """The model that a message names is not installed here. A `Reject` by nature."""


class InstanceNotFound(Reject):
    """The row that a message names is gone. A `Reject` by nature."""


# --- sending ---------------------------------------------------------------------------------------------------------


class InvalidMessage(DjangoSQSError, ValueError):
    """The message for {queue!r} cannot be sent: {reason}."""


class SendFailed(DjangoSQSError):
    """{count} of {total} messages for {queue!r} were not sent: {reasons}. They are in .failed, each with what SQS said
    of it; those that were sent are in .sent.

    `sent` is a list of messages, `failed` a list of pairs (message, reason).
    """

    sent: Sequence[Any]
    failed: Sequence[tuple[Any, str]]


class NotInTransaction(DjangoSQSError):
    """A message cannot wait for the commit on the database {using!r}: autocommit is off there and no atomic() block is
    open, so Django would never tell of the commit. Open an atomic() block, or send with immediate=True."""


# --- AWS -------------------------------------------------------------------------------------------------------------


class AWSError(DjangoSQSError):
    """AWS could not do {action}: {detail}."""

    transient = False
    #: The answer was lost: the request may have been carried out all the same.
    maybe_done = False


class EndpointUnreachable(AWSError):
    """SQS does not answer at {endpoint} ({action}: {detail}). Check the network, SQS_ENDPOINT_URL and AWS_REGION; for
    development, start a server with "manage.py sqs_local"."""

    transient = True


class InvalidEndpoint(AWSError):
    """SQS_ENDPOINT_URL is {endpoint!r}, which is no address of a server. It looks like "http://127.0.0.1:9324", with
    no underscore in the name of the host; leave it out to use Amazon's own."""


class CredentialsMissing(AWSError):
    """No AWS credentials were found ({detail}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the settings or the
    environment, or run where a profile or a role gives them."""

    transient = True


class CredentialsRefused(AWSError):
    """AWS refused the credentials while asked for {action} ({detail}). They are wrong, expired, or belong to another
    partition: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."""

    transient = True


class RegionMissing(AWSError):
    """No AWS region is set. Set AWS_REGION in the settings or the environment, for example "eu-west-1"."""


class InvalidRegion(AWSError):
    """AWS_REGION is no region ({detail}). It looks like "eu-west-1"."""


class AccessDenied(AWSError):
    """AWS denied {action} on the queue {queue!r} ({detail}). The IAM policy of these credentials must allow
    sqs:{action} on it."""

    transient = True


class QueueMissing(AWSError):
    """The queue {queue!r} does not exist at AWS. Create it with "manage.py sqs_setup", or set SQS_CREATE_QUEUES = True
    to have missing queues created when they are first used."""

    transient = True


class QueueNotYetCreated(QueueMissing):
    """The queue {queue!r} does not exist yet. It is created when it is first used, or by "manage.py sqs_setup"."""


class QueueDeletedRecently(QueueMissing):
    """The queue {queue!r} was deleted less than 60 seconds ago, and SQS allows its name again only after that. Try
    again in a minute."""


class Throttled(AWSError):
    """AWS throttles {action} on the queue {queue!r} ({detail}). Try again later, or ask for a higher quota."""

    transient = True


class InFlightLimit(Throttled):
    """The queue {queue!r} gives no more messages: as many as SQS allows are in flight ({detail}), received and neither
    deleted nor released. Look for receivers that take too long, or that die and leave messages hidden."""


class ServiceFault(AWSError):
    """SQS failed to do {action} on the queue {queue!r} ({detail}). It is a fault at AWS: try again later."""

    transient = True


class RequestRefused(AWSError):
    """SQS refused {action} on the queue {queue!r}: {detail}."""


# --- the engine ------------------------------------------------------------------------------------------------------


class ReceiverTimeout(Exception):
    """A receiver ran past its `timeout`. `stack` is where its thread was."""

    def __init__(self, timeout: float, stack: str = "") -> None:
        self.timeout = timeout
        self.stack = stack
        where = f", while it was here:\n{stack}" if stack else ""
        super().__init__(f"its receiver ran for more than {timeout:g} s{where}")


class NothingToReceive(DjangoSQSError):
    """No registered queue has a receiver, so there is nothing to receive. Decorate a function with @receiver("name") in
    the receivers.py of an installed app."""


class FailedTableMissing(DjangoSQSError):
    """The table {table} for failed messages is missing in the database {using!r}. Run "manage.py migrate django_sqs",
    or set SQS_KEEP_FAILED = False to have failed messages only logged."""


# --- the commands ----------------------------------------------------------------------------------------------------


class QueueGone(DjangoSQSError, LookupError):
    """No registered queue is called {queue!r} at AWS, so a message cannot be sent there again. Was the queue renamed,
    or SQS_QUEUE_PREFIX changed?"""


class ServerMissing(DjangoSQSError, ImportError):
    """The local SQS server needs moto, which is not installed ({detail}). Run: pip install "django-sqs[local]"."""


class ServerNotStarted(DjangoSQSError):
    """The local SQS server cannot listen at {host}, port {port}: {detail}. Choose another port with --port (0 takes a
    free one)."""
