from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_sqs import register
from tests.http_stub import answering

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("own_queues")


def test_it_prints_the_table(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails", suffixes=("big",)).send_many([{"body": "x"}] * 2, immediate=True)
    register("emails", suffixes=("big",)).create("big")
    call_command("sqs_status")
    assert capsys.readouterr().out.splitlines() == [
        "queue   suffix  waiting  in flight  delayed",
        "emails                2          0        0",
        "emails  big           0          0        0",
        "total                 2          0        0",
    ]


def test_it_prints_json_for_programs(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails").send(body="x", immediate=True)
    register("photos").create()
    call_command("sqs_status", "--json", "emails")
    data = json.loads(capsys.readouterr().out)
    assert [(one["full_name"], one["waiting"]) for one in data["queues"]] == [("test__emails", 1)]


def test_a_queue_that_cannot_be_read_makes_the_exit_status_1(
    aws: SQSClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("emails").create()
    register("photos")
    with pytest.raises(CommandError, match="1 of 2 queues could not be read"):
        call_command("sqs_status")
    assert "photos  The queue 'test__photos' does not exist" in capsys.readouterr().out


def test_the_only_queue_missing_is_one_sentence(
    aws: SQSClient, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("photos")
    with pytest.raises(CommandError, match=r"The queue 'test__photos' does not exist.*sqs_setup"):
        call_command("sqs_status")
    assert capsys.readouterr().out == ""


def test_json_is_printed_also_where_nothing_could_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    register("emails")
    with pytest.raises(CommandError, match="1 of 1"):
        call_command("sqs_status", "--json")
    assert json.loads(capsys.readouterr().out)["queues"][0]["error"].startswith("SQS does not answer")


def test_queues_that_will_be_created_when_used_are_no_error(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails")
    call_command("sqs_status")
    assert "emails  The queue 'test__emails' does not exist yet." in capsys.readouterr().out


def test_a_dead_endpoint_is_told_once() -> None:
    register("emails")
    register("photos")
    with pytest.raises(CommandError, match=r"^SQS does not answer at http://127.0.0.1:9 "):
        call_command("sqs_status")


def test_refused_credentials_are_a_sentence_that_says_what_to_check(settings: Settings) -> None:
    register("emails")
    register("photos")
    with answering(403, "InvalidClientTokenId", "The security token included in the request is invalid.") as url:
        settings.SQS_ENDPOINT_URL = url
        with pytest.raises(CommandError, match=r"^AWS refused the credentials .*AWS_SECRET_ACCESS_KEY"):
            call_command("sqs_status")


def test_denied_access_is_a_sentence_that_names_the_action(settings: Settings) -> None:
    register("emails")
    with answering(403, "AccessDeniedException", "no identity-based policy allows it") as url:
        settings.SQS_ENDPOINT_URL = url
        with pytest.raises(CommandError, match=r"^AWS denied .*sqs:GetQueueUrl"):
            call_command("sqs_status")


def test_a_missing_prefix_is_a_sentence(settings: Settings) -> None:
    register("emails")
    settings.DEBUG = True
    settings.SQS_QUEUE_PREFIX = ""
    with pytest.raises(CommandError, match=r"^SQS_QUEUE_PREFIX is not set"):
        call_command("sqs_status")


def test_an_unknown_name_is_a_sentence_with_the_nearest() -> None:
    register("emails")
    with pytest.raises(CommandError, match=r"^No queue is registered as 'emial'.*emails"):
        call_command("sqs_status", "emial")
