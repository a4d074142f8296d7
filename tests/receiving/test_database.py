"""When a handler's database connections are closed, with real ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from django_sqs.receiving import database
from tests.receiving.support import Clock

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("database_file")


def connect(max_age: float | None = 0) -> BaseDatabaseWrapper:
    """This thread's connection to the file, opened just now."""
    connection = connections["file"]
    connection.close()
    connection.settings_dict["CONN_MAX_AGE"] = max_age
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return connection


def is_open(connection: BaseDatabaseWrapper) -> bool:
    return connection.connection is not None


def break_a_query(connection: BaseDatabaseWrapper) -> None:
    with pytest.raises(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT nonsense")
    assert connection.errors_occurred


def in_another_thread(do: Callable[[], None]) -> None:
    """Do it, and see to it that it was done."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            do()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(10)
    if errors:
        raise errors[0]


def test_a_connection_is_kept_from_one_message_to_the_next() -> None:
    connection = connect()
    database.after_message(failed=False, close=False)
    assert is_open(connection)


def test_a_thread_that_has_never_connected_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[None] = []
    monkeypatch.setattr(database, "_close_where", lambda wanted: looks.append(None))

    def first_without_and_then_with_a_connection() -> None:
        database.after_message(failed=True, close=True)
        assert looks == []
        connect()
        database.after_message(failed=False, close=False)
        assert looks == [None]
        connections["file"].close()

    in_another_thread(first_without_and_then_with_a_connection)


def test_all_are_closed_after_each_message_where_the_queue_says_so() -> None:
    connection = connect()
    database.after_message(failed=False, close=True)
    assert not is_open(connection)


def test_all_are_closed_when_the_handler_goes_idle() -> None:
    connection = connect(max_age=None)
    database.close_all()
    assert not is_open(connection)


@pytest.mark.parametrize(
    ("max_age", "age", "kept"),
    [
        (0, 59, True),
        (0, 61, False),
        (30, 59, True),
        (30, 61, False),
        (600, 599, True),
        (600, 601, False),
        (None, 1_000_000, True),
    ],
)
def test_a_connection_lives_for_its_max_age_and_for_a_minute_at_least(
    max_age: float | None, age: float, kept: bool, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect(max_age)
    clock.advance(age)
    database.after_message(failed=False, close=False)
    assert is_open(connection) is kept
    assert caplog.records == []


def test_after_a_failed_message_a_connection_with_errors_is_closed() -> None:
    connection = connect()
    break_a_query(connection)
    database.after_message(failed=True, close=False)
    assert not is_open(connection)


def test_after_a_failed_message_a_connection_without_errors_is_kept() -> None:
    connection = connect()
    database.after_message(failed=True, close=False)
    assert is_open(connection)


def test_an_error_that_the_receiver_has_handled_leaves_a_connection_that_works() -> None:
    connection = connect()
    break_a_query(connection)
    database.after_message(failed=False, close=False)
    assert is_open(connection)
    assert not connection.errors_occurred


def test_a_connection_that_is_unusable_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect()
    break_a_query(connection)
    monkeypatch.setattr(connection, "is_usable", lambda: False)
    database.after_message(failed=False, close=False)
    assert not is_open(connection)


@pytest.mark.parametrize("failed", [True, False])
def test_a_transaction_that_a_receiver_left_open_does_not_swallow_the_next_message(failed: bool) -> None:
    connection = connect()
    connection.set_autocommit(False)
    database.after_message(failed=failed, close=False)
    assert not is_open(connection)
    assert connect().get_autocommit()


def test_the_connection_of_a_test_is_left_alone() -> None:
    connection = connect()
    with transaction.atomic(using="file"):
        database.after_message(failed=True, close=True)
        database.close_all()
        assert is_open(connection)
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")


def test_only_this_thread_s_connections_are_closed() -> None:
    mine = connect()

    def other() -> None:
        theirs = connect()
        assert theirs is not mine
        database.close_all()
        assert not is_open(theirs)

    in_another_thread(other)
    assert is_open(mine)


def test_connections_that_were_never_opened_are_not_opened() -> None:
    def look() -> None:
        database.after_message(failed=True, close=True)
        database.close_all()
        assert connections.all(initialized_only=True) == []

    in_another_thread(look)


def test_connections_that_are_closed_stay_so() -> None:
    connection = connect()
    connection.close()
    database.after_message(failed=True, close=False)
    database.close_all()
    assert not is_open(connection)


def test_a_connection_that_cannot_be_closed_is_logged_and_holds_nothing_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connection = connect()

    def fail() -> None:
        raise DatabaseError("the server is gone")

    monkeypatch.setattr(connection, "close", fail)
    database.close_all()
    assert "The database connection file could not be closed." in caplog.text
    assert "the server is gone" in caplog.text
    monkeypatch.undo()


@pytest.mark.parametrize(("debug", "left"), [(True, 0), (False, 1)])
def test_the_queries_that_debug_collects_are_forgotten_and_those_that_a_test_counts_are_not(
    settings: Settings, debug: bool, left: int
) -> None:
    connection = connect()
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    settings.DEBUG = debug
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        assert len(connection.queries) == 1
        database.after_message(failed=False, close=False)
        assert len(connection.queries) == left
    finally:
        connection.force_debug_cursor = False
        connection.queries_log.clear()


def test_django_still_tells_when_a_connection_was_opened_and_in_what_state_it_is() -> None:
    """What is relied on of Django's connections, which is not all documented."""
    connection = connect(max_age=7)
    known: Any = connection
    assert known.close_at is not None
    assert (known.errors_occurred, known.in_atomic_block, known.atomic_blocks) == (False, False, [])
    connection.close()
    assert known.connection is None
    assert connect(max_age=None).close_at is None
    with transaction.atomic(using="file"):
        assert [block._from_testcase for block in known.atomic_blocks] == [False]


# --- before a row is written for a failed message


def test_a_transaction_left_open_is_rolled_back_before_a_row_is_written() -> None:
    connection = connect()
    connection.set_autocommit(False)
    assert database.without_leftovers("file") is connection
    assert not is_open(connection)
    assert connection.get_autocommit()


def test_a_connection_without_leftovers_stays_open() -> None:
    connection = connect()
    assert database.without_leftovers("file") is connection
    assert is_open(connection)


def test_a_block_that_a_receiver_left_open_is_told_of() -> None:
    connect()
    with transaction.atomic(using="file"), pytest.raises(database.TransactionLeftOpen, match="database 'file'"):
        database.without_leftovers("file")


@pytest.mark.django_db(databases=["default"])
def test_the_block_of_a_test_is_no_leftover(database_file: Path) -> None:
    connection = database.without_leftovers(DEFAULT_DB_ALIAS)
    assert connection.in_atomic_block
