"""Receivers of each kind, in processes where the longest delay is two seconds."""

from __future__ import annotations

from django_sqs import receiver
from django_sqs.message import Message
from django_sqs.sending import delays
from tests.end_to_end.receiving_app.receivers import note

delays.MAX_DELAY_SECS = 2


def told(queue: str, message: Message) -> None:
    attributes = ",".join(f"{name}={value!r}" for name, value in sorted(message.message_attributes.items()))
    note(queue, "start", message.body, message.group_id, attributes)


@receiver("later", visibility_timeout=2)
def later(message: Message) -> None:
    told("later", message)


@receiver("later_coroutines")
async def later_coroutines(message: Message) -> None:
    told("later_coroutines", message)


@receiver("later_batched", batch=5, batch_window=0.1)
def later_batched(messages: list[Message]) -> None:
    for message in messages:
        told("later_batched", message)


@receiver("later_once", delete_on_start=True)
def later_once(message: Message) -> None:
    told("later_once", message)
