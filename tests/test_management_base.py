from __future__ import annotations

import argparse
import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_sqs.exceptions import QueueMissing
from django_sqs.management.base import (
    SQSCommand,
    attach_log_handler,
    detach_log_handler,
    port,
    progress_bar,
    seconds,
    suffix,
)

LOGGER = logging.getLogger("django_sqs")


@contextmanager
def handlers(ours: list[logging.Handler], roots: list[logging.Handler]) -> Iterator[None]:
    """Within it these are all the handlers. No fixture could do it: pytest adds its own when the test itself begins."""
    root = logging.getLogger()
    before = LOGGER.handlers, root.handlers
    LOGGER.handlers, root.handlers = ours, roots
    try:
        yield
    finally:
        LOGGER.handlers, root.handlers = before
        LOGGER.setLevel(logging.NOTSET)


class Probe(SQSCommand):
    """A command that does what it is told."""

    requires_system_checks = []

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__(stdout=io.StringIO(), stderr=io.StringIO(), no_color=True)
        self.act = act

    def handle(self, *args: Any, **options: Any) -> None:
        self.act()


def missing() -> None:
    raise QueueMissing(queue="test__emails")


# --- errors


def test_what_django_sqs_raises_is_a_command_error_with_its_sentence() -> None:
    with pytest.raises(CommandError, match=r"^The queue 'test__emails' does not exist"):
        call_command(Probe(missing))


def test_from_the_shell_it_is_one_line_on_stderr_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    probe = Probe(missing)
    with pytest.raises(SystemExit) as ended:
        probe.run_from_argv(["manage.py", "probe"])
    assert ended.value.code == 1
    written = probe.stderr._out.getvalue()
    assert written.startswith("CommandError: The queue 'test__emails' does not exist")
    assert written.count("\n") == 1
    assert "Traceback" not in written


def test_ctrl_c_ends_without_a_traceback() -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    probe = Probe(interrupt)
    with pytest.raises(SystemExit) as ended:
        probe.run_from_argv(["manage.py", "probe"])
    assert ended.value.code == 130
    assert probe.stderr._out.getvalue() == "Interrupted.\n"


def test_faults_of_the_program_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        call_command(Probe(lambda: 1 // 0))


# --- logging


@pytest.mark.parametrize(
    ("verbosity", "shown"),
    [
        (0, ["WARNING"]),
        (1, ["INFO", "WARNING"]),
        (2, ["DEBUG", "INFO", "WARNING"]),
        (3, ["DEBUG", "INFO", "WARNING"]),
    ],
)
def test_a_command_logs_to_stderr_by_verbosity(
    capsys: pytest.CaptureFixture[str], verbosity: int, shown: list[str]
) -> None:
    def log() -> None:
        logger = logging.getLogger("django_sqs.receiving")
        for level in (logging.DEBUG, logging.INFO, logging.WARNING):
            logger.log(level, "something of %s", "emails")

    with handlers([], []):
        call_command(Probe(log), verbosity=verbosity)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[2] for line in lines] == shown
    assert all(line.endswith("something of emails") for line in lines)


def test_after_the_command_the_logger_is_as_it_was() -> None:
    with handlers([], []):
        call_command(Probe(lambda: None), verbosity=3)
        assert LOGGER.handlers == []
        assert LOGGER.level == logging.NOTSET


@pytest.mark.parametrize("ours", [True, False])
def test_a_handler_of_the_project_is_enough(ours: bool) -> None:
    of_project: list[logging.Handler] = [logging.NullHandler()]
    with handlers(of_project if ours else [], [] if ours else of_project):
        assert attach_log_handler(3) is None
        assert LOGGER.handlers == (of_project if ours else [])
        assert LOGGER.level == logging.NOTSET


def test_a_handler_that_is_attached_can_be_detached() -> None:
    with handlers([], []):
        handler = attach_log_handler(1)
        assert handler is not None
        assert LOGGER.handlers == [handler]
        detach_log_handler(handler)
        assert LOGGER.handlers == []


# --- arguments


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("2.5", 2.5), ("1e3", 1000)])
def test_seconds_are_a_number_that_is_not_negative(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "x", "-1", "nan", "inf", "1 minute"])
def test_other_seconds_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no number of seconds"):
        seconds(text)


@pytest.mark.parametrize("text", ["-1", "65536", "x", "", "80.5"])
def test_other_ports_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="no port"):
        port(text)


def test_ports_are_0_to_65535() -> None:
    assert [port("0"), port("9324"), port("65535")] == [0, 9324, 65535]


def test_a_suffix_has_the_characters_of_a_queues_name() -> None:
    assert [suffix("big-1_x"), suffix("")] == ["big-1_x", ""]
    for text in ("a b", "a.fifo", "ü"):
        with pytest.raises(argparse.ArgumentTypeError, match="other than"):
            suffix(text)


# --- progress


def test_the_bar_is_not_seen_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("emails", 10) as bar:
        bar.update(5)
    assert capsys.readouterr().err == ""
