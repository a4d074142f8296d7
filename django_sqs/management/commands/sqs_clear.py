"""manage.py sqs_clear"""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_sqs.exceptions import AWSError, QueueNotYetCreated
from django_sqs.management.base import SQSCommand, add_queues, add_suffix, progress_bar
from django_sqs.registered_queue import QueueDestination, QueueStatus
from django_sqs.selection import select
from django_sqs.status import QueueReading, Snapshot, render_table, take_snapshot


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
            help="Use SQS's PurgeQueue: one request for a queue of any size, which deletes what is in flight or delayed"
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
        failures = 0
        for destination, reading in zip(destinations, snapshot.readings, strict=True):
            try:
                self.stdout.write(self.empty(destination, reading, options["purge"]))
            except AWSError as error:
                if len(destinations) == 1:
                    raise
                self.stderr.write(str(error))
                failures += 1
        if failures:
            raise CommandError(f"{failures} of {len(destinations)} queues could not be cleared.")

    def confirmed(self, snapshot: Snapshot) -> bool:
        self.stdout.write(render_table(snapshot))
        try:
            answer = input("Delete the messages of these queues? [y/N] ")
        except EOFError:
            self.stdout.write()
            return False
        return answer.strip().lower() in ("y", "yes")

    def empty(self, destination: QueueDestination, reading: QueueReading, purge: bool) -> str:
        if isinstance(reading.failure, QueueNotYetCreated):
            return f"{reading.full_name}: does not exist yet."
        if reading.failure is not None:
            raise reading.failure
        assert reading.counts is not None
        delete = self.purge if purge else self.clear
        return f"{reading.full_name}: {delete(destination, reading.counts)}"

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
