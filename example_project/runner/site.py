"""The site on this machine: its data directory, its local SQS, its database, its commands."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from runner.folder import Choice, shown_name
from runner.processes import Failed, Processes, Stopped, StopSignals, free_port, listens

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT / "data"
MARKER = ".photosite"

START_SECONDS = 60.0


@dataclass(frozen=True)
class Site:
    """One data directory and the port of one local SQS. Two sites share nothing."""

    data: Path
    sqs_port: int

    @property
    def endpoint(self) -> str:
        """The address of the local SQS."""
        return f"http://127.0.0.1:{self.sqs_port}"

    def environment(self) -> dict[str, str]:
        """The environment of every process of the site: what its settings read, and nothing that leads away from it."""
        return {
            # A profile or a token of the developer's is nothing for a server on this machine.
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_EC2_METADATA_DISABLED": "true",
            # botocore would ask a proxy for the loopback address too.
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "DJANGO_SETTINGS_MODULE": "photosite.settings",
            "PHOTOSITE_DATA": str(self.data),
            "SQS_ENDPOINT_URL": self.endpoint,
            "PYTHONUNBUFFERED": "1",
        }

    def command(self, *arguments: str) -> list[str]:
        """The command line of a management command."""
        return [sys.executable, str(PROJECT / "manage.py"), *arguments]

    def open(self, processes: Processes) -> None:
        """Start the local SQS, make the database and the queues, and enter."""
        processes.start("sqs_local", self.command("sqs_local", "--port", str(self.sqs_port)))
        processes.run("migrate", self.command("migrate", "--verbosity", "0"))
        processes.wait_until(lambda: listens(self.sqs_port), "The start of the local SQS", START_SECONDS)
        processes.run("sqs_setup", self.command("sqs_setup"))
        self.enter()

    def enter(self) -> None:
        """Make Django and its settings ready in this process."""
        environment = self.environment()
        for name in set(os.environ) - set(environment):
            del os.environ[name]
        os.environ.update(environment)
        import django

        django.setup()


@dataclass(frozen=True)
class Fed:
    """How many pictures and captions were sent, and a sentence for each thing that was not."""

    pictures: int
    captions: int
    left_out: list[str]


def claim(data: Path, *, fresh: bool) -> IO[str]:
    """Make a data directory and lock it for as long as the returned file is open; empty it if `fresh`.

    Raises Failed where another program has it, or where it would be emptied and holds what is not the example's.
    """
    marker = data / MARKER
    try:
        data.mkdir(parents=True, exist_ok=True)
        if fresh and not marker.exists() and any(data.iterdir()):
            raise Failed(f"{data} is not empty and not of this program's making. Name another directory with --data.")
        lock = marker.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"Another program uses {data}. Stop it, or name another directory with --data.") from None
        for entry in data.iterdir() if fresh else ():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry != marker:
                entry.unlink()
    except OSError as error:
        raise Failed(f"The data directory {data} cannot be used: {error}.") from error
    return lock


def open_site(data: Path) -> Site:
    """A site with a free port for its SQS."""
    return Site(data=data, sqs_port=free_port())


def feed(choice: Choice, processes: Processes) -> Fed:
    """Take pictures in as an upload does, and send their captions to the queue of captions.

    Raises Failed where a message cannot be sent.
    """
    from django.core.files.base import File

    from django_sqs.exceptions import DjangoSQSError
    from photos.library import add_photo, send_captions

    names, unread = set(), []
    try:
        for path in choice.pictures:
            processes.check()
            try:
                file = path.open("rb")
            except OSError as error:
                unread.append(f"{shown_name(path)} cannot be read: {error.strerror}.")
                continue
            with file:
                names.add(add_photo(File(file), shown_name(path)).name)
        captions = send_captions(pair for pair in choice.captions if pair[0] in names)
    except DjangoSQSError as error:
        # Where the server has died, that is the better sentence.
        processes.check()
        raise Failed(f"A message could not be sent: {error}") from error
    return Fed(len(choice.pictures) - len(unread), captions, [*choice.left_out, *unread])


def resend_unfinished(processes: Processes) -> None:
    """Send the pictures that the last run left unfinished to the receivers again. Raises Failed as `feed` does."""
    from django_sqs.exceptions import DjangoSQSError
    from photos.library import resume

    try:
        resume()
    except DjangoSQSError as error:
        processes.check()
        raise Failed(f"A message could not be sent: {error}") from error


def guarded(program: Callable[[StopSignals], int], name: str) -> int:
    """Run a program to its exit status: 1 with a sentence where it fails, 128 + the signal where it was stopped."""
    for stream in (sys.stdout, sys.stderr):
        # Names and captions may hold what this terminal cannot show.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    with StopSignals() as signals:
        try:
            return program(signals)
        except Failed as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            return 1
        except Stopped as stop:
            print(f"{name}: stopped by {stop}. Nothing is left running.", file=sys.stderr, flush=True)
            return 128 + stop.number
