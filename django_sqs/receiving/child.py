"""What runs in a receiver process, however it was started."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys

from django_sqs.receiving import interrupts
from django_sqs.receiving.channel import Channel
from django_sqs.receiving.receiver import BROKEN, Job, Receiver

logger = logging.getLogger("django_sqs.receiving")


def run_in_process(job: Job, sock: socket.socket) -> int:
    """Be the receiver, in a process of its own. Returns its exit status."""
    # A terminal sends SIGINT to all: what it means, the supervisor decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    if hasattr(signal, "SIGCHLD"):
        # The supervisor's handler: the processes that a receiver starts are no concern of ours.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with interrupts.caught([signal.SIGTERM]) as wakeup:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_SETMASK, ())
        return run(job, Channel(sock, wakeup))


def run(job: Job, channel: Channel) -> int:
    """Be the receiver. Whatever goes wrong is logged."""
    from django_sqs.registry import queues

    try:
        return Receiver(queues[job.queue], job, channel).run()
    except Exception:
        logger.critical(
            "The receiver of %s failed.", job.queue, exc_info=True, extra={"queue": job.queue, "action": "died"}
        )
        return BROKEN


def leave(status: int) -> None:
    """End the process without running what its parent registered to run at its own end, and without waiting for
    threads."""
    try:
        logging.shutdown()
        flush()
    finally:
        # Whatever fails before: a child that went on would be a second supervisor.
        os._exit(status)


def flush() -> None:
    """Write what was printed, lest it is lost with a process, or written twice after a fork. That its reader is gone,
    or that there is no stream, is no reason to fail."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
