"""Where a message goes that is given up: the row in the database, or nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connections

from django_sqs.exceptions import AccessDenied, FailedTableMissing
from django_sqs.models import FailedMessage
from django_sqs.receiving import keeping
from django_sqs.receiving.keeping import Keeping, KeepingFailed, check_table
from tests.receiving.support import POLICY, FakeQueue, Registering, actions, held, refused, unreachable

if TYPE_CHECKING:
    pass


# --- the row


def denied() -> AccessDenied:
    return AccessDenied(action="GetQueueAttributes", queue="q", detail="no")


@pytest.mark.django_db
def test_without_a_dead_letter_queue_it_becomes_a_row(registered: Registering, physical: FakeQueue) -> None:
    attributes = {
        "color": {"DataType": "String", "StringValue": "red"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"},
    }
    message = held("a", body="x", count=3, group="g", MessageAttributes=attributes)
    Keeping(registered(), physical, None).keep(message, "it failed", "the traceback")
    row = FailedMessage.objects.get()
    assert (row.queue, row.message_id, row.body, row.receive_count) == ("test__jobs", "a", "x", 3)
    assert (row.reason, row.traceback) == ("it failed", "the traceback")
    assert row.attributes["MessageGroupId"] == "g"
    assert row.attributes["MessageAttributes"] == {
        "color": {"DataType": "String", "StringValue": "red"},
        "raw": {"DataType": "Binary", "BinaryValue": "AAE="},
    }


@pytest.mark.django_db
def test_there_is_one_row_per_message(registered: Registering, physical: FakeQueue) -> None:
    keep = Keeping(registered(), physical, None)
    keep.keep(held("a"), "first", "")
    keep.keep(held("a", count=2), "second", "")
    row = FailedMessage.objects.get()
    assert (row.reason, row.receive_count) == ("second", 2)


@pytest.mark.django_db
def test_characters_that_a_database_refuses_are_replaced(registered: Registering, physical: FakeQueue) -> None:
    Keeping(registered(), physical, None).keep(held("a"), "nul \0, surrogate \udcff", "nul \0, surrogate \udcff")
    row = FailedMessage.objects.get()
    assert (row.reason, row.traceback) == ("nul ?, surrogate ?",) * 2


@pytest.mark.usefixtures("database_file")
def test_a_transaction_that_the_receiver_left_open_does_not_take_the_row_with_it(
    registered: Registering, physical: FakeQueue
) -> None:
    connection = connections["file"]
    connection.set_autocommit(False)
    Keeping(registered(), physical, None).keep(held("a"), "it failed", "")
    connection.close()
    assert FailedMessage.objects.count() == 1


@pytest.mark.usefixtures("database_file")
def test_where_autocommit_is_off_by_the_settings_the_row_is_committed(
    registered: Registering, physical: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connections["file"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    keep = Keeping(registered(), physical, None)
    for reason in ("first", "second"):
        # The second time it is an update, which SQLite does not commit with a savepoint.
        keep.keep(held("a"), reason, "")
        connection.close()
    assert FailedMessage.objects.get().reason == "second"
    connection.close()


# --- where it cannot be kept


@pytest.mark.django_db
@pytest.mark.parametrize("failure", [unreachable(), refused(0)])
def test_what_the_dead_letter_queue_does_not_take_becomes_a_row(
    registered: Registering, physical: FakeQueue, dead: FakeQueue, failure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    registered(name="dead")
    dead.answer("send", failure)
    Keeping(registered(dead_letter="dead"), physical, None).keep(held("a"), "it failed", "")
    assert FailedMessage.objects.get().reason == "it failed"
    assert actions(caplog.records) == ["dead_letter_failed"]


@pytest.mark.usefixtures("without_rows")
def test_what_neither_the_dead_letter_queue_nor_a_row_takes_stays(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead")
    dead.answer("send", refused(0))
    with pytest.raises(KeepingFailed, match=r"Refused: for the test.*SQS_KEEP_FAILED is False"):
        Keeping(registered(dead_letter="dead"), physical, None).keep(held("a"), "it failed", "")


@pytest.mark.usefixtures("without_rows")
def test_without_a_dead_letter_queue_and_without_rows_the_log_is_all(
    registered: Registering, physical: FakeQueue
) -> None:
    Keeping(registered(), physical, None).keep(held("a"), "it failed", "")


@pytest.mark.usefixtures("without_rows")
def test_it_is_not_gone_because_the_redrive_policy_cannot_be_asked_for_now(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    physical.answer("attributes", unreachable(), POLICY)
    keep = Keeping(registered(), physical, None)
    with pytest.raises(KeepingFailed, match="no route"):
        keep.keep(held("a"), "it failed", "")
    keep.keep(held("a"), "it failed", "")
    assert len(dead.made("send")) == 1


@pytest.mark.django_db
def test_who_may_not_ask_for_the_redrive_policy_has_rows(
    registered: Registering, physical: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    physical.always("attributes", denied())
    Keeping(registered(), physical, None).keep(held("a"), "it failed", "")
    assert FailedMessage.objects.count() == 1
    assert actions(caplog.records) == ["redrive_policy_unknown"]


@pytest.mark.django_db
def test_a_dead_letter_queue_that_nobody_registered_is_told_of_and_the_message_becomes_a_row(
    registered: Registering, physical: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    Keeping(registered(dead_letter="nowhere"), physical, None).keep(held("a"), "it failed", "")
    assert FailedMessage.objects.count() == 1
    assert "No queue is registered as 'nowhere'" in caplog.text


def test_a_row_that_cannot_be_written_is_told_of(
    registered: Registering, physical: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(keeping, "_write_row", fail)
    with pytest.raises(KeepingFailed, match="OperationalError: the database is away"):
        Keeping(registered(), physical, None).keep(held("a"), "it failed", "")


# --- before anything starts


@pytest.mark.django_db
def test_a_table_that_is_there_is_fine() -> None:
    check_table()


def test_a_table_that_is_missing_is_told_of_with_what_to_do(database_file: object) -> None:
    with connections["file"].schema_editor() as editor:
        editor.delete_model(FailedMessage)
    with pytest.raises(FailedTableMissing, match=r"django_sqs_failedmessage.*'file'.*migrate django_sqs"):
        check_table()


@pytest.mark.usefixtures("without_rows")
def test_a_table_that_is_not_needed_may_be_missing() -> None:
    check_table()
