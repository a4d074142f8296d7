"""A contender's program: started, watched and ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from benchmarks.measuring import process_tree

ROOT = Path(__file__).resolve().parents[2]

#: A program counts as ready once it has used next to no CPU time for so long, in seconds,
_CALM_SECS = 0.5
_CALM_CPU_SECS = 0.02
#: and is given up after this.
_READY_SECS = 60.0


class ProgramError(Exception):
    """Raised when a program ends before it is told to, or does not get ready."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """What is started, and with which variables in its environment beside those of everyone."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    cwd: Path = ROOT


class Running:
    """A program as a process in a session of its own; whatever happens, nothing of it is left behind."""

    def __init__(self, program: Program, environment: Mapping[str, str], log: Path) -> None:
        self.program = program
        self._environment = {**clean_environment(), **program.environment, **environment}
        self._log = log

    def __enter__(self) -> Running:
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                self.program.command,
                cwd=self.program.cwd,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._process.pid

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def wait(self, seconds: float) -> int | None:
        """Its exit status, or None where it still runs after so long."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def wait_until_ready(self, asks: Callable[[], bool], seconds: float = _READY_SECS) -> None:
        """Wait until `asks()`, as when it polls its queue, and until its processes have next to nothing to do."""
        end = time.monotonic() + seconds
        used = process_tree.cpu_seconds(self.pid)
        while time.monotonic() < end:
            time.sleep(_CALM_SECS)
            before, used = used, process_tree.cpu_seconds(self.pid)
            if self._process.poll() is not None:
                raise ProgramError(f"{self.program.name} ended with status {self._process.returncode}.\n{self.output}")
            if used - before <= _CALM_CPU_SECS and asks():
                return
        raise ProgramError(f"{self.program.name} did not get ready in {seconds:g} s.\n{self.output}")

    @property
    def output(self) -> str:
        """The end of what it has printed."""
        return self._log.read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """End it and all that it started, at once: what it holds is of no use to anybody."""
        process = self._process
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()


def clean_environment() -> dict[str, str]:
    """The environment without what could lead a contender to Amazon or to another project."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SQS_", "DJANGO_", "PYTHON", "CELERY", "DRAMATIQ", "TASKIQ"))
    }
    return kept | {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
