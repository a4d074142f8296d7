"""Starting, watching and ending receiver processes."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from django_sqs.receiving import child as child_process
from django_sqs.receiving import interrupts
from django_sqs.receiving.channel import Channel
from django_sqs.receiving.receiver import BROKEN, Job

logger = logging.getLogger("django_sqs.receiving")


class Process:
    """A receiver as its supervisor sees it."""

    pid: int | None = None

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock

    def poll(self) -> int | None:
        """Its exit status (negative: the signal that ended it), or None while it runs."""
        raise NotImplementedError

    def kill(self) -> None:
        """End it at once."""
        raise NotImplementedError


class RealProcess(Process):
    """A child of this process."""

    def __init__(self, sock: socket.socket, pid: int) -> None:
        super().__init__(sock)
        self.pid: int = pid
        self._status: int | None = None

    def poll(self) -> int | None:
        if self._status is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:
                # Somebody else reaped it: how it ended is not known.
                self._status = BROKEN
            else:
                if pid:
                    self._status = os.waitstatus_to_exitcode(status)
        return self._status

    def kill(self) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)


class ThreadProcess(Process):
    """A receiver in a thread of this very process (`--no-fork`)."""

    def __init__(self, sock: socket.socket, job: Job, other: socket.socket) -> None:
        super().__init__(sock)
        self._status: int | None = None
        self._thread = threading.Thread(target=self._run, args=(job, other), name="sqs-receiver", daemon=True)
        self._thread.start()

    def _run(self, job: Job, sock: socket.socket) -> None:
        try:
            self._status = child_process.run(job, Channel(sock))
        finally:
            sock.close()

    def poll(self) -> int | None:
        if self._thread.is_alive():
            return None
        return BROKEN if self._status is None else self._status

    def kill(self) -> None:
        """A thread cannot be killed; that it is a daemon lets the process end."""


def fork(job: Job, siblings: Sequence[socket.socket]) -> Process:
    """Start a receiver by forking."""
    ours, theirs = socket.socketpair()
    child_process.flush()
    # A signal between the fork and the child's own handlers would run the parent's.
    with interrupts.blocked():
        pid = os.fork()
        if pid == 0:
            status = BROKEN
            try:
                ours.close()
                # An end that stays open here would hide from a sibling that the supervisor died.
                for sibling in siblings:
                    sibling.close()
                status = child_process.run_in_process(job, theirs)
            except BaseException:
                logger.critical("The receiver process of %s failed.", job.queue, exc_info=True)
            finally:
                child_process.leave(status)
    theirs.close()
    return RealProcess(ours, pid)


def spawn(job: Job, module: str, verbosity: int) -> Process:
    """Start a receiver as a new program, where forking is unsafe: system libraries of macOS crash after a fork.
    `module` is run with the descriptor of its channel, the verbosity and the job as JSON."""
    ours, theirs = socket.socketpair()
    theirs.set_inheritable(True)
    command = [sys.executable, "-m", module, str(theirs.fileno()), str(verbosity), json.dumps(asdict(job))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
    pid = os.posix_spawn(command[0], command, environment, setsigmask=())
    theirs.close()
    return RealProcess(ours, pid)


def run_in_thread(job: Job) -> Process:
    """Start a receiver in this process."""
    ours, theirs = socket.socketpair()
    return ThreadProcess(ours, job, theirs)


def prepare_to_fork() -> None:
    """What children share is imported, what they must not share is closed."""
    from django.db import connections

    from django_sqs.aws.client import preload

    preload()
    for connection in connections.all(initialized_only=True):
        connection.close()
        close_pool = getattr(connection, "close_pool", None)
        if close_pool is not None:
            close_pool()
    others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
    if others:
        logger.warning(
            "Threads run before the receivers are forked: %s. They do not exist there, and a lock that one of them"
            " holds now stays locked there. Start them when they are first used, not when a module is imported.",
            ", ".join(others),
            extra={"action": "threads_before_fork"},
        )
    # Collecting garbage would touch, and so copy, the pages that children share.
    gc.collect()
    gc.freeze()
