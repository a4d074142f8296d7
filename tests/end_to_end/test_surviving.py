"""What `runreceiver` survives, and how its processes share work."""

from __future__ import annotations

import os
import shutil
import signal
import time
from pathlib import Path

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import ROOT, Runreceiver, World, wait_for


def alive(pid: int) -> bool:
    """Does the process exist, and is it more than a zombie?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


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


def replace_child(command: Runreceiver) -> None:
    """Kill the only child, and wait for the next one."""
    (child,) = command.children()
    os.kill(child, signal.SIGKILL)
    wait_for(lambda: command.children() not in ([], [child]), what="another child")


def test_a_message_limit_is_kept_when_processes_die(fast_world: World, standin: StandIn) -> None:
    fast_world.url("threads")
    with fast_world.running("--message-limit", "6", "threads") as command:
        # What the first one had asked for when it died may be asked for by the next one.
        wait_for(lambda: standin.counters()["waiting_polls"], what="a poll")
        replace_child(command)
        fast_world.send("threads", *(f"0 a{n}" for n in range(4)))
        wait_for(lambda: len(fast_world.lines("threads", "end")) == 4, what="work of the second one")
        wait_for(lambda: fast_world.counts("threads") == (0, 0, 0), what="an empty queue")
        replace_child(command)
        fast_world.send("threads", *(f"0 b{n}" for n in range(9)))
        assert command.wait() == 0, command.output
    assert len(fast_world.lines("threads", "end")) == 6
    assert fast_world.counts("threads") == (7, 0, 0)


def test_until_empty_waits_for_what_is_delayed_and_what_others_hold(fast_world: World) -> None:
    url = fast_world.url("plain")
    fast_world.send("plain", "held")
    fast_world.client.receive_message(QueueUrl=url, VisibilityTimeout=5)
    fast_world.client.send_message(QueueUrl=url, MessageBody="delayed", DelaySeconds=8)
    with fast_world.running("--until-empty", "plain") as command:
        assert command.wait() == 0, command.output
    assert fast_world.runs("plain", "end") == {"held": 1, "delayed": 1}


def test_until_empty_waits_for_what_one_receiver_sends_to_another(fast_world: World) -> None:
    fast_world.send("relay", *(f"m{n}" for n in range(20)))
    with fast_world.running("--until-empty", "relay", "plain") as command:
        assert command.wait() == 0, command.output
    assert len(fast_world.lines("plain", "end")) == 20


def test_until_empty_forgets_that_a_queue_was_empty_when_more_comes(fast_world: World, standin: StandIn) -> None:
    fast_world.url("slow")
    fast_world.client.send_message(QueueUrl=fast_world.url("plain"), MessageBody="delayed", DelaySeconds=6)
    with fast_world.running("--until-empty", "slow", "plain") as command:
        # Both queues are looked at when a poll has brought nothing; that one is empty is known at the second look.
        looks = "GetQueueAttributes"
        wait_for(lambda: standin.counters()["actions"].get(looks, {}).get("requests", 0) >= 6, what="looks")
        names = [f"m{n}" for n in range(10)]
        fast_world.send("slow", *(f"1.2 {name}" for name in names))
        assert command.wait() == 0, command.output
    assert fast_world.runs("slow", "end") == dict.fromkeys(names, 1)


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
