"""Starting, watching and ending receiver processes."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from django_sqs.receiving import child
from django_sqs.receiving.channel import Channel
from django_sqs.receiving.processes import Process, RealProcess, run_in_thread, spawn
from django_sqs.receiving.receiver import BROKEN, Job
from tests.receiving.support import Gate, eventually

JOB = Job(queue="jobs", suffix="big", grace=7.5)


def run_shell(command: str, closing: list[socket.socket]) -> RealProcess:
    """A real child."""
    ours, theirs = socket.socketpair()
    closing += [ours, theirs]
    return RealProcess(ours, os.posix_spawn("/bin/sh", ["sh", "-c", command], os.environ))


# --- a child


def test_a_child_runs_until_it_has_ended_with_its_status(closing: list[socket.socket]) -> None:
    process = run_shell("exit 3", closing)
    assert eventually(process.poll) == 3
    assert process.poll() == 3, "asked again, it says the same"


def test_a_child_that_is_killed_says_by_which_signal(closing: list[socket.socket]) -> None:
    process = run_shell("sleep 60", closing)
    assert process.poll() is None
    process.kill()
    assert eventually(process.poll) == -signal.SIGKILL


def test_a_child_that_is_gone_is_not_killed(closing: list[socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    process = run_shell("exit 0", closing)
    eventually(lambda: process.poll() is not None)
    monkeypatch.setattr(os, "kill", lambda pid, signum: pytest.fail("its process id may be somebody else's by now"))
    process.kill()


def test_a_child_that_somebody_else_has_reaped_is_gone(closing: list[socket.socket]) -> None:
    process = run_shell("exit 0", closing)
    os.waitpid(process.pid, 0)
    assert process.poll() == BROKEN


def test_a_process_is_never_waited_for(closing: list[socket.socket]) -> None:
    ours, theirs = socket.socketpair()
    closing += [ours, theirs]
    process = Process(ours)
    assert not process.socket.getblocking()
    with pytest.raises(NotImplementedError):
        process.poll()
    with pytest.raises(NotImplementedError):
        process.kill()


# --- in a thread


def test_a_receiver_in_a_thread_of_this_process_has_a_status_too(
    closing: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(7)
    jobs: list[Job] = []

    def run(job: Job, channel: Channel) -> int:
        jobs.append(job)
        channel.say("alive")
        status: int = gate()
        return status

    monkeypatch.setattr(child, "run", run)
    process = run_in_thread(JOB)
    closing.append(process.socket)
    assert gate.reached.wait(5)
    assert process.socket.recv(100) == b"alive\n"
    assert process.poll() is None
    process.kill()
    assert process.poll() is None, "a thread cannot be killed"
    gate.open.set()
    assert eventually(process.poll) == 7
    assert jobs == [JOB]
    assert process.socket.recv(100) == b"", "its end of the channel is closed"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_receiver_in_a_thread_that_fails_is_broken(
    closing: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(job: Job, channel: Channel) -> int:
        raise SystemError("a fault of the engine")

    monkeypatch.setattr(child, "run", run)
    process = run_in_thread(JOB)
    closing.append(process.socket)
    assert eventually(process.poll) == BROKEN


# --- spawned


def test_where_a_fork_is_unsafe_a_receiver_is_a_new_program(
    closing: list[socket.socket], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a_receiver.py").write_text(
        "import json, signal, socket, sys\n"
        "sock = socket.socket(fileno=int(sys.argv[1]))\n"
        "mask = sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))\n"
        "sock.send(json.dumps([sys.argv[2], json.loads(sys.argv[3]), mask]).encode())\n"
        "sys.exit(5)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    process = spawn(JOB, "a_receiver", verbosity=2)
    closing.append(process.socket)
    assert eventually(process.poll, 20) == 5
    verbosity, job, mask = json.loads(process.socket.recv(10_000))
    assert verbosity == "2"
    assert Job(**job) == JOB
    assert mask == []
    assert process.socket.recv(100) == b""
