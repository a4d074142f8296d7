"""Signals as readable events."""

from __future__ import annotations

import contextlib
import os
import signal
import threading

import pytest

from django_sqs.receiving import interrupts


def test_each_signal_is_a_byte_to_read() -> None:
    with interrupts.caught([signal.SIGUSR1, signal.SIGUSR2]) as reader:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)
        reader.settimeout(5)
        seen = b""
        while len(seen) < 2:
            seen += reader.recv(10)
    assert set(seen) == {signal.SIGUSR1, signal.SIGUSR2}


def test_nobody_waits_for_a_signal_that_has_not_come() -> None:
    with interrupts.caught([signal.SIGUSR1]) as reader, pytest.raises(BlockingIOError):
        reader.recv(10)


def test_more_signals_than_can_be_read_make_no_error() -> None:
    with interrupts.caught([signal.SIGUSR1]):
        descriptor = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(descriptor, warn_on_full_buffer=False)
        try:
            while True:
                os.write(descriptor, b"\0" * 4096)
        except BlockingIOError:
            pass
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)


def test_what_was_there_before_is_back_afterwards() -> None:
    def before(signum: int, frame: object) -> None:
        """A handler of the program's own."""

    during: list[object] = []
    old = signal.signal(signal.SIGUSR1, before)
    old_descriptor = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(old_descriptor)
    try:
        with contextlib.suppress(RuntimeError), interrupts.caught([signal.SIGUSR1]):
            during.append(signal.getsignal(signal.SIGUSR1))
            raise RuntimeError
        assert during[0] is not before
        assert signal.getsignal(signal.SIGUSR1) is before
        descriptor = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(descriptor)
        assert descriptor == old_descriptor
    finally:
        signal.signal(signal.SIGUSR1, old)


def test_a_handler_that_was_not_python_s_gives_way_to_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    set_to: list[object] = []

    def stand_in(signum: int, handler: object) -> None:
        set_to.append(handler)

    monkeypatch.setattr(signal, "signal", stand_in)
    with interrupts.caught([signal.SIGUSR1]):
        pass
    assert set_to[1] is signal.SIG_DFL


def test_while_blocked_a_signal_waits() -> None:
    with interrupts.caught([signal.SIGUSR1]) as reader:
        with interrupts.blocked():
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)
            with pytest.raises(BlockingIOError):
                reader.recv(10)
        reader.settimeout(5)
        assert reader.recv(10) == bytes([signal.SIGUSR1])


def test_what_was_blocked_before_stays_so() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])
    try:
        with interrupts.blocked():
            assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == {signal.SIGUSR2}
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR2])


def test_where_signals_cannot_be_blocked_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask")
    with interrupts.blocked():
        assert threading.current_thread() is threading.main_thread()
