"""manage.py sqs_prune: delete old failed messages."""

from __future__ import annotations

import argparse
from typing import Any

from django.core.management.base import CommandParser

from django_sqs.failed_messages import prune
from django_sqs.management.base import SQSCommand


def days(text: str) -> float:
    """argparse type: an age in days."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days")
    return value


class Command(SQSCommand):
    help = "Deletes the rows of failed messages that are older than some days, and prints how many."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "queue", nargs="*", help="Only those of these queues, by their names at AWS; all by default."
        )
        parser.add_argument(
            "--days", type=days, default=30.0, help="Delete what failed longer ago than this (default: %(default)s)."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        count = prune(options["days"], options["queue"])
        self.stdout.write(f"Deleted {count} failed message{'' if count == 1 else 's'}.")
