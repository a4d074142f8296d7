"""What the commands of django-sqs have in common: arguments, errors, logging, progress."""

from __future__ import annotations

import argparse
import logging
import math
import os
import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from django_sqs.exceptions import DjangoSQSError

#: Log levels by --verbosity.
_LEVELS = {0: logging.WARNING, 1: logging.INFO}
_FORMAT = "%(asctime)s %(levelname)s %(process)d %(message)s"
_SUFFIX = re.compile(r"[A-Za-z0-9_-]*\Z")

#: The shell's exit status for what Ctrl-C ended: 128 and the number of SIGINT.
_INTERRUPTED = 130


class SQSCommand(BaseCommand):
    """A command whose errors are sentences: what django-sqs raises ends it, with the sentence on stderr and 1 as its
    exit status. While it runs, the log goes to stderr where the project's LOGGING sends it nowhere."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        handler = attach_log_handler(options["verbosity"])
        try:
            return super().execute(*args, **options)
        except DjangoSQSError as error:
            raise CommandError(str(error)) from error
        finally:
            if handler is not None:
                detach_log_handler(handler)

    def run_from_argv(self, argv: list[str]) -> None:
        try:
            super().run_from_argv(argv)
        except KeyboardInterrupt:
            self.stderr.write("Interrupted.")
            sys.exit(_INTERRUPTED)


def attach_log_handler(verbosity: int) -> logging.Handler | None:
    """Send django_sqs's log to stderr if neither its logger nor the root logger has a handler; `verbosity` is that of
    the command (0: warnings, 1: what is done, 2 and 3: everything). Returns the handler, or None where there is one
    already."""
    logger = logging.getLogger("django_sqs")
    if logger.hasHandlers():
        return None
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
    logger.setLevel(_LEVELS.get(verbosity, logging.DEBUG))
    return handler


def detach_log_handler(handler: logging.Handler) -> None:
    """Undo `attach_log_handler()`, for programs that call a command and go on."""
    logger = logging.getLogger("django_sqs")
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)
    handler.close()


# --- arguments -------------------------------------------------------------------------------------------------------


def add_queues(parser: CommandParser) -> None:
    """The positional arguments that name queues, as options["queue"]."""
    parser.add_argument("queue", nargs="*", help="The names that queues are registered with; all of them by default.")


def add_suffix(parser: CommandParser) -> None:
    """--suffix for commands that cover all known suffixes without it."""
    parser.add_argument(
        "--suffix",
        type=suffix,
        help='Only the queues with this suffix; "" means those without one. By default all known suffixes, and none.',
    )


def suffix(text: str) -> str:
    """argparse type: what may stand at the end of a queue's name."""
    if not _SUFFIX.match(text):
        raise argparse.ArgumentTypeError(f"{text!r} has characters other than A-Z, a-z, 0-9, _ and -")
    return text


def seconds(text: str) -> float:
    """argparse type: a duration, not negative."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def port(text: str) -> int:
    """argparse type: a TCP port, or 0 for a free one."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; it is a whole number from 0 to 65535")
    return int(text)


# --- progress --------------------------------------------------------------------------------------------------------


def progress_bar(label: str, total: int | None) -> tqdm[Any]:
    """A bar of messages on stderr, seen only on a terminal, and gone when it is closed."""
    size: dict[str, Any] = {"dynamic_ncols": True}
    if not _has_size():
        # A terminal without a size, as `docker exec -t` or `script` may give, would have a bar of no width.
        size = {"ncols": 80, "nrows": 24}
    return tqdm(desc=label, total=total, unit=" messages", leave=False, disable=None, **size)


def _has_size() -> bool:
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns > 0
    except (AttributeError, OSError, ValueError):  # no terminal, or no file at all
        return False
