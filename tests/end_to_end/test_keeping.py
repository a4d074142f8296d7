"""Where messages go that are given up: the dead-letter queue, else a row, else only the log; never nowhere."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Site, fault, receiving

REASON = "django_sqs_reason"
TABLE = "django_sqs_failedmessage"
QUEUES = ["to_letters", "to_letters.fifo", "redriven", "kept", "kept_again", "first_failing", "left_open"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with StandIn(seed=1) as server:
        made = Site(tmp_path_factory.mktemp("site"), server)
        made.redrive("redriven", "natives", 50)
        with receiving(made, *QUEUES) as running:
            yield running


def letters(site: Site, queue: str, count: int = 1) -> list[dict[str, Any]]:
    """Take so many messages out of a dead-letter queue."""
    url, found = site.world.url(queue), []

    def receive() -> bool:
        answer = site.world.client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        for message in answer.get("Messages", ()):
            found.append(dict(message))
            site.world.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return len(found) >= count

    wait_for(receive, what=f"{count} messages in {queue}")
    return found


def rows(site: Site, queue: str) -> dict[str, dict[str, Any]]:
    """The failed messages of a queue, by body."""
    return {row["body"]: row for row in site.world.failed_rows() if row["queue"] == site.full_name(queue)}


@contextmanager
def without_the_table(site: Site) -> Iterator[None]:
    """Within it no row can be written."""
    _execute(site, f"ALTER TABLE {TABLE} RENAME TO {TABLE}_away")
    try:
        yield
    finally:
        _execute(site, f"ALTER TABLE {TABLE}_away RENAME TO {TABLE}")


def _execute(site: Site, statement: str) -> None:
    with closing(sqlite3.connect(site.world.directory / "db.sqlite3", timeout=30)) as connection, connection:
        connection.execute(statement)


# --- the dead-letter queue


def test_what_fails_goes_to_the_registered_dead_letter_queue_as_it_was_and_with_the_reason(site: Site) -> None:
    colour = {"DataType": "String", "StringValue": "red"}
    site.world.client.send_message(
        QueueUrl=site.world.url("to_letters"), MessageBody="a body\nas it is", MessageAttributes={"colour": colour}
    )
    (letter,) = letters(site, "letters")
    assert letter["Body"] == "a body\nas it is"
    assert letter["MessageAttributes"]["colour"] == colour
    reason = letter["MessageAttributes"][REASON]["StringValue"]
    assert reason.startswith("RuntimeError: cannot be kept as it is: ? ? ééé")
    assert 1000 < len(reason.encode()) <= 1024
    site.wait_until_empty("to_letters")
    assert rows(site, "to_letters") == {}
    assert len(site.world.lines("to_letters", "start")) == 1


def test_a_dead_letter_of_a_fifo_queue_has_an_id_that_sqs_does_not_take_for_a_copy(site: Site) -> None:
    site.send_group("letters.fifo", "g", "body")
    site.send_group("to_letters.fifo", "g", "body")
    found = letters(site, "letters.fifo", 2)
    assert [letter["Body"] for letter in found] == ["body", "body"]
    assert found[1]["Attributes"]["MessageGroupId"] == "g"
    assert REASON in found[1]["MessageAttributes"]
    site.wait_until_empty("to_letters.fifo")


def test_what_fails_goes_where_the_redrive_policy_of_the_queue_points(site: Site) -> None:
    site.world.send("redriven", "x")
    (letter,) = letters(site, "natives")
    assert letter["Body"] == "x"
    assert letter["MessageAttributes"][REASON]["StringValue"].startswith("RuntimeError")
    site.wait_until_empty("redriven")
    assert rows(site, "redriven") == {}
    assert [words[3] for words in site.world.lines("redriven", "start")] == ["1"], "not at its fiftieth receive"


# --- the table


def test_what_the_dead_letter_queue_refuses_becomes_a_row(site: Site) -> None:
    with site.faults(*site.only_for("letters", fault("entry_error", "SendMessageBatch", status=400, code="Refused"))):
        site.world.send("to_letters", "refused")
        row = wait_for(lambda: rows(site, "to_letters").get("refused"), what="the row")
    assert row["reason"].startswith("RuntimeError: cannot be kept as it is: ? ? ééé")
    assert row["reason"].endswith(" of refused")
    assert "in receive" in row["traceback"]
    assert row["receive_count"] == 1
    assert "Refused: " in site.output
    site.wait_until_empty("to_letters")


def test_a_message_that_can_be_kept_nowhere_stays_until_it_can(site: Site) -> None:
    with without_the_table(site):
        site.world.send("kept", "homeless")
        site.world.send("first_failing", "homeless")
        for queue in ("kept", "first_failing"):
            wait_for(lambda queue=queue: site.world.runs(queue)["homeless"] >= 2, what=f"another run in {queue}")
            # With delete_on_start it is in no queue while it runs.
            wait_for(lambda queue=queue: sum(site.world.counts(queue)) == 1, what=f"the message in {queue}")
    for queue in ("kept", "first_failing"):
        wait_for(lambda queue=queue: rows(site, queue).get("homeless"), what=f"the row of {queue}")
        site.wait_until_empty(queue)
    assert "could not be kept and stays in the queue: OperationalError: no such table" in site.output
    times = [float(words[-2]) for words in site.world.lines("kept", "start", "homeless")]
    assert times[1] - times[0] >= 0.5, "by retry_delays"


def test_a_message_that_is_kept_twice_has_one_row(site: Site) -> None:
    """Its process dies between the row and the delete, and the next one runs it again."""
    with site.faults(*site.only_for("kept_again", fault("error", "DeleteMessageBatch"))):
        site.world.send("kept_again", "twice")
        wait_for(lambda: rows(site, "kept_again"), what="the row")
        os.kill(int(site.world.lines("kept_again", "start")[0][-1]), signal.SIGKILL)
        wait_for(lambda: rows(site, "kept_again")["twice"]["receive_count"] >= 2, what="the second failure in the row")
    site.wait_until_empty("kept_again")
    assert len([row for row in site.world.failed_rows() if row["body"] == "twice"]) == 1


def test_a_row_does_not_share_the_fate_of_a_transaction_that_the_receiver_left_open(site: Site) -> None:
    site.world.send("left_open", "unfinished")
    site.wait_for_runs("left_open", ["unfinished"], "start")
    site.wait_until_empty("left_open")
    assert rows(site, "left_open").keys() == {"unfinished"}
    with closing(sqlite3.connect(site.world.directory / "db.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM sample_article").fetchone() == (0,)


# --- only the log


def test_without_the_table_for_failed_messages_the_log_is_all_there_is_but_no_outage_loses_one(
    tmp_path: Path, standin: StandIn
) -> None:
    site = Site(tmp_path, standin)
    site.redrive("redriven", "natives", 50)
    faults = [
        *site.only_for("letters", fault("error", "SendMessageBatch")),
        *site.only_for("redriven", fault("error", "GetQueueAttributes")),
    ]
    with receiving(site, "kept", "to_letters", "redriven", SQS_KEEP_FAILED="0"), site.faults(*faults):
        site.world.send("kept", "only logged")
        site.world.send("to_letters", "letter")
        site.world.send("redriven", "native")
        site.wait_for_output(r"kept: message \S+ failed \(receive 1\)")
        site.wait_until_empty("kept")
        for queue in ("to_letters", "redriven"):
            site.wait_for_output(f"{site.full_name(queue)}: message .* failed")
        site.wait_for_output(f"{site.full_name('to_letters')}: message .* could not be kept and stays")
        for queue in ("to_letters", "redriven"):
            counted = site.tally(queue)
            assert counted["visible"] + counted["in_flight"] == 1, "it stays"
        site.set_faults()
        assert [letter["Body"] for letter in letters(site, "letters")] == ["letter"]
        assert [letter["Body"] for letter in letters(site, "natives")] == ["native"]
        site.wait_until_empty("to_letters", "redriven")
    assert site.world.failed_rows() == []
    assert "Traceback" in site.output
