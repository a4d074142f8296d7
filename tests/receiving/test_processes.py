"""Starting, watching and ending receiver processes. The real fork is in the end-to-end tests."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from django_sqs.receiving import child, processes
from django_sqs.receiving.channel import Channel
from django_sqs.receiving.processes import Process, RealProcess, fork, prepare_to_fork, run_in_thread, spawn
from django_sqs.receiving.receiver import BROKEN, Job
from tests.receiving.support import Gate, actions, eventually

JOB = Job(queue="jobs", suffix="big", grace=7.5)


@pytest.fixture
def closing() -> Iterator[list[socket.socket]]:
    """Sockets that are closed after the test."""
    sockets: list[socket.socket] = []
    yield sockets
    for sock in sockets:
        sock.close()


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


# --- forked


class Left(Exception):
    """The child has ended, with this status."""


@pytest.fixture
def as_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process takes itself for the child."""

    def leave(status: int) -> None:
        raise Left(status)

    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(child, "leave", leave)


@pytest.mark.usefixtures("as_child")
def test_the_child_closes_what_is_its_parent_s_and_is_the_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    sibling, other = socket.socketpair()
    seen: list[Any] = []

    def run_in_process(job: Job, sock: socket.socket) -> int:
        seen.append((job, sibling.fileno(), signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        # The parent's end is closed too: there is nobody to hear.
        with pytest.raises(BrokenPipeError):
            sock.send(b"alive\n")
        sock.close()
        return 7

    monkeypatch.setattr(child, "run_in_process", run_in_process)
    with other, pytest.raises(Left, match="7"):
        fork(JOB, [sibling])
    ((job, fileno, mask),) = seen
    assert job == JOB
    assert fileno == -1, "an end that stays open would hide from the sibling that the supervisor has died"
    assert {signal.SIGTERM, signal.SIGINT} <= mask, "signals wait until the child has handlers of its own"


@pytest.mark.usefixtures("as_child")
@pytest.mark.parametrize("error", [RuntimeError("a fault"), SystemExit(0), KeyboardInterrupt()])
def test_whatever_goes_wrong_in_the_child_it_ends_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    def run_in_process(job: Job, sock: socket.socket) -> int:
        sock.close()
        raise error

    monkeypatch.setattr(child, "run_in_process", run_in_process)
    with pytest.raises(Left, match=str(BROKEN)):
        fork(JOB, [])
    assert "The receiver process of jobs failed." in caplog.text


def test_the_parent_keeps_its_end_only_and_takes_signals_again(
    closing: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []
    socketpair = socket.socketpair

    def noting() -> tuple[socket.socket, socket.socket]:
        made.extend(socketpair())
        closing.extend(made)
        return made[0], made[1]

    masks: list[set[int]] = []

    def forked() -> int:
        masks.append(set(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
        return 4711

    monkeypatch.setattr(socket, "socketpair", noting)
    monkeypatch.setattr(os, "fork", forked)
    process = fork(JOB, [])
    assert process.pid == 4711
    assert process.socket is made[0]
    assert made[1].fileno() == -1, "or the end of the child would not be seen"
    assert signal.SIGTERM in masks[0]
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@pytest.mark.usefixtures("as_child")
def test_what_is_printed_before_a_fork_is_printed_once_and_a_closed_pipe_is_no_reason_not_to_fork(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flushed: list[str] = []

    class Stream:
        def flush(self) -> None:
            flushed.append("flushed")
            raise BrokenPipeError

    def run_in_process(job: Job, sock: socket.socket) -> int:
        sock.close()
        return 7

    monkeypatch.setattr(child, "run_in_process", run_in_process)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Stream())
        with pytest.raises(Left, match="7"):
            fork(JOB, [])
    assert flushed == ["flushed"]


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


# --- before the fork


@pytest.fixture
def froze(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done to the garbage collector of this process, which it is spared."""
    done: list[str] = []
    monkeypatch.setattr(gc, "collect", lambda: done.append("collect"))
    monkeypatch.setattr(gc, "freeze", lambda: done.append("freeze"))
    return done



def test_what_children_share_is_imported_and_laid_out(froze: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "boto3.session", raising=False)
    prepare_to_fork()
    assert "boto3.session" in sys.modules
    assert froze == ["collect", "freeze"]


@pytest.mark.usefixtures("database_file", "froze")
def test_connections_and_pools_are_closed() -> None:
    connection = connections["file"]
    connection.ensure_connection()
    closed: list[str] = []
    connection.close_pool = lambda: closed.append("pool")  # type: ignore[attr-defined]
    try:
        prepare_to_fork()
        assert connection.connection is None
        assert closed == ["pool"]
    finally:
        del connection.close_pool  # type: ignore[attr-defined]


@pytest.mark.usefixtures("froze")
def test_threads_that_imports_have_started_are_warned_of_by_name(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = threading.current_thread()
    monkeypatch.setattr(threading, "enumerate", lambda: [me])
    prepare_to_fork()
    assert caplog.records == []
    monkeypatch.setattr(threading, "enumerate", lambda: [me, threading.Thread(name="flusher")])
    prepare_to_fork()
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.message.startswith("Threads run before the receivers are forked: flusher.")
    assert actions(caplog.records) == ["threads_before_fork"]
