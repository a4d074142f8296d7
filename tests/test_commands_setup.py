from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_sqs import register

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

pytestmark = pytest.mark.usefixtures("own_queues")


def test_it_prints_a_line_for_all_that_it_did(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("dead")
    register("emails", suffixes=("big",), dead_letter="dead")
    call_command("sqs_setup")
    assert capsys.readouterr().out.splitlines() == [
        "test__dead created.",
        "test__emails created.",
        "test__emails got a redrive policy to test__dead after 20 receives.",
        "test__emails__big created.",
        "test__emails__big got a redrive policy to test__dead after 20 receives.",
    ]


def test_it_says_when_there_was_nothing_to_do(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails").create()
    call_command("sqs_setup")
    assert capsys.readouterr().out == "test__emails exists.\nNothing to do.\n"


def test_it_says_when_no_queue_is_registered(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sqs_setup")
    assert capsys.readouterr().out == "No queue is registered.\n"


def test_a_dry_run_creates_nothing(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails")
    call_command("sqs_setup", "--dry-run")
    assert capsys.readouterr().out == "test__emails would be created.\n"
    assert "QueueUrls" not in aws.list_queues()


def test_named_queues_only(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails")
    register("photos")
    call_command("sqs_setup", "photos")
    assert capsys.readouterr().out == "test__photos created.\n"


def test_what_was_done_before_an_error_is_printed(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails")
    register("x" * 76)
    with pytest.raises(CommandError, match="82 characters"):
        call_command("sqs_setup")
    assert capsys.readouterr().out == "test__emails created.\n"


def test_a_dead_endpoint_is_a_sentence() -> None:
    register("emails")
    with pytest.raises(CommandError, match=r"SQS does not answer at http://127.0.0.1:9 .*sqs_local"):
        call_command("sqs_setup")
