"""manage.py sqs_wait"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_sqs.management.base import SQSCommand, add_queues, add_suffix, progress_bar, seconds
from django_sqs.selection import select
from django_sqs.status import Snapshot, render_table
from django_sqs.waiting import READINGS, wait_until_empty


class Command(SQSCommand):
    help = (
        "Waits until nothing waits, is in flight or is delayed in the queues, with every known suffix, for"
        f" {READINGS} readings in a row. SQS's numbers may lag behind by a minute."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_queues(parser)
        add_suffix(parser)
        parser.add_argument(
            "--timeout",
            type=seconds,
            metavar="SECONDS",
            help="Give up after so long, with exit status 1. By default it waits for ever.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        destinations = select(options["queue"], options["suffix"])
        if not destinations:
            self.stdout.write("No queue is registered.")
            return
        with progress_bar("Waiting", 0) as bar:

            def show(snapshot: Snapshot) -> None:
                left = snapshot.total.total
                # Messages may be sent meanwhile: the whole is the most that was ever left.
                bar.total = max(bar.total or 0, left)
                bar.n = bar.total - left
                bar.refresh()

            snapshot = wait_until_empty(destinations, options["timeout"], on_reading=show)
        if snapshot.common_failure is not None:
            raise snapshot.common_failure
        left = snapshot.total.total
        if left or snapshot.failed:
            self.stdout.write(render_table(snapshot))
            noun = "message is" if left == 1 else "messages are"
            raise CommandError(f"Not empty after {options['timeout']:g} seconds: {left} {noun} left.")
        self.stdout.write("Empty.")
