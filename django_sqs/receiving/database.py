"""Django's database connections around a message.

A connection is kept from one message to the next, since to open one for each cost a third of the throughput when it was
measured; it is closed when it cannot be trusted any more, and when its handler has nothing to do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections, reset_queries
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

logger = logging.getLogger("django_sqs.receiving")

#: A connection may live at least this long, in seconds, whatever CONN_MAX_AGE is: its default 0 is meant for web
#: requests.
_MIN_AGE_SECS = 60.0
#: Has this thread ever connected to a database? To look for its connections after each message would be a quarter of
#: what is done for one whose receiver needs none.
_thread = threading.local()


def _note_connection(**kwargs: Any) -> None:
    _thread.has_connected = True


connection_created.connect(_note_connection, dispatch_uid="django_sqs.receiving.database")


class TransactionLeftOpen(Exception):
    """Nothing can be written outside of a transaction of which it is not known how it will end."""


def after_message(failed: bool, close: bool) -> None:
    """Close this thread's connections that cannot be trusted any more, after a failure those too on which errors
    occurred; all if `close`. Forget the queries that DEBUG collects, which would grow."""
    if not getattr(_thread, "has_connected", False):
        return
    # Only those of DEBUG: a test that counts queries collects them too.
    if settings.DEBUG:
        reset_queries()
    _close_where(lambda connection: close or _is_unfit(connection, failed))


def close_all() -> None:
    """Close this thread's connections: its handler goes idle, or ends."""
    _close_where(lambda connection: True)


def without_leftovers(alias: str) -> BaseDatabaseWrapper:
    """This thread's connection, without a transaction that the receiver left open: what is written now must neither
    commit it nor be rolled back with it. Raises `TransactionLeftOpen` where only the receiver could end it."""
    connection = connections[alias]
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise TransactionLeftOpen(f"the receiver has left a block of atomic() open on the database {alias!r}")
    if not connection.in_atomic_block and not connection.get_autocommit():
        connection.close()
    return connection


def _close_where(wanted: Callable[[BaseDatabaseWrapper], bool]) -> None:
    for connection in connections.all(initialized_only=True):
        # In a block of atomic() we are inside a test, whose connection this is.
        if connection.connection is None or connection.in_atomic_block:
            continue
        try:
            if wanted(connection):
                connection.close()
        except Exception:
            # The message is settled whatever becomes of its connection; the next query opens another.
            logger.exception("The database connection %s could not be closed.", connection.alias)


def _is_unfit(connection: BaseDatabaseWrapper, failed: bool) -> bool:
    if connection.get_autocommit() != connection.settings_dict["AUTOCOMMIT"]:
        # Left off, it would swallow the work of the next message.
        return True
    if connection.errors_occurred:
        if failed or not connection.is_usable():
            return True
        connection.errors_occurred = False
    max_age = connection.settings_dict["CONN_MAX_AGE"]
    if max_age is None or connection.close_at is None:
        return False
    opened_at = connection.close_at - max_age
    return bool(time.monotonic() - opened_at > max(max_age, _MIN_AGE_SECS))
