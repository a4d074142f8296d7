"""SQS is away, refuses, or has lost the queue: the processes wait it out, say so once, and go on."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Fault, Site, fault, receiving

QUEUE = "steady"

#: What the server answers, and what the log says of it.
OUTAGES: dict[str, tuple[Fault, str]] = {
    "throttled": (fault("throttle"), "AWS throttles ReceiveMessage"),
    "failing": (fault("error"), "It is a fault at AWS"),
    "unavailable": (fault("error", status=503), "It is a fault at AWS"),
    "expired": (fault("error", status=400, code="ExpiredToken"), "AWS refused the credentials"),
    "denied": (fault("error", status=403, code="AccessDenied"), "must allow sqs:ReceiveMessage"),
    "refusing": (fault("refuse"), "SQS does not answer"),
}


@pytest.fixture(scope="module")
def running_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with (
        StandIn(seed=1) as server,
        receiving(Site(tmp_path_factory.mktemp("site"), server), QUEUE, "dropped") as running,
    ):
        yield running


@pytest.fixture
def site(tmp_path: Path, standin: StandIn) -> Site:
    """A site without receivers, for tests that start their own."""
    return Site(tmp_path, standin)


def count(site: Site, doing: str, what: str) -> int:
    """How often the log says it."""
    return site.output.count(f"{site.full_name(QUEUE)}: {doing} {what}")


@pytest.mark.parametrize("name", OUTAGES)
def test_an_outage_is_told_once_and_the_process_goes_on(running_site: Site, name: str) -> None:
    site, (fault_in_force, told) = running_site, OUTAGES[name]
    assert site.command is not None
    children = site.command.children()
    said_before = count(site, "receiving", "fails")
    recovered_before = count(site, "receiving", "works again")
    with site.faults(fault_in_force):
        wait_for(lambda: count(site, "receiving", "fails") > said_before, what="a word of the outage")
        wait_for(lambda: site.requests("ReceiveMessage") >= 4, what="polls that try again")
        assert count(site, "receiving", "fails") == said_before + 1
        assert count(site, "receiving", "works again") == recovered_before
    site.world.send(QUEUE, f"0 {name}")
    site.wait_for_runs(QUEUE, [name], seconds=5)
    assert told in site.output
    assert count(site, "receiving", "works again") == recovered_before + 1
    assert site.command.children() == children


def test_tries_become_rarer_the_longer_an_outage_lasts(running_site: Site) -> None:
    """Each wait is 10 to 20 % of the time that the outage has lasted."""
    site, tries = running_site, []
    with site.faults(fault("error", "ReceiveMessage", status=503)):
        wait_for(lambda: site.requests("ReceiveMessage"), what="the first failure")
        began = time.monotonic()
        for seconds in (1, 10, 15):
            wait_for(lambda end=began + seconds: time.monotonic() >= end, what="time")
            tries.append(site.requests("ReceiveMessage"))
    early, later, last = tries
    # Two queues are polled here.
    assert 2 <= early <= 2 * 5, "soon after it began they are a quarter to half a second apart"
    assert 2 * 2 <= last - later <= 2 * 6, "after 10 s they are a second or more apart"


def test_what_a_lost_answer_brought_comes_back_and_is_run_once(running_site: Site) -> None:
    site, names = running_site, [f"m{number}" for number in range(5)]
    with site.faults(*site.only_for("dropped", fault("drop_response", "ReceiveMessage", count=3))):
        site.world.send("dropped", *(f"0 {name}" for name in names))
        site.wait_for_runs("dropped", names)
        site.wait_until_empty("dropped")
        assert site.struck("drop_response") == 3
        assert site.tally("dropped")["redelivered_after_timeout"] >= 1
    assert site.world.runs("dropped") == dict.fromkeys(names, 1)


# --- with receivers of their own


def test_a_server_away_for_20_s_loses_nothing_and_is_noticed_within_5_s(site: Site) -> None:
    names = [f"m{number}" for number in range(40)]
    with receiving(site, QUEUE):
        site.world.send(QUEUE, *(f"0.3 {name}" for name in names))
        wait_for(lambda: len(site.world.lines(QUEUE, "end")) >= 4, what="work in progress")
        assert site.command is not None
        children = site.command.children()
        site.server.go_away(20)
        back = wait_for(lambda: site.server.control()["listening"] and time.time(), 40, "the server back again")
        wait_for(lambda: any(float(words[-2]) > back for words in site.world.lines(QUEUE, "start")), 5, "work")
        site.wait_for_runs(QUEUE, names)
        site.wait_until_empty(QUEUE)
        assert site.world.runs(QUEUE) == dict.fromkeys(names, 1), "nothing is lost, and nothing runs twice"
        assert site.command.children() == children
    for doing in ("receiving", "deleting"):
        assert count(site, doing, "fails") == count(site, doing, "works again") == 1
    assert count(site, "extending visibility timeouts", "fails") <= 1
    assert "Traceback" not in site.output


def test_receivers_may_be_started_before_the_server_and_end_when_it_is_gone(site: Site) -> None:
    site.world.send(QUEUE, "0 early", "20 long")
    site.server.go_away()
    with site.world.running("--grace", "4", QUEUE) as command:
        site.command = command
        command.wait_for_output("receiving fails and will be tried again: SQS does not answer")
        site.server.come_back()
        site.wait_for_runs(QUEUE, ["early"])
        site.wait_for_runs(QUEUE, ["long"], "start")
        wait_for(lambda: site.world.counts(QUEUE) == (0, 1, 0), what="the other deleted")
        site.server.go_away()
        started = time.monotonic()
        command.signal(signal.SIGTERM)
        assert command.wait() == 1, command.output
        assert time.monotonic() - started < 8
        assert "still runs; it is released and will run again" in command.output
    site.server.come_back()
    wait_for(lambda: site.world.counts(QUEUE) == (1, 0, 0), what="the message visible again")


@pytest.mark.parametrize("creates", [True, False])
def test_a_queue_that_is_deleted_is_waited_for(site: Site, creates: bool) -> None:
    site.server.control(limits={"recreate_seconds": 2})
    with receiving(site, QUEUE, SQS_CREATE_QUEUES=str(int(creates))):
        assert site.command is not None
        children = site.command.children()
        site.world.send(QUEUE, "1 held")
        site.wait_for_runs(QUEUE, ["held"], "start")
        site.world.client.delete_queue(QueueUrl=site.world.url(QUEUE))
        site.wait_for_runs(QUEUE, ["held"])
        told = "was deleted less than 60 seconds ago" if creates else 'Create it with "manage.py sqs_setup"'
        site.wait_for_output(f"receiving fails and will be tried again: .*{told}")
        if not creates:
            wait_for(lambda: _created(site), what="the queue created by somebody else")
        wait_for(lambda: site.tally(QUEUE) != {}, what="the queue again")
        site.world.send(QUEUE, "0 afterwards")
        site.wait_for_runs(QUEUE, ["afterwards"])
        assert site.command.children() == children
    assert count(site, "receiving", "fails") == 1


def _created(site: Site) -> bool:
    try:
        site.world.url(QUEUE)
    except site.world.client.exceptions.QueueDeletedRecently:
        return False
    return True


# --- too much in flight


def _take_ten(site: Site) -> list[str]:
    answer = site.world.client.receive_message(
        QueueUrl=site.world.url(QUEUE), MaxNumberOfMessages=10, VisibilityTimeout=600
    )
    return [message["ReceiptHandle"] for message in answer["Messages"]]


@pytest.mark.parametrize(
    ("poll_period", "told", "told_after"),
    [
        ("1", "10 of its messages are in flight, and near 10 SQS gives no more", "not held up by its messages"),
        ("0.2", "as many as SQS allows are in flight", "receiving works again"),
    ],
    ids=["long polls", "short polls"],
)
def test_a_queue_at_its_limit_of_messages_in_flight_is_told_of_once(
    site: Site, poll_period: str, told: str, told_after: str
) -> None:
    site.server.control(limits={"in_flight": 10})
    site.world.send(QUEUE, *(f"0 m{number}" for number in range(11)))
    handles = _take_ten(site)
    assert len(handles) == 10
    with receiving(site, QUEUE, SQS_POLL_PERIOD=poll_period, DJANGO_SQS_TEST_SILENCE="2,10"):
        site.wait_for_output(told)
        polls = site.requests("ReceiveMessage")
        wait_for(lambda: site.requests("ReceiveMessage") >= polls + 2, what="more polls")
        assert site.output.count(told) == 1
        site.world.client.delete_message(QueueUrl=site.world.url(QUEUE), ReceiptHandle=handles[0])
        site.wait_for_runs(QUEUE, ["m10"])
        site.wait_for_output(told_after)
