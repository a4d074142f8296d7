"""Receivers that append what they got to the journal, as JSON in one word."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django_sqs import receiver, register
from django_sqs.message import (
    Base64Message,
    EventBridgeMessage,
    JSONMessage,
    MHMessage,
    S3EventMessage,
    S3PayloadMessage,
    SNSMessage,
)
from tests.end_to_end.receiving_app.receivers import note


def got(queue: str, **facts: Any) -> None:
    note(queue, "got", quote(json.dumps(facts, default=str)))


@receiver("uploads", message_class=S3EventMessage)
def uploads(message: S3EventMessage) -> None:
    for record in message.records:
        facts = dataclasses.asdict(record)
        del facts["raw"]
        got("uploads", **facts)


def told(queue: str, message: SNSMessage) -> None:
    attributes = {name: repr(value) for name, value in message.message_attributes.items()}
    got(queue, body=message.body, subject=message.subject, topic=message.topic_arn, attributes=attributes)


@receiver("news", message_class=SNSMessage)
def news(message: SNSMessage) -> None:
    told("news", message)


@receiver("prices", message_class=SNSMessage.of(JSONMessage))
def prices(message: SNSMessage) -> None:
    told("prices", message)


@receiver("bridge", message_class=EventBridgeMessage)
def bridge(message: EventBridgeMessage) -> None:
    got("bridge", source=message.source, kind=message.detail_type, detail=message.detail, time=message.time)


@receiver("reports", message_class=S3PayloadMessage, retry_delays=(1,))
def reports(message: S3PayloadMessage) -> None:
    got("reports", start=message.body[:5], length=len(message.body))


@receiver("async_reports", message_class=S3PayloadMessage)
async def async_reports(message: S3PayloadMessage) -> None:
    got("async_reports", start=message.body[:5], length=len(message.body))


@receiver("report_lists", message_class=S3PayloadMessage, batch=5, batch_window=1)
def report_lists(messages: list[S3PayloadMessage]) -> None:
    for message in messages:
        got("report_lists", start=message.body[:5])


@dataclass
class Order:
    number: int
    country: str = "PL"


@receiver("orders", payload=Order)
def orders(order: Order, message: Any) -> None:
    got("orders", number=order.number, country=order.country, id=message.id)


@receiver("imports", message_class=JSONMessage)
def imports(message: JSONMessage) -> None:
    got("imports", body=message.body, attributes={name: repr(v) for name, v in message.message_attributes.items()})


@receiver("old", message_class=Base64Message)
def old(message: Base64Message) -> None:
    got("old", body=message.body)


@receiver("old_jobs", message_class=MHMessage)
def old_jobs(message: MHMessage) -> None:
    got("old_jobs", **dict(message))


register("exports", message_class=JSONMessage)
