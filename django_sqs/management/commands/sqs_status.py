"""manage.py sqs_status"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandError, CommandParser

from django_sqs.management.base import SQSCommand, add_queues
from django_sqs.selection import select
from django_sqs.status import as_json, render_table, take_snapshot


class Command(SQSCommand):
    help = (
        "Prints how many messages wait, are in flight (received and not yet deleted) and are delayed, for every queue"
        " and known suffix. The numbers are SQS's and may lag behind by a minute. The exit status is 1 where a queue"
        " could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_queues(parser)
        parser.add_argument("--json", action="store_true", help="Print JSON for programs instead of a table.")

    def handle(self, *args: Any, **options: Any) -> None:
        snapshot = take_snapshot(select(options["queue"]))
        common = snapshot.common_failure
        if options["json"]:
            self.stdout.write(json.dumps(as_json(snapshot), indent=2))
        elif common is not None:
            raise common
        else:
            self.stdout.write(render_table(snapshot))
        if snapshot.failed:
            raise CommandError(f"{len(snapshot.failed)} of {len(snapshot.readings)} queues could not be read.")
