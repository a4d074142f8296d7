"""What the end-to-end tests stand on: a server process, and `manage.py` as real processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3

ROOT = Path(__file__).parents[2]


def wait_for(condition: Callable[[], Any], seconds: float = 20.0, what: str = "the condition") -> Any:
    """Wait until the condition is true, and return it. An AssertionError when it does not come true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come true in {seconds:g} s")


class World:
    """One test's project: its own prefix at the server, its own database file, journal and log."""

    def __init__(self, directory: Path, endpoint_url: str, prefix: str) -> None:
        self.directory = directory
        self.prefix = prefix
        self.journal = directory / "journal"
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DJANGO_SQS_TEST_APPS": "tests.end_to_end.receiving_app",
            "DJANGO_SQS_TEST_DB": str(directory / "db.sqlite3"),
            "DJANGO_SQS_TEST_JOURNAL": str(self.journal),
            "SQS_ENDPOINT_URL": endpoint_url,
            "SQS_QUEUE_PREFIX": prefix,
            "SQS_POLL_PERIOD": "1",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "error",
        }
        self.client = boto3.client(
            "sqs",
            endpoint_url=endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        self._number = 0

    # --- the project

    def manage(self, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        result = subprocess.run(
            [sys.executable, "-m", "django", *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert not check or result.returncode == 0, result.stdout + result.stderr
        return result

    def migrate(self) -> None:
        self.manage("migrate", "--run-syncdb", "--verbosity=0")

    @contextmanager
    def running(self, *arguments: str, **environment: str) -> Iterator[Runreceiver]:
        """`runreceiver` as a process of its own session; whatever the test does, nothing of it is left behind."""
        self._number += 1
        log = self.directory / f"log{self._number}"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "django", "runreceiver", "--verbosity=2", *arguments],
                cwd=ROOT,
                env={**self.environment, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Runreceiver(process, log)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)

    # --- the queues

    def url(self, queue: str) -> str:
        attributes = {"FifoQueue": "true"} if queue.endswith(".fifo") else {}
        name = f"{self.prefix}__{queue}"
        return str(self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])  # type: ignore[arg-type]

    def send_ordered(self, queue: str, *bodies: str) -> None:
        """Send to a FIFO queue; the first word of each body is its group."""
        url = self.url(queue)
        for number, body in enumerate(bodies):
            self.client.send_message(
                QueueUrl=url, MessageBody=body, MessageGroupId=body.split()[0], MessageDeduplicationId=f"d{number}"
            )

    def send(self, queue: str, *bodies: str) -> None:
        url = self.url(queue)
        for start in range(0, len(bodies), 10):
            entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies[start : start + 10])]
            answer = self.client.send_message_batch(QueueUrl=url, Entries=entries)
            assert len(answer["Successful"]) == len(entries)

    def counts(self, queue: str) -> tuple[int, int, int]:
        """Waiting, in flight, delayed."""
        names = ["ApproximateNumberOfMessages" + end for end in ("", "NotVisible", "Delayed")]
        attributes = self.client.get_queue_attributes(QueueUrl=self.url(queue), AttributeNames=names)["Attributes"]
        waiting, in_flight, delayed = (int(attributes[name]) for name in names)
        return waiting, in_flight, delayed

    # --- what happened

    def lines(self, *start: str) -> list[list[str]]:
        """The lines of the journal that start with these words."""
        text = self.journal.read_text() if self.journal.exists() else ""
        return [words for words in map(str.split, text.splitlines()) if words[: len(start)] == list(start)]

    def runs(self, queue: str, what: str = "start") -> Counter[str]:
        """How often each message was run, by its body."""
        return Counter(words[2] for words in self.lines(queue, what))

    def failed_rows(self) -> list[dict[str, Any]]:
        import sqlite3

        with sqlite3.connect(self.directory / "db.sqlite3") as connection:
            connection.row_factory = sqlite3.Row
            rows = [dict(row) for row in connection.execute("SELECT * FROM django_sqs_failedmessage")]
        connection.close()
        return rows


class Runreceiver:
    """A running `runreceiver`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    @property
    def output(self) -> str:
        return self.log.read_text()

    def signal(self, signum: int) -> None:
        self.process.send_signal(signum)

    def wait(self, seconds: float = 40.0) -> int:
        """Its exit status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"runreceiver did not end in {seconds:g} s:\n{self.output}") from None

    def wait_for_output(self, pattern: str, seconds: float = 20.0) -> re.Match[str]:
        found: re.Match[str] = wait_for(lambda: re.search(pattern, self.output), seconds, f"{pattern!r} in the log")
        return found

    def children(self) -> list[int]:
        """The process ids of its receivers."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]
