"""Receivers that fail, restart, kill their process; messages that nobody should have sent; listeners that raise."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Site, fault, receiving

DELETE, SEND = "DeleteMessageBatch", "SendMessageBatch"
QUEUES = ["called", "patient", "first_refused", "anew", "anew.fifo", "hostile", "heard"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with StandIn(seed=1) as server, receiving(Site(tmp_path_factory.mktemp("site"), server), *QUEUES) as running:
        yield running


def starts(site: Site, queue: str, *start: str) -> list[list[str]]:
    return site.world.lines(queue, "start", *start)


# --- retries


def test_a_function_may_say_when_a_failed_message_comes_back(site: Site) -> None:
    site.world.send("called", "a")
    (row,) = wait_for(site.world.failed_rows, what="the row")
    assert row["reason"] == "failed, and received 4 times: RuntimeError: fails each time"
    lines = starts(site, "called")
    assert [words[3] for words in lines] == ["1", "2", "3", "4"], "kept at its last receive"
    gaps = [float(after[-2]) - float(before[-2]) for before, after in itertools.pairwise(lines)]
    assert gaps[0] >= 1.0, "half of the 2 s at the least"
    assert gaps[1] >= 1.0
    assert gaps[2] < 1.0, "at once"
    site.wait_until_empty("called")


def test_no_limit_is_applied_to_restart_later(site: Site) -> None:
    site.world.send("patient", "a")
    site.wait_for_runs("patient", ["a"])
    site.wait_until_empty("patient")
    assert [words[3] for words in starts(site, "patient")] == ["1", "2", "3", "4", "5", "6"]
    assert not [row for row in site.world.failed_rows() if row["queue"] == site.full_name("patient")]
    assert f"{site.full_name('patient')}: message" in site.output
    assert "Traceback" not in "".join(line for line in site.output.splitlines() if "patient" in line)


# --- messages that kill their process


def test_what_kills_its_process_each_time_is_kept_before_it_runs_once_too_often(tmp_path: Path) -> None:
    with StandIn(seed=1) as server:
        site = Site(tmp_path, server)
        url = site.world.url("poisoned")
        site.world.send("poisoned", "poison")
        for _ in range(19):
            answer = site.world.client.receive_message(QueueUrl=url, VisibilityTimeout=0)
            assert answer["Messages"]
        site.world.send("poisoned", "other")
        with receiving(site, "poisoned"):
            (row,) = wait_for(site.world.failed_rows, what="the row")
            site.wait_for_runs("poisoned", ["other"], "start")
            site.wait_until_empty("poisoned")
            assert "was killed by signal 9" in site.output
        # The back-stop is 20, or three times max_receives where that is more.
        assert [words[3] for words in starts(site, "poisoned", "poison")] == ["20"]
        assert row["reason"] == "Reject: received 21 times without being settled"
        assert starts(site, "poisoned", "other")


# --- delete_on_start


def test_what_cannot_be_deleted_before_it_starts_is_not_run(site: Site) -> None:
    faults = [fault("entry_error", DELETE, count=1), fault("error", DELETE, count=1)]
    with site.faults(*site.only_for("first_refused", *faults)):
        site.world.send("first_refused", "a")
        site.wait_for_runs("first_refused", ["a"], "start")
        assert site.struck("entry_error") == site.struck("error") == 1
        site.wait_until_empty("first_refused")
    assert [words[3] for words in starts(site, "first_refused")] == ["3"]
    assert site.output.count("was not run, since it could not be deleted") == 2


@pytest.mark.parametrize("queue", ["anew", "anew.fifo"])
def test_what_was_deleted_before_it_started_is_sent_anew_for_its_restart_as_it_was(site: Site, queue: str) -> None:
    colour: Any = {"DataType": "String", "StringValue": "red"}
    order: Any = {"MessageGroupId": "g", "MessageDeduplicationId": "d"} if queue.endswith(".fifo") else {}
    site.world.client.send_message(
        QueueUrl=site.world.url(queue), MessageBody="again", MessageAttributes={"colour": colour}, **order
    )
    wait_for(lambda: len(starts(site, queue, "again")) >= 3, what="two restarts")
    enough = site.world.directory / "enough"
    enough.touch()
    site.wait_for_runs(queue, ["again"])
    site.wait_until_empty(queue)
    lines = starts(site, queue, "again")
    assert len({words[3] for words in lines}) == len(lines), "each is a message of its own"
    assert {words[4] for words in lines} == {"red"}
    enough.unlink()


def test_a_restart_that_cannot_be_sent_is_kept(site: Site) -> None:
    with site.faults(*site.only_for("anew", fault("error", SEND))):
        site.world.client.send_message(QueueUrl=site.world.url("anew"), MessageBody="stranded")
        rows = wait_for(lambda: [row for row in site.world.failed_rows() if row["body"] == "stranded"], what="the row")
    assert rows[0]["reason"].startswith("its restart could not be sent: ")
    site.wait_until_empty("anew")


# --- hostile bodies

#: Bodies of which each is refused by the message class, or by a receiver that believes in its sender.
HOSTILE = [
    "[" * 100_000,
    '{"a":' * 50_000,
    "9" * 100_000,
    "1e999999999",
    "NaN",
    "null",
    "[]",
    '"text"',
    '{"id": null}',
    '{"id": 1}',
    '{"ID": "a"}',
    "{broken",
    "\ufeff{}",
    "' OR 1=1; --",
    "x" * 1_000_000,
    "\U0001f4a9\u202e\u200b",
    '{"id": "a", "id": ' + "[" * 5_000 + "}",
]


def test_no_body_ends_the_process_or_is_lost(site: Site) -> None:
    assert site.command is not None
    children = site.command.children()
    good = [json.dumps({"id": f"\ud800 {number}"}) for number in range(5)]
    for body in [*HOSTILE, *good]:
        site.world.client.send_message(QueueUrl=site.world.url("hostile"), MessageBody=body)
    site.wait_until_empty("hostile")
    rows = [row["body"] for row in site.world.failed_rows() if row["queue"] == site.full_name("hostile")]
    # The receiver cannot write down an id with half a character either.
    assert sorted(rows) == sorted([*HOSTILE, *good])
    site.world.send("hostile", '{"id": "fine"}')
    wait_for(lambda: site.world.lines("hostile", "end"), what="a good one after them")
    assert site.command.children() == children
    assert max(map(len, site.output.splitlines())) < 5_000, "bodies are cut short in the log"


# --- signals


def test_listeners_hear_what_becomes_of_messages_and_change_nothing_where_they_raise(site: Site) -> None:
    site.world.send("heard", "good", "bad", "later")
    wait_for(lambda: len(site.world.lines("heard")) >= 11, what="eleven signals")
    site.wait_until_empty("heard")

    def heard(body: str) -> list[list[str]]:
        return [[words[1], *words[3:-2]] for words in site.world.lines("heard") if words[2] == body]

    assert heard("good") == [["received"], ["succeeded"]]
    assert heard("bad") == [
        ["received"],
        ["failed", "exception"],
        ["retried", "delay", "exception"],
        ["received"],
        ["failed", "exception"],
    ]
    assert heard("later") == [["received"], ["retried", "delay", "exception"], ["received"], ["succeeded"]]
    assert f"ValueError: a listener that fails for {site.full_name('heard')}" in site.output
    (row,) = (row for row in site.world.failed_rows() if row["queue"] == site.full_name("heard"))
    assert row["body"] == "bad"
