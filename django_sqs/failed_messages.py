"""What is done with the rows of failed messages besides writing them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

#: Rows deleted in one statement: one that deletes millions would lock the table for long.
_CHUNK = 1_000


def prune(days: float, queues: Sequence[str] = ()) -> int:
    """Delete the rows that failed more than `days` ago, of these queues (full names) or of all. Returns their
    number."""
    from django_sqs.models import FailedMessage

    rows = FailedMessage.objects.filter(failed_at__lt=timezone.now() - timedelta(days=days))
    if queues:
        rows = rows.filter(queue__in=queues)
    deleted = 0
    while keys := list(rows.order_by("failed_at").values_list("pk", flat=True)[:_CHUNK]):
        deleted += FailedMessage.objects.filter(pk__in=keys).delete()[0]
    return deleted
