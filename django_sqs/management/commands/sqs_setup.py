"""manage.py sqs_setup"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from django_sqs.management.base import SQSCommand, add_queues
from django_sqs.setup_queues import set_up


class Command(SQSCommand):
    help = (
        "Creates the queues that are missing at AWS, with every known suffix, and the dead-letter queues that they"
        " name. What exists is left as it is, except that a redrive policy which is missing is added."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_queues(parser)
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")

    def handle(self, *args: Any, **options: Any) -> None:
        changes = steps = 0
        for step in set_up(options["queue"], dry_run=options["dry_run"]):
            steps += 1
            changes += step.changes
            line = f"{step.queue} {step.text}."
            self.stdout.write(self.style.SUCCESS(line) if step.changes else line)
        if not steps:
            self.stdout.write("No queue is registered.")
        elif not changes:
            self.stdout.write("Nothing to do.")
