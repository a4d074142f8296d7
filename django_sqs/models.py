"""Tables."""

from __future__ import annotations

from django.db import models


class FailedMessage(models.Model):
    """A message that was given up, as it was received, with why. One row per queue and message id."""

    queue = models.CharField("queue", max_length=80, help_text="The full name of the queue at AWS.")
    message_id = models.CharField("message id", max_length=100)
    body = models.TextField("body", help_text="As it stood on the wire.")
    attributes = models.JSONField(
        "attributes", default=dict, help_text="SQS's own, and under MessageAttributes the sender's."
    )
    reason = models.TextField("reason")
    traceback = models.TextField("traceback", blank=True)
    receive_count = models.PositiveIntegerField("receive count", default=0)
    failed_at = models.DateTimeField("failed at", db_index=True)

    class Meta:
        verbose_name = "failed message"
        verbose_name_plural = "failed messages"
        ordering = ["-failed_at"]
        constraints = [models.UniqueConstraint(fields=["queue", "message_id"], name="django_sqs_one_row_per_message")]

    def __str__(self) -> str:
        return f"{self.message_id} of {self.queue}"
