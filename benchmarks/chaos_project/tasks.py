"""What the messages of the chaos project ask for, and doing it."""

from __future__ import annotations

import os
import random
import re
import signal
from dataclasses import dataclass
from typing import Any

from benchmarks.chaos_project.journal import note
from django_sqs import Reject, RestartLater
from django_sqs.message.base import BaseMessage

#: How the name of a message looks, wherever it stands: a queue and a number.
NAME = re.compile(r"[a-z]+-\d{6}")

#: Modes and how often each is drawn. `long` runs longer than half of the visibility timeout.
MODES = {"ok": 78, "fail": 4, "flaky": 6, "later": 4, "reject": 2, "long": 4, "deadly": 2}
#: Those of which a message never fails, so that it must never be given up.
HARMLESS = ("ok", "later", "long")


class OnPurpose(RuntimeError):
    """A receiver that fails because its message says so."""


@dataclass(frozen=True)
class Task:
    """A message's body."""

    name: str
    mode: str
    seconds: float
    group: str = ""

    @classmethod
    def drawn(cls, name: str, chance: random.Random, group: str = "") -> Task:
        """A task as chance has it."""
        mode = chance.choices(list(MODES), list(MODES.values()))[0]
        seconds = chance.uniform(5, 6) if mode == "long" else chance.choice((0.0, 0.01, 0.1, 0.4))
        return cls(name, mode, round(seconds, 3), group)

    def as_body(self) -> dict[str, Any]:
        return {"name": self.name, "mode": self.mode, "seconds": self.seconds, "group": self.group}


def mode_of(body: dict[str, Any], message: BaseMessage[Any]) -> str:
    """What is to be done at this receive: some modes behave only at the first."""
    mode = str(body["mode"])
    if mode == "flaky":
        return "fail" if message.receive_count == 1 else "ok"
    if mode == "later":
        return "later" if message.receive_count < 3 else "ok"
    if mode == "deadly":
        return "deadly" if message.receive_count == 1 else "ok"
    return mode


def begin(queue: str, message: BaseMessage[Any]) -> tuple[str, str, float]:
    """Write down that a message starts. Returns its name, what is to be done, and for how long."""
    body = message.body
    # First all that a hostile body may make fail.
    name, mode, seconds = body["name"] + "", mode_of(body, message), float(body["seconds"])
    note("start", queue, name, message.id, message.receive_count)
    return name, mode, seconds


def finish(queue: str, message: BaseMessage[Any], name: str, mode: str) -> None:
    """Return, raise or die as the message says, and write it down before."""
    told = {"fail": "failed", "reject": "failed", "later": "later", "deadly": "dying"}.get(mode, "end")
    note(told, queue, name, message.id, message.receive_count)
    if mode == "fail":
        raise OnPurpose(name)
    if mode == "reject":
        raise Reject(name)
    if mode == "later":
        raise RestartLater(delay=1)
    if mode == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
