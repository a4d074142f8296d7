"""What senders and receivers write down: one file that all processes append to, one line for each thing that happened.

A line is the time, the process, what happened, the queue, the message's name and id, its receive count, and of what
was sent when the call began and the group.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: The environment variable that names the file.
VARIABLE = "CHAOS_JOURNAL"


@dataclass(frozen=True)
class Line:
    """One line. `what` is `sent`, `start`, `end`, `failed`, `later` or `dying`; of what was sent, `began` is when the
    call began that sent it."""

    at: float
    pid: int
    what: str
    queue: str
    name: str
    id: str
    receive_count: int
    began: float
    group: str


def note(
    what: str,
    queue: str,
    name: str,
    message_id: str | None = "",
    receive_count: int = 0,
    *,
    began: float = 0.0,
    group: str = "",
) -> None:
    """Append a line. One write of O_APPEND is never torn, and is there also when the process is killed after it."""
    now = time.time()
    words = (
        f"{now:.4f}",
        os.getpid(),
        what,
        queue,
        name,
        message_id or "-",
        receive_count,
        f"{began or now:.4f}",
        group or "-",
    )
    line = " ".join(map(str, words)) + "\n"
    descriptor = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, line.encode())
    finally:
        os.close(descriptor)


def read(path: Path) -> Iterator[Line]:
    """All lines, first to last."""
    if not path.exists():
        return
    for line in path.read_text().splitlines():
        at, pid, what, queue, name, id_, count, began, group = line.split()
        yield Line(float(at), int(pid), what, queue, name, id_, int(count), float(began), group.strip("-"))
