"""Messages that wait for a commit.

Each message has an on-commit callback of its own, so that Django itself drops those of a savepoint that was rolled
back. Django calls callbacks one by one and does not tell which is the last: a watch stands in for one method of the
connection from the first send of a transaction to its end, and sends what is left then, in full batches, after all
other callbacks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django_sqs.sending.flush import flush
from django_sqs.sending.outgoing import Outgoing

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.transaction import Atomic


class Waiting:
    """The on-commit callback of one message."""

    def __init__(self, outgoing: Outgoing, block: Atomic | None) -> None:
        self.outgoing = outgoing
        #: The block whose end counts as the commit, where no method of the connection tells of that end.
        self.block = block
        self.taken = False

    def __call__(self) -> None:
        """Django calls this at the commit, when the watch has taken the message. Where others call it, as
        `captureOnCommitCallbacks(execute=True)` does, the message goes now."""
        if not self.taken:
            self.taken = True
            flush([self.outgoing])

    def __repr__(self) -> str:
        return f"<{self.outgoing.message!r} for {self.outgoing.destination.full_name}, on commit>"


def hold(connection: BaseDatabaseWrapper, outgoing: Outgoing) -> None:
    """Send the message when the open transaction of this connection commits, and never if it rolls back.

    Blocks that `TestCase` opened never commit. There, the outermost block that the code under test opened is the
    transaction, and its end the commit.
    """
    own = _own_blocks(connection)
    if len(own) == len(connection.atomic_blocks):
        connection.on_commit(Waiting(outgoing, None))
        _CommitWatch.place(connection)
        return
    savepoint = cast("str | None", connection.savepoint_ids[-len(own)])
    connection.on_commit(Waiting(outgoing, own[0] if savepoint is None else None))
    if savepoint is not None:
        _SavepointWatch.place(connection, savepoint)


def is_waiting(connection: BaseDatabaseWrapper) -> bool:
    """Is a transaction open here that will commit? Blocks that `TestCase` opened are none."""
    return connection.in_atomic_block and (not connection.atomic_blocks or bool(_own_blocks(connection)))


def flush_ended_blocks() -> None:
    """Within a `TestCase`: send what waits for a block without a savepoint, if that has ended. Nothing tells of its
    end, so the tools for tests ask by this."""
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        if connection.in_atomic_block and not connection.needs_rollback:
            still_open = (None, *connection.atomic_blocks)
            flush(_take(connection, partial(_has_ended, still_open)))


def _own_blocks(connection: BaseDatabaseWrapper) -> list[Atomic]:
    """The open blocks without those of `TestCase`, the outermost first."""
    return [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]


def _has_ended(still_open: tuple[Atomic | None, ...], waiting: Waiting) -> bool:
    return waiting.block not in still_open


def _is_watched(waiting: Waiting) -> bool:
    return waiting.block is None


def _take(connection: BaseDatabaseWrapper, wanted: Callable[[Waiting], bool] = _is_watched) -> list[Outgoing]:
    """The messages that have survived so far, each given out once."""
    taken = []
    for _, callback, *_ in connection.run_on_commit:
        if isinstance(callback, Waiting) and not callback.taken and wanted(callback):
            callback.taken = True
            taken.append(callback.outgoing)
    return taken


class _Watch:
    """Stands in for one method of one connection. Never left behind: the call that it waits for takes it away."""

    method: ClassVar[str]

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._before = vars(connection).get(self.method)
        self._original = getattr(connection, self.method)
        setattr(connection, self.method, self)

    def _remove(self) -> None:
        # Where another has wrapped us since, it is its to remove; we only pass its calls on.
        if vars(self._connection).get(self.method) is not self:
            return
        if self._before is None:
            delattr(self._connection, self.method)
        else:
            setattr(self._connection, self.method, self._before)


class _CommitWatch(_Watch):
    """Waits for the end of a transaction: there Django turns autocommit on again, and then runs the callbacks."""

    method = "set_autocommit"

    @classmethod
    def place(cls, connection: BaseDatabaseWrapper) -> None:
        if not isinstance(vars(connection).get(cls.method), cls):
            cls(connection)

    def __call__(self, autocommit: bool, *args: Any, **kwargs: Any) -> None:
        self._remove()
        committed = autocommit and self._connection.run_commit_hooks_on_set_autocommit_on
        # Taken before the callbacks run: one that raises keeps Django from running those after it, and these messages
        # belong to data that is committed. (Nor does it matter if the connection breaks right after the commit.)
        messages = _take(self._connection) if committed else []
        try:
            self._original(autocommit, *args, **kwargs)
        finally:
            flush(messages)


class _SavepointWatch(_Watch):
    """Waits for the end of a block within a `TestCase`: its savepoint is released, also after a rollback, which has by
    then dropped the callbacks."""

    method = "savepoint_commit"

    def __init__(self, connection: BaseDatabaseWrapper, savepoint: str) -> None:
        super().__init__(connection)
        self._savepoint = savepoint

    @classmethod
    def place(cls, connection: BaseDatabaseWrapper, savepoint: str) -> None:
        watch = vars(connection).get(cls.method)
        if isinstance(watch, cls):
            if watch._savepoint == savepoint:
                return
            watch._remove()
        cls(connection, savepoint)

    def __call__(self, sid: str) -> None:
        self._original(sid)
        if sid == self._savepoint:
            self._remove()
            flush(_take(self._connection))
