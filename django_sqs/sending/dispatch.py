"""When a message leaves: at once, or when the transaction commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from django_sqs.conf import conf
from django_sqs.exceptions import NotInTransaction, SendFailed, WrongArgument
from django_sqs.sending.on_commit import hold, is_waiting
from django_sqs.sending.options import SendOptions
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.progress import Progress
from django_sqs.sending.record import Record
from django_sqs.sending.transports import get_transport

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def dispatch(outgoing: Outgoing) -> None:
    """Send one message at its time. It goes when the open transaction commits and never if that rolls back; outside a
    transaction, with `immediate`, or with SQS_SEND_ON_COMMIT = False, it goes now."""
    # Asked for first, so that a wrong SQS_TRANSPORT is told of here and not after the commit.
    transport = get_transport()
    connection = _transaction_of(outgoing.options)
    if connection is None:
        transport.send([outgoing])
    else:
        hold(connection, outgoing)


def dispatch_many(messages: Iterable[Outgoing], tell: Callable[[int], object] | None = None) -> int:
    """Send each message at its time; those that go now are read as batches go out. Returns their number. `tell` is
    called with the number of those that have gone since it was last called."""
    held: list[tuple[BaseDatabaseWrapper, Outgoing]] = []

    def leaving_now() -> Iterator[Outgoing]:
        for outgoing in messages:
            connection = _transaction_of(outgoing.options)
            if connection is None:
                yield outgoing
            else:
                held.append((connection, outgoing))

    record, progress = Record(), Progress(tell)
    try:
        count = get_transport().send(record.of(progress.of(leaving_now())))
    except SendFailed as error:
        raise record.completed(error) from error.__cause__
    # Only now, so that one that is refused leaves none of them waiting.
    for connection, outgoing in held:
        hold(connection, outgoing)
    progress.finish(len(held))
    return count + len(held)


def _transaction_of(options: SendOptions) -> BaseDatabaseWrapper | None:
    """The connection whose transaction a message has to wait for. Raises `NotInTransaction`, and `WrongArgument` for an
    alias that is none."""
    if options.immediate or not conf.SQS_SEND_ON_COMMIT:
        return None
    from django.conf import settings
    from django.db import DEFAULT_DB_ALIAS, connections

    if not settings.DATABASES:
        return None
    alias = options.using or DEFAULT_DB_ALIAS
    if alias not in connections:
        raise WrongArgument(
            problem=f"using={alias!r} is no database.",
            mend=f"The aliases in DATABASES are: {', '.join(sorted(connections))}.",
        )
    connection = connections[alias]
    if connection.in_atomic_block:
        return connection if is_waiting(connection) else None
    # The attribute, not get_autocommit(): that would connect, which a send has no business to do.
    connected = connection.connection is not None
    if not (connection.autocommit if connected else connection.settings_dict["AUTOCOMMIT"]):
        raise NotInTransaction(using=alias)
    return None
