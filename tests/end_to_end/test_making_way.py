"""Processes that make way for new ones: what they hold is finished, or let go of at once."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Site, fault, receiving

DELETE = "DeleteMessageBatch"


@pytest.fixture
def site(tmp_path: Path, standin: StandIn) -> Site:
    made = Site(tmp_path, standin)
    made.world.environment["DJANGO_SQS_TEST_APPS"] = "tests.end_to_end.timing_app"
    return made


def fetch_ahead(site: Site, queue: str, *bodies: str) -> None:
    """Have the receiver hold these ten messages, most of them in its buffer: it has seen that it is quick."""
    warm = [f"w{number}" for number in range(30)]
    site.world.send(queue, *(f"0 {name}" for name in warm))
    site.wait_for_runs(queue, warm)
    site.wait_until_empty(queue)
    before = site.tally(queue)["received"]
    site.world.send(queue, *bodies)
    wait_for(lambda: site.tally(queue)["received"] == before + len(bodies), what="all of them held")


def children(site: Site) -> list[int]:
    assert site.command is not None
    return site.command.children()


# --- past the timeout


def test_past_a_timeout_neighbours_end_what_waits_is_released_and_a_new_process_goes_on(site: Site) -> None:
    waiting = [f"b{number}" for number in range(7)]
    with receiving(site, "neighbours"):
        fetch_ahead(site, "neighbours", "60 stuck", "0.9 one", "0.9 two", *(f"0 {name}" for name in waiting))
        site.wait_for_runs("neighbours", ["stuck", "one", "two", *waiting], seconds=15)
        site.wait_until_empty("neighbours")
        assert "failed (receive 1): " in site.output
        assert site.output.count("ended with status 75; a new one starts in 0.0 s") == 1
    starts = {name: site.world.lines("neighbours", "start", name) for name in ("stuck", "one", "two", *waiting)}
    assert [words[3] for words in starts["stuck"]] == ["1", "2"], "a failure, and retried like any other"
    assert float(starts["stuck"][1][-2]) - float(starts["stuck"][0][-2]) >= 1.5 + 1, "by retry_delays"
    assert [len(starts[name]) for name in ("one", "two", *waiting)] == [1] * 9, "nothing was cut short"
    first, second = (words[-1] for words in starts["stuck"])
    assert {words[-1] for name in ("one", "two") for words in starts[name]} == {first}
    assert {words[-1] for name in waiting for words in starts[name]} == {second}
    assert site.world.failed_rows() == []


def test_a_neighbour_has_the_grace_to_end_what_it_has_just_begun(site: Site) -> None:
    names = ["one", "two"]
    with receiving(site, "slow_neighbours"):
        # The latter begins shortly before the time-out, and takes longer than it takes to notice that.
        site.world.send("slow_neighbours", "60 stuck", "2.2 one", "2 two")
        site.wait_for_runs("slow_neighbours", ["stuck", *names], seconds=15)
        site.wait_until_empty("slow_neighbours")
    starts = {name: site.world.lines("slow_neighbours", "start", name) for name in ("stuck", *names)}
    assert [len(starts[name]) for name in names] == [1, 1]
    first, second = (words[-1] for words in starts["stuck"])
    assert [starts[name][0][-1] for name in names] == [first, first]
    assert first != second


# --- killed


def test_a_process_that_is_killed_after_it_has_worked_is_replaced_at_once(site: Site) -> None:
    names = [f"m{number}" for number in range(10)]
    with receiving(site, "pair"):
        # Longer than it takes to say that there is progress.
        site.world.send("pair", *(f"0.5 {name}" for name in names))
        site.wait_for_runs("pair", names)
        site.wait_until_empty("pair")
        (child,) = children(site)
        os.kill(child, signal.SIGKILL)
        site.wait_for_output(r"was killed by signal 9; a new one starts in 0\.0 s")
        site.world.send("pair", "0 last")
        site.wait_for_runs("pair", ["last"])


# --- told to end


def test_a_signal_releases_what_waits_at_once_and_none_of_it_is_started(site: Site) -> None:
    waiting = [f"b{number}" for number in range(9)]
    with receiving(site, "single"):
        assert site.command is not None
        fetch_ahead(site, "single", "3 long", *(f"0 {name}" for name in waiting))
        site.wait_for_runs("single", ["long"], "start")
        site.command.signal(signal.SIGTERM)
        wait_for(lambda: site.world.counts("single") == (9, 1, 0), 2, "the others visible")
        assert not site.world.runs("single", "end")["long"], "while one still runs"
        assert site.command.wait() == 0, site.output
    assert site.world.counts("single") == (9, 0, 0)
    assert not set(waiting) & site.world.runs("single").keys()
    assert site.world.runs("single", "end")["long"] == 1


def test_outcomes_that_sqs_does_not_take_at_first_are_told_it_before_the_process_ends(site: Site) -> None:
    with receiving(site, "pair"), site.faults(fault("error", DELETE)):
        assert site.command is not None
        site.world.send("pair", "1 a", "1 b")
        site.wait_for_runs("pair", ["a", "b"], "start")
        site.command.signal(signal.SIGTERM)
        site.wait_for_runs("pair", ["a", "b"])
        ended = time.monotonic()
        wait_for(lambda: time.monotonic() > ended + 2, what="the time in which a process that did not care would end")
        assert site.command.process.poll() is None
        site.set_faults()
        assert site.command.wait() == 0, site.output
    assert site.world.counts("pair") == (0, 0, 0)
    assert site.world.runs("pair", "end") == {"a": 1, "b": 1}
