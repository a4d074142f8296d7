"""Deleting the rows of failed messages."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from django_sqs import failed_messages
from django_sqs.models import FailedMessage


def fail(queue: str, days_ago: float, number: int = 0) -> FailedMessage:
    return FailedMessage.objects.create(
        queue=queue, message_id=f"{queue}-{days_ago}-{number}", failed_at=timezone.now() - timedelta(days=days_ago)
    )


@pytest.mark.django_db
def test_only_rows_older_than_the_days_are_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failed_messages, "_CHUNK", 2)
    recent = fail("a", 29)
    for number in range(5):
        fail("a", 31, number)
    out = StringIO()
    call_command("sqs_prune", stdout=out)
    assert out.getvalue() == "Deleted 5 failed messages.\n"
    assert list(FailedMessage.objects.all()) == [recent]


@pytest.mark.django_db
def test_only_rows_of_the_named_queues_are_deleted() -> None:
    fail("a", 3)
    kept = fail("b", 3)
    out = StringIO()
    call_command("sqs_prune", "a", "--days=2", stdout=out)
    assert out.getvalue() == "Deleted 1 failed message.\n"
    assert list(FailedMessage.objects.all()) == [kept]


@pytest.mark.parametrize("days", ["-1", "x", "nan"])
def test_days_must_be_a_number(days: str) -> None:
    with pytest.raises(CommandError, match="is no number of days"):
        call_command("sqs_prune", f"--days={days}")
