"""What runs in a receiver process: its signals, its failures, its end."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from django_sqs.receiving import child
from django_sqs.receiving.channel import Channel, Order
from django_sqs.receiving.receiver import BROKEN, DRAINED, Job
from tests.receiving.support import Registering, actions

SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGTERM)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """The handlers and the mask of the test run come back, whatever is done to them."""
    handlers = {signum: signal.getsignal(signum) for signum in SIGNALS}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    yield
    for signum, handler in handlers.items():
        signal.signal(signum, handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


class Seen(Exception):
    """What `os._exit()` would have ended with."""


def test_a_receiver_process_has_signals_of_its_own(
    own_signals: None, pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    # As the fork leaves them: the supervisor's handlers, and everything blocked.
    for signum in SIGNALS:
        signal.signal(signum, lambda signum, frame: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    seen: list[object] = []

    def run(job: Job, channel: Channel) -> int:
        seen.append([signal.getsignal(signum) for signum in SIGNALS[:3]])
        seen.append(channel.wait(5))
        for signum in SIGNALS[:3]:
            signal.pthread_kill(threading.main_thread().ident or 0, signum)
        seen.append(channel.wait(0.01))
        return 7

    monkeypatch.setattr(child, "run", run)
    assert child.run_in_process(Job(queue="jobs"), pair[1]) == 7
    assert seen[0] == [signal.SIG_IGN, signal.SIG_IGN, signal.SIG_DFL]
    assert seen[1] == Order("drain"), "a signal that came during the fork is not lost"
    assert seen[2] is None, "what a terminal sends to all, and the end of a program that a receiver runs, is no order"


def test_the_receiver_of_the_job_is_run(
    registered: Registering, pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = registered()
    job = Job(queue="jobs")
    channel = Channel(pair[1])
    made: list[tuple[object, ...]] = []

    class Receiver:
        def __init__(self, *arguments: object) -> None:
            made.append(arguments)

        def run(self) -> int:
            return DRAINED

    monkeypatch.setattr(child, "Receiver", Receiver)
    assert child.run(job, channel) == DRAINED
    assert made == [(queue, job, channel)]


def test_whatever_goes_wrong_with_a_receiver_is_logged_and_its_status_says_so(
    registered: Registering, pair: tuple[socket.socket, socket.socket], caplog: pytest.LogCaptureFixture
) -> None:
    registered()
    assert child.run(Job(queue="nobody registered this"), Channel(pair[1])) == BROKEN
    assert actions(caplog.records) == ["died"]
    assert "UnknownQueue" in caplog.text


class Stream:
    """Stands in for stdout."""

    def __init__(self, error: Exception | None = None) -> None:
        self.flushed = False
        self._error = error

    def flush(self) -> None:
        self.flushed = True
        if self._error is not None:
            raise self._error


@pytest.fixture
def exits(monkeypatch: pytest.MonkeyPatch) -> None:
    def leave(status: int) -> None:
        raise Seen(status)

    monkeypatch.setattr(os, "_exit", leave)
    monkeypatch.setattr(logging, "shutdown", lambda: None)


def test_a_process_leaves_with_its_status_and_what_was_printed_is_not_lost(
    exits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = Stream(), Stream()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with pytest.raises(Seen, match="3"):
        child.leave(3)
    assert out.flushed
    assert err.flushed


@pytest.mark.parametrize("stdout", [Stream(BrokenPipeError()), Stream(ValueError("closed")), None])
def test_a_process_leaves_whatever_has_become_of_its_streams(
    exits: None, monkeypatch: pytest.MonkeyPatch, stdout: Stream | None
) -> None:
    monkeypatch.setattr(sys, "stdout", stdout)
    with pytest.raises(Seen, match="3"):
        child.leave(3)
