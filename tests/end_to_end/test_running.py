"""`runreceiver` as a process: what it refuses, how it ends, what it survives."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import ROOT, World, wait_for


def alive(pid: int) -> bool:
    """Does the process exist, and is it more than a zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


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
        assert 1.5 < time.monotonic() - started < 4.5
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


# --- what it survives


def test_children_notice_that_their_parent_died_and_drain(fast_world: World) -> None:
    fast_world.send("threads", "1.5 a")
    fast_world.url("plain")
    with fast_world.running("threads", "plain") as command:
        wait_for(lambda: fast_world.lines("threads", "start"), what="work in progress")
        children = command.children()
        assert len(children) == 2
        os.kill(command.process.pid, signal.SIGKILL)
        wait_for(lambda: not any(map(alive, children)), what="the end of both children")
    assert fast_world.runs("threads", "end") == {"a": 1}
    assert fast_world.counts("threads") == (0, 0, 0)


def test_a_child_that_hangs_is_killed_and_replaced(fast_world: World) -> None:
    fast_world.url("plain")
    with fast_world.running("--hang-timeout", "3", "plain") as command:
        (child,) = wait_for(command.children, what="the child")
        command.wait_for_output("receiving")
        os.kill(child, signal.SIGSTOP)
        command.wait_for_output("no sign of life for 3 s")
        fast_world.send("plain", "a")
        wait_for(lambda: fast_world.runs("plain", "end")["a"], what="work of the new one")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output


def test_a_long_message_is_no_hang(fast_world: World) -> None:
    fast_world.send("threads", "6 long")
    with fast_world.running("--hang-timeout", "3", "--until-empty", "threads") as command:
        assert command.wait() == 0, command.output
    assert fast_world.runs("threads", "start") == {"long": 1}


def test_a_child_killed_again_and_again_loses_nothing(fast_world: World) -> None:
    names = [f"m{n}" for n in range(40)]
    fast_world.send("threads", *(f"0.3 {name}" for name in names))
    with fast_world.running("threads") as command:
        end = time.monotonic() + 6
        while time.monotonic() < end:
            time.sleep(0.7)
            for child in command.children():
                os.kill(child, signal.SIGKILL)
        wait_for(lambda: set(fast_world.runs("threads", "end")) == set(names), 40, "all to be handled")
        wait_for(lambda: fast_world.counts("threads") == (0, 0, 0), 20, "an empty queue")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output


def test_processes_share_a_queue_and_a_message_limit(fast_world: World) -> None:
    fast_world.send("threads", *(f"0.2 m{n}" for n in range(60)))
    settings = {"SQS_QUEUES": '{"threads": {"processes": 3, "concurrency": 2}}'}
    with fast_world.running("--message-limit", "30", "threads", **settings) as command:
        wait_for(lambda: len(command.children()) == 3, what="three children")
        assert command.wait() == 0, command.output
    assert len(fast_world.lines("threads", "end")) == 30
    assert fast_world.counts("threads") == (30, 0, 0)
    assert len({words[-1] for words in fast_world.lines("threads")}) == 3


def test_until_empty_waits_for_what_one_receiver_sends_to_another(fast_world: World) -> None:
    fast_world.send("relay", *(f"m{n}" for n in range(20)))
    with fast_world.running("--until-empty", "relay", "plain") as command:
        assert command.wait() == 0, command.output
    assert len(fast_world.lines("plain", "end")) == 20


def test_reload_drains_and_runs_the_changed_code(tmp_path: Path, standin: StandIn) -> None:
    world = World(tmp_path, standin.endpoint_url, "reload")
    project = tmp_path / "project" / "changing"
    project.mkdir(parents=True)
    (project / "__init__.py").touch()
    code = "from django_sqs import receiver\n@receiver('changing')\ndef changing(m):\n    print('{}', m.body)\n"
    module = project / "receivers.py"
    module.write_text(code.format("the old code got"))
    world.environment["DJANGO_SQS_TEST_APPS"] = "changing"
    world.environment["PYTHONPATH"] = os.pathsep.join([str(project.parent), str(ROOT)])
    world.migrate()
    shutil.rmtree(project / "__pycache__", ignore_errors=True)
    with world.running("--reload", "changing") as command:
        world.send("changing", "1")
        command.wait_for_output("the old code got 1")
        module.write_text("this is no Python")
        command.wait_for_output("cannot be imported; waiting for a mend")
        world.send("changing", "2")
        command.wait_for_output("the old code got 2")
        module.write_text(code.format("the new code got"))
        command.wait_for_output("draining, then starting anew")
        world.send("changing", "3")
        command.wait_for_output("the new code got 3")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
