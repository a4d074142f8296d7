"""Events that a rule of Amazon EventBridge puts into a queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django_sqs.exceptions import InvalidBody, UndecodableBody
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.message.facts import may_have, need, shown
from django_sqs.message.json_body import dump_json, load_json
from django_sqs.message.moments import format_moment, parse_moment


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event, as EventBridge tells of it."""

    #: EventBridge's id of the event; the same when it is delivered twice.
    id: str
    #: Who tells: "aws.ec2", or the name of an application.
    source: str
    #: Of what kind it is; with the source it says what `detail` has.
    detail_type: str
    detail: Mapping[str, Any]
    time: datetime
    #: The ARNs of what it is about.
    resources: Sequence[str] = field(default=())
    account: str = ""
    region: str = ""


def read_event(value: Any) -> Event:
    """The event that an object of JSON is. Raises `UndecodableBody` naming what is missing or wrong."""
    if not isinstance(value, dict) or "detail-type" not in value:
        raise UndecodableBody('the body is no event of EventBridge, which is an object with "detail-type"')
    # EventBridge tells these three always; its imitations do not.
    resources = may_have(value, "resources", list) or []
    if not all(isinstance(resource, str) for resource in resources):
        raise UndecodableBody(f"resources of the body is {shown(resources)}, not an array of text")
    try:
        time = parse_moment(value.get("time"))
    except ValueError as error:
        raise UndecodableBody(f"time of the body is not right: {error}") from error
    return Event(
        id=need(value, "id", str),
        source=need(value, "source", str),
        detail_type=need(value, "detail-type", str),
        detail=need(value, "detail", dict),
        time=time,
        resources=tuple(resources),
        account=may_have(value, "account", str) or "",
        region=may_have(value, "region", str) or "",
    )


class EventBridgeMessage(BaseMessage[Event]):
    """An event of EventBridge: of an AWS service, a partner, or an application that calls PutEvents.

    The body is an `Event`. Its parts are at hand on the message too; `id` is SQS's there, as on every message, and the
    event's is `event_id`. A rule that sends only a part of the event or transforms it sends no event: use JSONMessage.
    """

    def set_body(self, body: Event) -> None:
        if not isinstance(body, Event):
            raise InvalidBody(message_class=type(self).__name__, reason=f"it takes an Event, not {shorten(str(body))}")
        super().set_body(body)

    def encode(self, body: Event) -> str:
        return dump_json(
            {
                "version": "0",
                "id": body.id,
                "detail-type": body.detail_type,
                "source": body.source,
                "account": body.account,
                "time": format_moment(body.time),
                "region": body.region,
                "resources": list(body.resources),
                "detail": dict(body.detail),
            }
        )

    def decode(self, raw_body: str) -> Event:
        return read_event(load_json(raw_body))

    @property
    def event_id(self) -> str:
        """EventBridge's id of the event."""
        return self.get_body().id

    @property
    def source(self) -> str:
        """Who tells: "aws.ec2", or the name of an application."""
        return self.get_body().source

    @property
    def detail_type(self) -> str:
        """Of what kind it is."""
        return self.get_body().detail_type

    @property
    def detail(self) -> Mapping[str, Any]:
        """What happened."""
        return self.get_body().detail

    @property
    def time(self) -> datetime:
        """When it happened."""
        return self.get_body().time

    @property
    def resources(self) -> Sequence[str]:
        """The ARNs of what it is about."""
        return self.get_body().resources

    @property
    def account(self) -> str:
        """The account it happened in."""
        return self.get_body().account

    @property
    def region(self) -> str:
        """The region it happened in."""
        return self.get_body().region
