from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from django_sqs import register
from django_sqs.aws import clearing
from django_sqs.registered_queue import QueueStatus, RegisteredQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("own_queues")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    # Against moto a short poll sees all there is, as against SQS only a long one does.
    monkeypatch.setattr(clearing, "_WAIT_SECS", 0)


@pytest.fixture
def emails(aws: SQSClient) -> RegisteredQueue:
    queue = register("emails", suffixes=("big",))
    queue.create("big")
    queue.send_many([{"body": "x"}] * 25, immediate=True)
    return queue


def answer(monkeypatch: pytest.MonkeyPatch, text: str | None) -> list[str]:
    """Pretend a terminal whose user types this; returns the questions that were asked."""
    asked: list[str] = []

    def fake_input(prompt: str = "") -> str:
        asked.append(prompt)
        if text is None:
            raise EOFError
        return text

    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(builtins, "input", fake_input)
    return asked


def test_it_deletes_everything_and_prints_the_number_for_each_queue(
    emails: RegisteredQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    emails.send(body="x", suffix="big", immediate=True)
    call_command("sqs_clear")
    assert capsys.readouterr().out == "test__emails: 25 deleted.\ntest__emails__big: 1 deleted.\n"
    assert emails.status() == emails.status("big") == QueueStatus(0, 0, 0)


def test_it_says_what_was_left_in_flight_or_delayed(
    emails: RegisteredQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    emails.physical().receive(3, 0, 60)
    emails.send(body="later", delay=60, immediate=True)
    call_command("sqs_clear", "--suffix", "")
    out = capsys.readouterr().out
    assert out.startswith("test__emails: 22 deleted. About 3 in flight were left")
    assert "About 1 delayed were left" in out
    assert emails.status() == QueueStatus(0, 3, 1)


def test_with_a_suffix_only_that_queue_is_cleared(emails: RegisteredQueue, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sqs_clear", "--suffix=big")
    assert capsys.readouterr().out == "test__emails__big: 0 deleted.\n"
    assert emails.status().waiting == 25


def test_purge_deletes_what_is_in_flight_and_delayed_too(
    emails: RegisteredQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    emails.physical().receive(3, 0, 60)
    emails.send(body="later", delay=60, immediate=True)
    call_command("sqs_clear", "emails", "--purge", "--suffix", "")
    assert capsys.readouterr().out == "test__emails: about 26 purged. SQS takes up to 60 seconds.\n"
    assert emails.status() == QueueStatus(0, 0, 0)


def test_a_purge_too_soon_is_a_sentence_and_the_other_queues_are_purged(
    emails: RegisteredQueue, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sqs_clear", "--purge", "--suffix", "")
    capsys.readouterr()
    with pytest.raises(CommandError, match="1 of 2 queues could not be cleared"):
        call_command("sqs_clear", "--purge")
    written = capsys.readouterr()
    assert written.out == "test__emails__big: about 0 purged. SQS takes up to 60 seconds.\n"
    assert written.err.startswith("SQS refused PurgeQueue on the queue 'test__emails'")
    with pytest.raises(CommandError, match="SQS refused PurgeQueue"):
        call_command("sqs_clear", "--purge", "--suffix", "")


@pytest.mark.parametrize("text", ["", "n", "no", "yess", None])
def test_on_a_terminal_it_asks_and_anything_but_yes_leaves_all(
    emails: RegisteredQueue, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    asked = answer(monkeypatch, text)
    with pytest.raises(CommandError, match="Nothing was deleted"):
        call_command("sqs_clear")
    assert len(asked) == 1
    assert "emails               25" in capsys.readouterr().out
    assert emails.status().waiting == 25


@pytest.mark.parametrize("text", ["y", "YES", " yes "])
def test_yes_deletes(emails: RegisteredQueue, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    answer(monkeypatch, text)
    call_command("sqs_clear")
    assert emails.status().waiting == 0


@pytest.mark.parametrize("option", ["--noinput", "--no-input"])
def test_with_no_input_it_does_not_ask(emails: RegisteredQueue, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    asked = answer(monkeypatch, "n")
    call_command("sqs_clear", option)
    assert asked == []
    assert emails.status().waiting == 0


def test_a_queue_that_does_not_exist_is_told_and_not_created(
    aws: SQSClient, capsys: pytest.CaptureFixture[str]
) -> None:
    register("emails")
    call_command("sqs_clear")
    assert capsys.readouterr().out == "test__emails: does not exist yet.\n"
    assert "QueueUrls" not in aws.list_queues()


def test_a_missing_queue_is_an_error_after_the_others_are_cleared(
    emails: RegisteredQueue, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.SQS_CREATE_QUEUES = False
    register("audit")
    with pytest.raises(CommandError, match="1 of 3 queues could not be cleared"):
        call_command("sqs_clear")
    written = capsys.readouterr()
    assert written.err.startswith("The queue 'test__audit' does not exist")
    assert "test__emails: 25 deleted." in written.out


def test_with_no_queue_registered_there_is_nothing_to_ask(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(monkeypatch, "y") == []
    call_command("sqs_clear")
    assert capsys.readouterr().out == "No queue is registered.\n"


def test_a_dead_endpoint_is_told_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    register("emails")
    asked = answer(monkeypatch, "y")
    with pytest.raises(CommandError, match="SQS does not answer"):
        call_command("sqs_clear")
    assert asked == []
