"""The receive count beyond which a message is not run any more, because it may be what kills its process."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Site, receiving


@pytest.fixture
def site(tmp_path: Path, standin: StandIn) -> Site:
    return Site(tmp_path, standin)


def receive(site: Site, queue: str, times: int) -> None:
    """Receive all that is in the queue so many times, and leave it visible."""
    for _ in range(times):
        answer = site.world.client.receive_message(
            QueueUrl=site.world.url(queue), MaxNumberOfMessages=10, VisibilityTimeout=0
        )
        assert answer["Messages"]


def test_it_is_three_times_max_receives_where_that_is_more_than_20(site: Site) -> None:
    site.world.send("much_received", "0 late")
    receive(site, "much_received", 2)
    site.world.send("much_received", "0 just")
    receive(site, "much_received", 28 + 1)
    with receiving(site, "much_received"):
        (row,) = wait_for(site.world.failed_rows, what="the row")
        site.wait_for_runs("much_received", ["just"])
        site.wait_until_empty("much_received")
    assert row["body"] == "0 late"
    assert [words[2:4] for words in site.world.lines("much_received", "start")] == [["just", "30"]]


def assert_it_runs(site: Site, queue: str) -> None:
    """One message that was received very often is run and deleted, and not kept."""
    site.world.send(queue, "0 a")
    receive(site, queue, 30)
    with receiving(site, queue):
        site.wait_for_runs(queue, ["a"])
        site.wait_until_empty(queue)
    assert site.world.failed_rows() == []


def test_there_is_none_where_max_receives_is_not_set(site: Site) -> None:
    assert_it_runs(site, "steady")


def test_it_is_left_to_sqs_where_the_queue_has_a_redrive_policy(site: Site) -> None:
    site.redrive("limited", "natives", max_receives=50)
    assert_it_runs(site, "limited")
    assert site.world.counts("natives") == (0, 0, 0)
