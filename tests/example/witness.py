"""How a test knows that a process is gone, whoever started it and however it ended."""

from __future__ import annotations

import os
import time
from pathlib import Path


class Witness:
    """A FIFO that processes hold open for writing: where it has no writer, all of them are gone.

    A process id would not do: an orphan may stay as a zombie, and an id may be used again.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "witness"
        os.mkfifo(self.path)
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)

    def close(self) -> None:
        os.close(self._reader)

    def command(self, *, stubborn: bool = False) -> list[str]:
        """A process with a child, both of which hold the FIFO. A stubborn one does not end when it is asked to."""
        ignore = "trap '' TERM; " if stubborn else ""
        return ["sh", "-c", f'{ignore}exec 3>"$1"; sleep 60 & echo up >&3; wait; wait', "sh", str(self.path)]

    def wait_up(self, seconds: float = 10) -> None:
        """Wait until the process of `command` has started its child."""
        deadline = time.monotonic() + seconds
        while self._read() != b"up\n":
            assert time.monotonic() < deadline, "the process did not start"
            time.sleep(0.01)

    def wait_gone(self, seconds: float = 10) -> None:
        """Wait until no process holds the FIFO."""
        deadline = time.monotonic() + seconds
        while self._read() != b"":
            assert time.monotonic() < deadline, "a process is still running"
            time.sleep(0.01)

    def _read(self) -> bytes | None:
        try:
            return os.read(self._reader, 100)
        except BlockingIOError:
            return None
