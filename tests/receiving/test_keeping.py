"""Where a message goes that is given up, so that it is never just gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.db import OperationalError, connections

from django_sqs.exceptions import AccessDenied, FailedTableMissing, RequestRefused
from django_sqs.models import FailedMessage
from django_sqs.receiving import keeping
from django_sqs.receiving.keeping import REASON_ATTRIBUTE, Keeping, KeepingFailed, check_table, sanitised
from django_sqs.registered_queue import RegisteredQueue
from tests.receiving.conftest import Registering
from tests.receiving.support import FakeQueue, actions, held, refused, unreachable

if TYPE_CHECKING:
    from pytest_django import Settings

POLICY = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:1:test__dead"})}


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> FakeQueue:
    """The dead-letter queue, by whatever way it is found."""
    queue = FakeQueue("test__dead")

    def named(name: str, *rest: object) -> FakeQueue:
        queue.name = name
        return queue

    monkeypatch.setattr(keeping, "PhysicalQueue", named)
    monkeypatch.setattr(RegisteredQueue, "physical", lambda self, suffix=None: named(self.full_name(suffix)))
    return queue


@pytest.fixture
def without_rows(settings: Settings) -> None:
    settings.SQS_KEEP_FAILED = False


def kept(queue: RegisteredQueue, physical: FakeQueue, suffix: str | None = None) -> Keeping:
    return Keeping(queue, physical, suffix)


def denied() -> AccessDenied:
    return AccessDenied(action="GetQueueAttributes", queue="q", detail="no")


# --- the dead-letter queue


def test_it_goes_to_the_dead_letter_queue_that_was_named(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead")
    keep = kept(registered(dead_letter="dead"), physical)
    attributes = {"color": {"DataType": "String", "StringValue": "red"}}
    keep.keep(held("a", body="x", MessageAttributes=attributes), "it failed", "the traceback")
    assert dead.name == "test__dead"
    assert dead.made("send") == [
        [
            {
                "MessageBody": "x",
                "MessageAttributes": {
                    **attributes,
                    REASON_ATTRIBUTE: {"DataType": "String", "StringValue": "it failed"},
                },
            }
        ]
    ]
    assert physical.calls == [], "its redrive policy need not be asked for"


def test_it_goes_to_the_dead_letter_queue_of_the_redrive_policy(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    physical.answer("attributes", POLICY)
    keep = kept(registered(), physical)
    keep.keep(held("a"), "it failed", "")
    keep.keep(held("b"), "it failed", "")
    assert dead.name == "test__dead"
    assert len(dead.made("send")) == 2
    assert physical.made("attributes") == [("RedrivePolicy",)], "asked for once"
    assert keep.has_redrive_policy()


@pytest.mark.parametrize(("suffixes", "name"), [(("big",), "test__dead__big"), ((), "test__dead")])
def test_it_goes_to_the_dead_letter_queue_with_the_same_suffix_if_there_is_one(
    registered: Registering, physical: FakeQueue, dead: FakeQueue, suffixes: tuple[str, ...], name: str
) -> None:
    registered(name="dead", suffixes=suffixes)
    kept(registered(dead_letter="dead", suffixes=("big",)), physical, "big").keep(held("a"), "", "")
    assert dead.name == name


def test_on_a_fifo_queue_a_dead_letter_keeps_its_group_and_has_a_fresh_id(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead.fifo")
    keep = kept(registered(name="jobs.fifo", dead_letter="dead.fifo"), physical)
    keep.keep(held("a", group="g", count=3), "", "")
    keep.keep(held("b"), "", "")
    first, second = (entries[0] for entries in dead.made("send"))
    assert (first["MessageGroupId"], first["MessageDeduplicationId"]) == ("g", "a-3")
    assert (second["MessageGroupId"], second["MessageDeduplicationId"]) == ("b", "b-1")


def test_the_reason_takes_no_place_where_ten_attributes_are_there_already(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead")
    keep = kept(registered(dead_letter="dead"), physical)
    ten = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(10)}
    keep.keep(held("a", MessageAttributes=ten), "new", "")
    again = {**ten, REASON_ATTRIBUTE: {"DataType": "String", "StringValue": "old"}}
    del again["a0"]
    keep.keep(held("b", MessageAttributes=again), "new", "")
    first, second = (entries[0]["MessageAttributes"] for entries in dead.made("send"))
    assert first == ten
    assert second[REASON_ATTRIBUTE]["StringValue"] == "new", "it has come back from a dead-letter queue before"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("plain", "plain"),
        ("", "no reason given"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("nul\0 bell\a end\ufffe", "nul? bell? end?"),
        ("a lone surrogate \ud800", "a lone surrogate ?"),
        ("\U0001f600", "\U0001f600"),
        ("x" * 2000, "x" * 1024),
        ("x" * 1023 + "\u00e9", "x" * 1023),
    ],
)
def test_a_reason_is_made_fit_for_an_attribute(reason: str, text: str) -> None:
    assert sanitised(reason) == text


# --- the row


@pytest.mark.django_db
def test_without_a_dead_letter_queue_it_becomes_a_row(registered: Registering, physical: FakeQueue) -> None:
    attributes = {
        "color": {"DataType": "String", "StringValue": "red"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\0\1"},
    }
    message = held("a", body="x", count=3, group="g", MessageAttributes=attributes)
    kept(registered(), physical).keep(message, "it failed", "the traceback")
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
    keep = kept(registered(), physical)
    keep.keep(held("a"), "first", "")
    keep.keep(held("a", count=2), "second", "")
    row = FailedMessage.objects.get()
    assert (row.reason, row.receive_count) == ("second", 2)


@pytest.mark.django_db
def test_characters_that_a_database_refuses_are_replaced(registered: Registering, physical: FakeQueue) -> None:
    kept(registered(), physical).keep(held("a"), "nul \0, surrogate \udcff", "nul \0, surrogate \udcff")
    row = FailedMessage.objects.get()
    assert (row.reason, row.traceback) == ("nul ?, surrogate ?",) * 2


@pytest.mark.usefixtures("database_file")
def test_a_transaction_that_the_receiver_left_open_does_not_take_the_row_with_it(
    registered: Registering, physical: FakeQueue
) -> None:
    connection = connections["file"]
    connection.set_autocommit(False)
    kept(registered(), physical).keep(held("a"), "it failed", "")
    connection.close()
    assert FailedMessage.objects.count() == 1


@pytest.mark.usefixtures("database_file")
def test_where_autocommit_is_off_by_the_settings_the_row_is_committed(
    registered: Registering, physical: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connections["file"]
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "AUTOCOMMIT", False)
    kept(registered(), physical).keep(held("a"), "it failed", "")
    connection.close()
    assert FailedMessage.objects.count() == 1
    connection.close()


# --- where it cannot be kept


@pytest.mark.django_db
@pytest.mark.parametrize("failure", [unreachable(), refused(0)])
def test_what_the_dead_letter_queue_does_not_take_becomes_a_row(
    registered: Registering, physical: FakeQueue, dead: FakeQueue, failure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    registered(name="dead")
    dead.answer("send", failure)
    kept(registered(dead_letter="dead"), physical).keep(held("a"), "it failed", "")
    assert FailedMessage.objects.get().reason == "it failed"
    assert actions(caplog.records) == ["dead_letter_failed"]


@pytest.mark.usefixtures("without_rows")
def test_what_neither_the_dead_letter_queue_nor_a_row_takes_stays(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead")
    dead.answer("send", refused(0))
    with pytest.raises(KeepingFailed, match=r"Refused: for the test.*SQS_KEEP_FAILED is False"):
        kept(registered(dead_letter="dead"), physical).keep(held("a"), "it failed", "")


@pytest.mark.usefixtures("without_rows")
def test_without_a_dead_letter_queue_and_without_rows_the_log_is_all(
    registered: Registering, physical: FakeQueue
) -> None:
    kept(registered(), physical).keep(held("a"), "it failed", "")


@pytest.mark.usefixtures("without_rows")
def test_it_is_not_gone_because_the_redrive_policy_cannot_be_asked_for_now(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    physical.answer("attributes", unreachable(), POLICY)
    keep = kept(registered(), physical)
    with pytest.raises(KeepingFailed, match="no route"):
        keep.keep(held("a"), "it failed", "")
    keep.keep(held("a"), "it failed", "")
    assert len(dead.made("send")) == 1


@pytest.mark.django_db
def test_who_may_not_ask_for_the_redrive_policy_has_rows(
    registered: Registering, physical: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    physical.always("attributes", denied())
    kept(registered(), physical).keep(held("a"), "it failed", "")
    assert FailedMessage.objects.count() == 1
    assert actions(caplog.records) == ["redrive_policy_unknown"]


@pytest.mark.django_db
def test_a_dead_letter_queue_that_nobody_registered_is_told_of_and_the_message_becomes_a_row(
    registered: Registering, physical: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    kept(registered(dead_letter="nowhere"), physical).keep(held("a"), "it failed", "")
    assert FailedMessage.objects.count() == 1
    assert "No queue is registered as 'nowhere'" in caplog.text


def test_a_row_that_cannot_be_written_is_told_of(
    registered: Registering, physical: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(keeping, "_write_row", fail)
    with pytest.raises(KeepingFailed, match="OperationalError: the database is away"):
        kept(registered(), physical).keep(held("a"), "it failed", "")


# --- the redrive policy


@pytest.mark.parametrize("told", [{}, {"RedrivePolicy": ""}, {"RedrivePolicy": "{}"}, {"RedrivePolicy": "no JSON"}])
def test_a_queue_without_a_redrive_policy_has_none(
    registered: Registering, physical: FakeQueue, told: dict[str, str]
) -> None:
    physical.always("attributes", told)
    keep = kept(registered(), physical)
    assert not keep.has_redrive_policy()
    assert not keep.has_redrive_policy()
    assert len(physical.made("attributes")) == 1


def test_a_redrive_policy_that_cannot_be_asked_for_is_asked_for_again(
    registered: Registering, physical: FakeQueue, dead: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    physical.answer("attributes", RequestRefused(action="GetQueueAttributes", queue="q", detail="no"), POLICY)
    keep = kept(registered(), physical)
    assert not keep.has_redrive_policy()
    assert actions(caplog.records) == ["redrive_policy_unknown"]
    assert keep.has_redrive_policy()


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
