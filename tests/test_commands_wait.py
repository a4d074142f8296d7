from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_sqs import register, waiting

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("own_queues")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "INTERVAL_SECS", 0.01)


def test_it_ends_when_all_queues_are_empty(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    register("emails", suffixes=("big",)).create()
    call_command("sqs_wait")
    assert capsys.readouterr().out == "Empty.\n"


def test_after_the_timeout_it_shows_what_is_left_and_fails(aws: SQSClient, capsys: pytest.CaptureFixture[str]) -> None:
    queue = register("emails", suffixes=("big",))
    queue.create()
    queue.send(body="x", suffix="big", immediate=True)
    with pytest.raises(CommandError, match=r"Not empty after 0.1 seconds: 1 message is left"):
        call_command("sqs_wait", "--timeout", "0.1")
    assert "emails  big           1          0        0" in capsys.readouterr().out


def test_it_waits_for_the_chosen_queues_only(aws: SQSClient) -> None:
    queue = register("emails", suffixes=("big",))
    queue.create()
    queue.send(body="x", suffix="big", immediate=True)
    register("photos").create()
    call_command("sqs_wait", "photos", timeout=0.1)
    call_command("sqs_wait", "emails", suffix="", timeout=0.1)
    with pytest.raises(CommandError, match="Not empty"):
        call_command("sqs_wait", suffix="big", timeout=0.1)


def test_an_outage_at_the_timeout_is_told_as_that(
    aws: SQSClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    queue = register("emails")
    queue.send(body="x", immediate=True)
    take = waiting.take_snapshot

    def then_away(destinations: object) -> object:
        snapshot = take(None)
        settings.SQS_ENDPOINT_URL = "http://127.0.0.1:9"
        return snapshot

    monkeypatch.setattr(waiting, "take_snapshot", then_away)
    with pytest.raises(CommandError, match="SQS does not answer"):
        call_command("sqs_wait", timeout=0.1)


def test_a_missing_queue_is_a_sentence(aws: SQSClient, settings: Settings) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("emails")
    with pytest.raises(CommandError, match="'test__emails' does not exist"):
        call_command("sqs_wait")


def test_a_dead_endpoint_is_a_sentence() -> None:
    register("emails")
    with pytest.raises(CommandError, match="SQS does not answer"):
        call_command("sqs_wait")


def test_a_suffix_that_no_queue_has_is_a_sentence() -> None:
    register("emails", suffixes=("big",))
    with pytest.raises(CommandError, match=r"No registered queue has the suffix 'bgi'.*big"):
        call_command("sqs_wait", suffix="bgi")


def test_with_no_queue_registered_it_ends_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sqs_wait")
    assert capsys.readouterr().out == "No queue is registered.\n"
