"""What the receivers' log says: of messages, and of what must never be said."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

_LINE = re.compile(r"(?P<at>\d+\.\d{3}) (?P<level>[A-Z]+) (?P<pid>\d+) (?P<text>.*)")
_MESSAGE = re.compile(r"message (?P<id>[0-9a-f-]{36})")
_DEATH = re.compile(r"process (?P<pid>\d+) (was killed by signal (?P<signal>\d+)|ended with status (?P<status>\d+))")
#: Exit statuses that are no fault: drained, cut short (by the second of two signals).
_STATUSES = ("0", "3")


class Log:
    """All log files of the receivers. `faults` are sentences about what should not have been; `ended` tells when a
    process said that it was drained, or its supervisor that it had ended."""

    def __init__(self, files: Iterable[Path], killed: dict[int, float]) -> None:
        self.faults: list[str] = []
        self.ended: dict[int, float] = {}
        self._said: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._killed = killed
        for file in files:
            self._read(file.read_text(errors="replace"))

    def _read(self, text: str) -> None:
        for line in text.splitlines():
            match = _LINE.match(line)
            if match is None:
                continue
            told = match["text"]
            if match["level"] == "CRITICAL":
                self.faults.append(f"The log says: {line}")
            if told.endswith(": drained."):
                self.ended[int(match["pid"])] = float(match["at"])
            if found := _MESSAGE.search(told):
                self._said[found["id"]].append((float(match["at"]), told))
            if death := _DEATH.search(told):
                self.ended[int(death["pid"])] = float(match["at"])
                self._judge(death, line)

    def _judge(self, death: re.Match[str], line: str) -> None:
        pid = int(death["pid"])
        expected = pid in self._killed if death["signal"] else death["status"] in _STATUSES
        if not expected:
            self.faults.append(f"A process ended that nobody ended: {line}")

    def says(self, words: str, message_id: str, start: float, end: float) -> bool:
        """Does it say this of the message, in this time?"""
        return any(words in told and start <= at <= end for at, told in self._said.get(message_id, ()))
