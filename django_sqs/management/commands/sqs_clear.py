"""manage.py sqs_clear"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_sqs.management.base import SQSCommand, add_queues, add_suffix, progress_bar
from django_sqs.registered_queue import QueueDestination, QueueStatus
from django_sqs.selection import select
from django_sqs.status import Snapshot, render_table, take_snapshot


class Command(SQSCommand):
    help = (
        "Deletes the messages of queues, with every known suffix, and prints how many those were. Asks first when it"
        " runs on a terminal. Messages in flight, which a receiver holds, and delayed ones are left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_queues(parser)
        add_suffix(parser)
        parser.add_argument(
            "--purge",
            action="store_true",
            help="Use SQS's PurgeQueue: one request for a queue of any size, which deletes what is in flight and delayed"
            " too. It takes SQS up to 60 seconds, and may delete what is sent meanwhile.",
        )
        parser.add_argument(
            "--noinput", "--no-input", action="store_false", dest="interactive", help="Do not ask, delete at once."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        destinations = select(options["queue"], options["suffix"])
        snapshot = take_snapshot(destinations)
        if snapshot.common_failure is not None:
            raise snapshot.common_failure
        if not destinations:
            self.stdout.write("No queue is registered.")
            return
        if options["interactive"] and sys.stdin.isatty() and not self.confirmed(snapshot):
            raise CommandError("Nothing was deleted.")
        delete = self.purge if options["purge"] else self.clear
        for destination, reading in zip(destinations, snapshot.readings, strict=True):
            if reading.counts is not None:
                self.stdout.write(f"{reading.full_name}: {delete(destination, reading.counts)}")
            elif reading in snapshot.failed:
                self.stderr.write(str(reading.error))
            else:
                self.stdout.write(f"{reading.full_name}: does not exist yet.")
        if snapshot.failed:
            raise CommandError(f"{len(snapshot.failed)} of {len(snapshot.readings)} queues could not be cleared.")

    def confirmed(self, snapshot: Snapshot) -> bool:
        self.stdout.write(render_table(snapshot))
        try:
            answer = input("Delete the messages of these queues? [y/N] ")
        except EOFError:
            self.stdout.write()
            return False
        return answer.strip().lower() in ("y", "yes")

    def clear(self, destination: QueueDestination, counts: QueueStatus) -> str:
        with progress_bar(destination.full_name, counts.waiting) as bar:
            cleared = destination.queue.clear(destination.suffix, progress=bar.update)
        sentence = f"{cleared.deleted} deleted."
        if cleared.in_flight:
            sentence += f" About {cleared.in_flight} in flight were left: a receiver holds them."
        if cleared.delayed:
            sentence += f" About {cleared.delayed} delayed were left: they are not visible yet."
        return sentence

    def purge(self, destination: QueueDestination, counts: QueueStatus) -> str:
        destination.queue.purge(destination.suffix)
        return f"about {counts.total} purged. SQS takes up to 60 seconds."
