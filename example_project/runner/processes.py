"""Processes that end together: each in a group of its own, and none outlives the program that started them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType

WATCHDOG = Path(__file__).with_name("watchdog.py")

# A process begins when the watchdog knows of it. Were this program killed in between, the process would read the end of
# the file instead of the word, and end.
WAIT_FOR_WORD = ("sh", "-c", 'read -r word && exec "$@" </dev/null', "sh")

# Seconds. Receivers finish the picture at hand and the poll in flight; the rest ends at once.
STOP_SECONDS = 12.0
CHECK_SECONDS = 0.05

# Lines of a log that are shown when its process has failed.
LOG_TAIL_LINES = 15


class Failed(Exception):
    """Raised when a program of the example cannot go on. Its text is what the person at the terminal reads."""


class Stopped(Exception):
    """Raised when the program was asked to stop, by Ctrl-C or SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class StopSignals:
    """Counts SIGINT, SIGTERM and SIGHUP instead of breaking off in the middle of a statement.

    A handler that raised could do so between the start of a process and the note of it, and that process would stay.
    The first signal asks to stop, a second one to be quick about it.
    """

    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self.received: list[int] = []

    def __enter__(self) -> StopSignals:
        self._before = {number: signal.signal(number, self._note) for number in self.NUMBERS}
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.received.append(number)

    def check(self) -> None:
        """Raise Stopped if a signal came."""
        if self.received:
            raise Stopped(self.received[0])

    @property
    def hurry(self) -> bool:
        """Has a second signal come?"""
        return len(self.received) > 1


class Processes:
    """The processes of one program. Leaving the `with` block ends them, the newest first."""

    def __init__(self, signals: StopSignals, logs: Path, environment: Mapping[str, str]) -> None:
        self.signals = signals
        self.logs = logs
        self.environment = dict(environment)
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", str(WATCHDOG)],
            stdin=subprocess.PIPE,
            env=self.environment,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in reversed(list(self.running)):
            self.stop(name)
        assert self._watchdog.stdin is not None
        self._watchdog.stdin.close()
        self._watchdog.wait()

    def log(self, name: str) -> Path:
        """The file that holds what a process wrote."""
        return self.logs / f"{name}.log"

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start a process in a group of its own. What it writes goes to its log."""
        self.signals.check()
        with self.log(name).open("wb") as output:
            process = subprocess.Popen(
                [*WAIT_FOR_WORD, *arguments],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self.running[name] = process
        self._tell(f"+{process.pid}")
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(b"go\n")

    def run(
        self,
        name: str,
        arguments: Sequence[str],
        meanwhile: Callable[[], None] = lambda: None,
        seconds: float = 60.0,
    ) -> str:
        """Run a process to its end and return what it wrote. Raises Failed where its exit status is not 0, or after so
        many seconds."""
        self.start(name, arguments)
        deadline = time.monotonic() + seconds
        while self.running[name].poll() is None:
            self.check(but=name)
            if time.monotonic() > deadline:
                raise Failed(f"{name} took longer than {seconds:.0f} s.{self.tail(name)}")
            meanwhile()
            time.sleep(CHECK_SECONDS)
        status = self.running[name].returncode
        self.stop(name)
        meanwhile()
        if status != 0:
            raise Failed(f"{name} failed ({exit_words(status)}).{self.tail(name)}")
        return self.log(name).read_text(errors="replace")

    def check(self, but: str = "") -> None:
        """Raise Stopped if a signal came, Failed if a process other than `but` has ended."""
        self.signals.check()
        for name, process in self.running.items():
            if name != but and (status := process.poll()) is not None:
                raise Failed(f"{name} has ended by itself ({exit_words(status)}).{self.tail(name)}")

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until something holds. Raises Failed after so many seconds, or as `check` does."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.check()
            if time.monotonic() > deadline:
                names = ", ".join(self.running)
                raise Failed(f"{what} took longer than {seconds:.0f} s. The logs of {names} are in {self.logs}.")
            time.sleep(CHECK_SECONDS)

    def stop(self, name: str) -> None:
        """End a process and whatever it has started: asked first, after STOP_SECONDS or a second signal forced."""
        process = self.running[name]
        if process.poll() is None:
            signal_group(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while process.poll() is None and time.monotonic() < deadline and not self.signals.hurry:
            time.sleep(CHECK_SECONDS)
        # Its children are in the same group. Nothing to end is the usual case.
        signal_group(process.pid, signal.SIGKILL)
        process.wait()
        self._tell(f"-{process.pid}")
        del self.running[name]

    def tail(self, name: str) -> str:
        """The last lines of a log, to stand below a sentence."""
        lines = self.log(name).read_text(errors="replace").strip().splitlines()[-LOG_TAIL_LINES:]
        return "".join(f"\n  | {line}" for line in lines)

    def _tell(self, line: str) -> None:
        assert self._watchdog.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._watchdog.stdin.write(f"{line}\n".encode())
            self._watchdog.stdin.flush()


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


def exit_words(status: int) -> str:
    """An exit status in words."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def free_port(wanted: int = 0) -> int:
    """Return the wanted port if nothing listens there on the loopback address, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            # As servers do it: a port whose last connection has just been closed is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Failed("No port of this machine is free.")


def listens(port: int) -> bool:
    """Say whether something answers on this port of the loopback address."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
