"""The processes of a run: the server, the receivers, the sender."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

from benchmarks.chaos_project import journal
from benchmarks.standin.process import StandIn

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = "benchmarks.chaos_project.settings"
PREFIX = "chaos"
QUEUES = ("plain", "retried", "coroutines", "batched", "once", "hostile", "ordered.fifo", "dead", "dead.fifo")

#: What a signal gives receivers, in seconds. Longer than a message runs, so that none is cut short by it.
GRACE_SECS = 10.0
#: A process without a sign of life for so long is killed by its supervisor, in seconds.
HANG_SECS = 12.0
#: How long a supervisor may take to start, in seconds.
_START_SECS = 30.0
_TABLE = "django_sqs_failedmessage"


class Site:
    """All that runs, and what was done to it. Times are `time.time()`, as in the journal and the logs."""

    def __init__(self, directory: Path, server: StandIn, seed: int) -> None:
        self.directory = directory
        self.server = server
        self.journal = directory / "journal"
        self.database = directory / "db.sqlite3"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "CHAOS_ENDPOINT_URL": server.endpoint_url,
            "CHAOS_DATABASE": str(self.database),
            "PYTHONUNBUFFERED": "1",
            journal.VARIABLE: str(self.journal),
        }
        self._seed = seed
        self.supervisor: subprocess.Popen[bytes] | None = None
        self._sender: subprocess.Popen[bytes] | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        #: Process ids that were killed, and when.
        self.killed: dict[int, float] = {}
        self._stopped: set[int] = set()
        #: Exit statuses of supervisors that were told to end.
        self.statuses: list[int] = []
        #: Receivers whose supervisor was killed, and when.
        self.orphans: dict[int, float] = {}
        #: When receivers were started, killed or told to end.
        self.disturbed: list[float] = []

    # --- beginning and end

    def start(self) -> None:
        """Make the database, and start everything."""
        migrate = [sys.executable, "-m", "django", "migrate", "--verbosity=0"]
        subprocess.run(migrate, cwd=ROOT, env=self.environment, check=True)
        self.start_receivers()
        self._sender = self._popen([sys.executable, "-m", "benchmarks.chaos_project.sender", str(self._seed)], "sender")

    def start_receivers(self) -> None:
        """Start the supervisor."""
        command = [sys.executable, "-m", "django", "runreceiver", "--grace", str(GRACE_SECS)]
        self.supervisor = self._popen([*command, "--hang-timeout", str(HANG_SECS)], f"receivers{len(self._started)}")
        self.disturbed.append(time.time())

    def _popen(self, command: list[str], log: str) -> subprocess.Popen[bytes]:
        with (self.directory / f"{log}.log").open("w") as output:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def stop_sending(self) -> None:
        """Have the sender end; what it has under way is confirmed or fails first."""
        assert self._sender is not None
        self._sender.terminate()
        self._sender.wait(60)

    def close(self) -> None:
        """Leave no process behind, whatever happened."""
        for process in self._started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    # --- what is done to processes

    def await_start(self) -> None:
        """Wait until the supervisor has started receivers."""
        end = time.time() + _START_SECS
        while not self.children() and time.time() < end:
            time.sleep(0.05)

    def children(self) -> list[int]:
        """The receivers of the supervisor."""
        assert self.supervisor is not None
        pid = self.supervisor.pid
        try:
            return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except FileNotFoundError:
            return []

    def signal_child(self, signum: int, pick: float) -> int:
        """Send a signal to one of the receivers. Returns its process id, or 0 where there is none now."""
        children = self.children()
        if not children:
            return 0
        child = children[int(pick * len(children))]
        # Before the signal: what the journal has of this process afterwards is none.
        now = time.time()
        try:
            os.kill(child, signum)
        except ProcessLookupError:
            return 0
        self.disturbed.append(now)
        if signum in (signal.SIGKILL, signal.SIGSTOP):
            # What was stopped is killed, by its supervisor or with it: it never runs on.
            self.killed[child] = now
        if signum == signal.SIGSTOP:
            self._stopped.add(child)
        return child

    def end_receivers(self, signals: int = 1) -> int:
        """Tell the supervisor to end, so often, and wait for it. Returns its exit status."""
        assert self.supervisor is not None
        self.disturbed.append(time.time())
        has_started = bool(self.children())
        for _ in range(signals):
            self.supervisor.send_signal(signal.SIGTERM)
            time.sleep(0.2)
        status = self.supervisor.wait(GRACE_SECS + 15)
        # A signal to a process that is still importing ends it as it ends any: nothing has been received yet.
        if has_started or status != -signal.SIGTERM:
            self.statuses.append(status)
        return status

    def kill_supervisor(self) -> None:
        """Kill it; its receivers notice, and drain."""
        assert self.supervisor is not None
        self.disturbed.append(time.time())
        children = set(self.children())
        self.supervisor.kill()
        for child in children & self._stopped:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        self.orphans.update(dict.fromkeys(children - self._stopped, time.time()))
        self.supervisor.wait()

    # --- the table of failed messages

    def move_table(self, away: bool) -> None:
        """Take the table away, or put it back."""
        old, new = (_TABLE, f"{_TABLE}_away") if away else (f"{_TABLE}_away", _TABLE)
        with closing(sqlite3.connect(self.database, timeout=30)) as connection, connection:
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")

    def rows(self) -> list[tuple[str, str, str]]:
        """Failed messages: queue, body, reason."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(f"SELECT queue, body, reason FROM {_TABLE}").fetchall()
