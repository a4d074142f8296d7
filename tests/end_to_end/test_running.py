"""`runreceiver` as a process: what it refuses, and how it ends."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.end_to_end.harness import World, wait_for

# --- what it refuses


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plian"], "The nearest names are: plain"),
        (["send_only"], "has no receiver"),
        (["--message-limit", "0"], "is no number of messages"),
        (["--grace", "-1"], "is no number of seconds"),
        (["--no-fork", "plain", "json"], "--no-fork takes one queue"),
        (["--suffix", "a b", "plain"], "characters other than"),
    ],
)
def test_what_cannot_be_received_is_refused_in_a_sentence(fast_world: World, arguments: list[str], told: str) -> None:
    result = fast_world.manage("runreceiver", *arguments, check=False)
    assert result.returncode in (1, 2)
    assert told in result.stderr
    assert "Traceback" not in result.stderr


def test_it_refuses_to_start_without_the_table_for_failed_messages(fast_world: World) -> None:
    fast_world.manage("migrate", "django_sqs", "zero", "--verbosity=0")
    result = fast_world.manage("runreceiver", "plain", check=False)
    assert result.returncode == 1
    assert "manage.py migrate django_sqs" in result.stderr
    fast_world.send("plain", "a")
    with fast_world.running("--until-empty", "plain", SQS_KEEP_FAILED="0") as command:
        assert command.wait() == 0, command.output


# --- how it ends


def test_what_has_not_started_is_released_at_once_and_what_runs_is_finished(fast_world: World) -> None:
    fast_world.send("threads", *(f"2 m{n}" for n in range(10)))
    with fast_world.running("threads") as command:
        wait_for(lambda: len(fast_world.lines("threads", "start")) >= 4, what="work in progress")
        started = time.monotonic()
        command.signal(signal.SIGINT)
        assert command.wait() == 0, command.output
        assert time.monotonic() - started < 6
    assert fast_world.counts("threads") == (6, 0, 0)
    assert fast_world.runs("threads", "start") == fast_world.runs("threads", "end")


def test_what_still_runs_two_seconds_before_the_deadline_is_released(fast_world: World) -> None:
    fast_world.send("threads", "60 long")
    with fast_world.running("--grace", "4", "threads") as command:
        wait_for(lambda: fast_world.lines("threads", "start"), what="work in progress")
        started = time.monotonic()
        command.signal(signal.SIGTERM)
        assert command.wait() == 1, command.output
        assert 1.5 < time.monotonic() - started < 3.5
        assert "still runs; it is released" in command.output
    assert fast_world.counts("threads") == (1, 0, 0)


def test_a_second_signal_stops_at_once(fast_world: World) -> None:
    fast_world.send("threads", "60 long", "60 longer")
    with fast_world.running("threads") as command:
        wait_for(lambda: len(fast_world.lines("threads", "start")) == 2, what="work in progress")
        command.signal(signal.SIGTERM)
        command.wait_for_output("draining")
        started = time.monotonic()
        command.signal(signal.SIGTERM)
        assert command.wait() == 1, command.output
        assert time.monotonic() - started < 3
    assert fast_world.counts("threads") == (2, 0, 0)


def test_many_signals_to_a_child_are_one_drain_and_it_is_replaced(fast_world: World) -> None:
    fast_world.send("threads", "1 a")
    with fast_world.running("threads") as command:
        wait_for(lambda: fast_world.lines("threads", "start"), what="work in progress")
        (child,) = command.children()
        for _ in range(5):
            os.kill(child, signal.SIGTERM)
            os.kill(child, signal.SIGINT)
        wait_for(lambda: command.children() not in ([], [child]), what="another child")
        assert fast_world.runs("threads", "end") == {"a": 1}
        fast_world.send("threads", "0 b")
        wait_for(lambda: fast_world.runs("threads", "end")["b"], what="work of the new one")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
