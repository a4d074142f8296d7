"""Processes that compete, are told to end, or die at once."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Site, fault, receiving


@pytest.fixture
def site(tmp_path: Path, standin: StandIn) -> Site:
    return Site(tmp_path, standin)


def test_six_messages_of_5_s_under_2_s_visibility_and_two_that_compete_for_them(site: Site) -> None:
    names = [f"m{number}" for number in range(6)]
    with site.world.running("contended") as one, site.world.running("contended") as other:
        for command in (one, other):
            command.wait_for_output("receiving")
        site.world.send("contended", *(f"5 {name}" for name in names))
        site.wait_for_runs("contended", names)
        site.wait_until_empty("contended")
        pids = {words[-1] for words in site.world.lines("contended")}
    assert site.world.runs("contended") == dict.fromkeys(names, 1), one.output + other.output
    assert len(pids) == 2, "they have shared the work"


def test_sigterm_four_times_during_work_leaves_nothing_in_flight_and_runs_nothing_twice(site: Site) -> None:
    names = [f"m{number}" for number in range(40)]
    site.world.send("steady", *(f"0.3 {name}" for name in names))
    for _ in range(4):
        so_far = len(site.world.lines("steady", "start"))
        with site.world.running("steady") as command:
            wait_for(lambda so_far=so_far: len(site.world.lines("steady", "start")) >= so_far + 3, what="work")
            command.signal(signal.SIGTERM)
            assert command.wait() == 0, command.output
        waiting, in_flight, delayed = site.world.counts("steady")
        ended = len(site.world.lines("steady", "end"))
        assert (in_flight, delayed) == (0, 0)
        assert waiting == len(names) - ended
        assert ended < len(names)
    assert site.world.runs("steady") == site.world.runs("steady", "end")
    assert set(site.world.runs("steady").values()) == {1}


def test_what_was_fetched_ahead_is_released_by_a_signal(site: Site) -> None:
    names = [f"m{number}" for number in range(300)]
    site.world.send("gathered", *(f"0.02 {name}" for name in names))
    with site.world.running("gathered") as command:
        wait_for(
            lambda: len(site.world.lines("gathered", "end")) > 40 and site.tally("gathered")["in_flight"] > 8,
            what="more held than run at a time",
        )
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
    ended = len(site.world.lines("gathered", "end"))
    assert site.world.counts("gathered") == (len(names) - ended, 0, 0)
    assert ended < len(names)
    assert site.world.runs("gathered") == site.world.runs("gathered", "end")


def test_what_a_poll_brings_after_the_signal_is_released(site: Site) -> None:
    """Half of the latency passes before SQS acts, half before the answer is here."""
    site.world.send("steady", "0 a", "0 b")
    site.set_faults(fault("latency", "ReceiveMessage", latency_ms=4000))
    with site.world.running("steady") as command:
        wait_for(lambda: site.tally("steady")["in_flight"] == 2, what="messages on their way")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
    assert site.world.counts("steady") == (2, 0, 0)
    assert site.world.lines("steady") == []


def test_a_process_that_dies_at_once_is_replaced_more_and_more_slowly(site: Site) -> None:
    with site.world.running("steady") as command:
        seen: set[int] = set()
        for _ in range(3):
            (child,) = wait_for(lambda: [pid for pid in command.children() if pid not in seen], what="a new child")
            seen.add(child)
            os.kill(child, signal.SIGKILL)
        wait_for(lambda: len(re.findall("a new one starts", command.output)) == 3, what="three deaths")
        waits = re.findall(r"was killed by signal 9; a new one starts in ([\d.]+) s", command.output)
        assert waits == ["0.5", "1.0", "2.0"]
        site.world.send("steady", "0 a")
        site.wait_for_runs("steady", ["a"])


def test_a_child_killed_while_it_starts_works_or_settles_loses_nothing(site: Site) -> None:
    """Kills at all moments: of a process that has not polled yet, that runs messages, that deletes."""
    names = [f"m{number}" for number in range(60)]
    site.world.send("steady", *(f"0.05 {name}" for name in names))
    site.set_faults(fault("latency", "DeleteMessageBatch", latency_ms=100))
    with receiving(site, "steady") as running:
        assert running.command is not None
        for number in range(4):
            wait_for(lambda number=number: len(site.world.lines("steady", "end")) > 8 * number, what="progress")
            for child in running.command.children():
                os.kill(child, signal.SIGKILL)
        site.wait_for_runs("steady", names, seconds=40)
        site.wait_until_empty("steady")
    extra = sum(site.world.runs("steady").values()) - len(names)
    assert extra <= 4 * 12, "only what a killed process held runs again"


def test_a_process_whose_keeper_hangs_is_replaced(site: Site) -> None:
    """It would lose all that it holds."""
    site.world.url("stalling")
    with site.world.running("--hang-timeout", "2", "stalling") as command:
        site.world.send("stalling", "stall")
        site.wait_for_runs("stalling", ["stall"])
        command.wait_for_output("no sign of life for 2 s")
        site.world.send("stalling", "afterwards")
        site.wait_for_runs("stalling", ["afterwards"])
    assert len({words[-1] for words in site.world.lines("stalling")}) == 2
