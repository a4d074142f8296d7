"""What is done before a fork, and on both sides of it. The real fork is in the end-to-end tests."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

import pytest
from django.db import connections

from django_sqs.receiving import child
from django_sqs.receiving.processes import fork, prepare_to_fork
from django_sqs.receiving.receiver import BROKEN, Job
from tests.receiving.support import actions

# --- forked


JOB = Job(queue="jobs", suffix="big", grace=7.5)


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
