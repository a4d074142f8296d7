"""manage.py runreceiver: receive the queues."""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_sqs.management.base import SQSCommand, seconds, suffix
from django_sqs.receiving import processes
from django_sqs.receiving.jobs import make_jobs
from django_sqs.receiving.reloading import ModuleWatch, execute_anew
from django_sqs.receiving.supervisor import Starter, Supervisor


def positive(text: str) -> int:
    """argparse type: a number of messages."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of messages; it is a whole number from 1")
    return int(text)


class Command(SQSCommand):
    help = (
        "Receives queues, one process each, until SIGTERM or Ctrl-C. Exit status: 0 when all receivers have ended in"
        " order, 1 when messages that still ran were cut short (they will be received again) or nothing could start."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("queue", nargs="*", help="The queues to receive; all that have a receiver by default.")
        parser.add_argument(
            "--message-limit", type=positive, metavar="N", help="End when each queue has received N messages."
        )
        parser.add_argument("--until-empty", action="store_true", help="End when all queues have stayed empty.")
        parser.add_argument(
            "--suffix", type=suffix, help="Receive the queues with this suffix instead of those without."
        )
        parser.add_argument(
            "--no-fork", action="store_true", help="Receive in this very process, for a debugger; takes one queue."
        )
        parser.add_argument(
            "--grace",
            type=seconds,
            default=25.0,
            help="Seconds from a signal until what still runs is released and all ends (default: %(default)s).",
        )
        parser.add_argument(
            "--hang-timeout",
            type=seconds,
            default=60.0,
            help="Seconds without a sign of life until a process is replaced (default: %(default)s). A receiver that"
            " takes long is no hang.",
        )

        parser.add_argument(
            "--reload", action="store_true", help="For development: start anew when a module changes, after draining."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        jobs = make_jobs(
            options["queue"],
            options["suffix"] or None,
            until_empty=options["until_empty"],
            limited=options["message_limit"] is not None,
            grace=options["grace"],
            one_process=options["no_fork"],
        )
        if options["no_fork"] and len(jobs) > 1:
            names = ", ".join(job.queue for job in jobs)
            raise CommandError(f"--no-fork takes one queue; there are: {names}. Name one of them.")
        watch = ModuleWatch() if options["reload"] else None
        supervisor = Supervisor(
            jobs,
            _starter(options["no_fork"], options["verbosity"]),
            grace=options["grace"],
            hang_timeout=options["hang_timeout"],
            message_limit=options["message_limit"],
            until_empty=options["until_empty"],
            changed=watch.changed if watch is not None else lambda: False,
        )
        status = supervisor.run()
        if supervisor.to_be_restarted:
            execute_anew()
        if status:
            sys.exit(status)


def _starter(no_fork: bool, verbosity: int) -> Starter:
    """How receivers are started on this system."""
    if no_fork:
        return lambda job, siblings: processes.run_in_thread(job)
    if not hasattr(os, "fork"):
        raise CommandError("This system cannot fork. Use --no-fork and name one queue.")
    processes.prepare_to_fork()
    if sys.platform == "darwin":
        spawn = partial(processes.spawn, module="django_sqs.management.spawned", verbosity=verbosity)
        return lambda job, siblings: spawn(job)
    return processes.fork
