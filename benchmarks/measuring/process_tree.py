"""What a process and all its descendants use, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def is_supported() -> bool:
    """Is there a /proc that tells what is asked for here? (On Linux.)"""
    return (_PROC / "self/smaps_rollup").exists()


@dataclass(frozen=True)
class Memory:
    """Of all processes together, in KiB."""

    #: The most that was resident at any time, pages that processes share counted for each.
    peak: int
    #: Resident now and shared with no other process.
    private: int


def members(pid: int) -> list[int]:
    """The process and its descendants; none where it has ended."""
    found = [pid]
    for member in found:
        for path in _PROC.glob(f"{member}/task/*/children"):
            found += [int(child) for child in _read(path).split()]
    return [member for member in found if (_PROC / str(member)).exists()]


def cpu_seconds(pid: int) -> float:
    """User and system time of all members so far, and of those of their children that have ended."""
    return sum(map(_cpu_seconds, members(pid)))


def _cpu_seconds(pid: int) -> float:
    fields = _read(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS_A_SECOND


def memory(pid: int) -> Memory:
    """What all members have resident."""
    peak = private = 0
    for member in members(pid):
        peak += _kib(_read(_PROC / str(member) / "status"), "VmHWM:")
        private += _kib(_read(_PROC / str(member) / "smaps_rollup"), "Private_Clean:", "Private_Dirty:")
    return Memory(peak, private)


def _kib(text: str, *names: str) -> int:
    rows = (line.split() for line in text.splitlines())
    return sum(int(row[1]) for row in rows if row and row[0] in names)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended meanwhile
        return ""
