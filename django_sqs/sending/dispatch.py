"""When a message leaves: at once, or when the transaction commits."""

from __future__ import annotations

from functools import partial
from typing import Any

from django_sqs.conf import conf
from django_sqs.exceptions import NotInTransaction
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.transports import get_transport


def dispatch(outgoing: Outgoing) -> None:
    """Send one message at its time. It goes when the open transaction commits and never if that rolls back; outside a
    transaction, with `immediate`, or with SQS_SEND_ON_COMMIT = False, it goes now."""
    if conf.SQS_SEND_ON_COMMIT and not outgoing.options.immediate:
        connection = _open_transaction(outgoing.options.using)
        if connection is not None:
            connection.on_commit(partial(_send_now, outgoing))
            return
    _send_now(outgoing)


def waits_for_commit(using: str | None) -> bool:
    """Would a message sent now wait for a commit?"""
    return conf.SQS_SEND_ON_COMMIT and _open_transaction(using) is not None


def _send_now(outgoing: Outgoing) -> None:
    get_transport().send([outgoing])


def _open_transaction(using: str | None) -> Any:
    """The connection whose transaction is open, or None. Blocks that TestCase itself opened are none: they never commit."""
    from django.conf import settings
    from django.db import DEFAULT_DB_ALIAS, connections

    if not settings.DATABASES:
        return None
    alias = using or DEFAULT_DB_ALIAS
    connection = connections[alias]
    if connection.in_atomic_block:
        blocks = getattr(connection, "atomic_blocks", ())
        return None if blocks and all(block._from_testcase for block in blocks) else connection
    # A connection that was never opened has no transaction, and asking it for its autocommit would open it.
    if connection.connection is not None and not connection.get_autocommit():
        raise NotInTransaction(using=alias)
    if connection.connection is None and not connection.settings_dict["AUTOCOMMIT"]:
        raise NotInTransaction(using=alias)
    return None
