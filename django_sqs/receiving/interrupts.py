"""Signals as readable events: a handler only writes to a wakeup descriptor, everything else happens in a main loop."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence
from types import FrameType


def _noop(signum: int, frame: FrameType | None) -> None:
    """The wakeup descriptor has told already."""


@contextlib.contextmanager
def caught(signals: Sequence[signal.Signals]) -> Iterator[socket.socket]:
    """Within it, each of these signals is a byte (its number) to read from the socket. Only for the main thread; puts
    the old handlers back."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    old_descriptor = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    old_handlers = {signum: signal.signal(signum, _noop) for signum in signals}
    try:
        yield reader
    finally:
        for signum, handler in old_handlers.items():
            # None: installed by C code, and not for Python to restore.
            signal.signal(signum, signal.SIG_DFL if handler is None else handler)
        signal.set_wakeup_fd(old_descriptor)
        reader.close()
        writer.close()


@contextlib.contextmanager
def blocked() -> Iterator[None]:
    """Within it no signal is delivered: it waits."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    old = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)
