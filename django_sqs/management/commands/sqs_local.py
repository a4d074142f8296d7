"""manage.py sqs_local"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from django_sqs.local import DEFAULT_PORT, local_settings, serve
from django_sqs.management.base import SQSCommand, port


class Command(SQSCommand):
    help = (
        "Runs an SQS server on this machine for development, until Ctrl-C. It keeps its messages in memory: they are"
        ' gone when it ends. Needs moto: pip install "django-sqs[local]".'
    )
    # It runs without the settings that it is about to tell.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=port,
            default=DEFAULT_PORT,
            help="The TCP port to listen at; 0 takes a free one (default: %(default)s).",
        )
        parser.add_argument("--host", default="127.0.0.1", help="The address to listen at (default: %(default)s).")

    def handle(self, *args: Any, **options: Any) -> None:
        serve(options["host"], options["port"], on_ready=self.announce)

    def announce(self, endpoint_url: str) -> None:
        lines = [f"An SQS server for development listens at {endpoint_url}, until Ctrl-C. Settings to use it:", ""]
        lines += [f'    {name} = "{value}"' for name, value in local_settings(endpoint_url).items()]
        self.stdout.write("\n".join([*lines, ""]))
        # At once, also into a pipe: who started it may be waiting for the address.
        self.stdout.flush()
