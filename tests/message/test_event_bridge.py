"""Events of EventBridge."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest

from django_sqs.exceptions import InvalidBody, UndecodableBody
from django_sqs.message import Event, EventBridgeMessage, SNSMessage
from tests.message.samples import envelope, event, received

AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone.utc)


def message_of(**more: Any) -> EventBridgeMessage:
    return EventBridgeMessage.from_received(received(json.dumps(event(**more))))


def test_an_event_has_its_parts_on_the_message() -> None:
    message = message_of()
    assert (message.source, message.detail_type) == ("aws.ecr", "ECR Image Action")
    assert message.detail == {"result": "SUCCESS", "repository-name": "shop"}
    assert message.time == AT
    assert message.resources == ("arn:aws:ecr:eu-west-1:111122223333:repository/shop",)
    assert (message.account, message.region) == ("111122223333", "eu-west-1")


def test_the_ids_of_event_and_message_are_told_apart() -> None:
    message = message_of()
    assert message.event_id == message.body.id == "17793124-05d4-b198-2fde-7ededc63b103"
    assert message.id == "sqs-id"


def test_the_body_is_the_event_as_a_whole() -> None:
    message = message_of()
    assert isinstance(message.body, Event)
    for name in ("source", "detail_type", "detail", "time", "resources", "account", "region"):
        assert getattr(message.body, name) == getattr(message, name)


def test_an_event_may_come_through_a_topic() -> None:
    message = SNSMessage.of(EventBridgeMessage).from_received(received(envelope(json.dumps(event()))))
    assert message.body.source == "aws.ecr"
    assert isinstance(message.inner, EventBridgeMessage)
    assert message.inner.detail["result"] == "SUCCESS"


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ("2026-05-04T03:02:01Z", AT),
        ("2026-05-04T03:02:01", AT),
        ("2026-05-04T05:02:01+02:00", AT),
        (1_777_863_721, AT),
        (1_777_863_721.0, AT),
    ],
)
def test_a_time_is_aware_however_it_is_written(told: Any, time: datetime) -> None:
    assert message_of(time=told).time == time
    assert message_of(time=told).time.utcoffset() is not None


@pytest.mark.parametrize("wire", ["", "text", "[]", "{}", "null", '{"detail": {}}', envelope("x")])
def test_a_body_that_is_no_event_is_rejected(wire: str) -> None:
    with pytest.raises(UndecodableBody):
        EventBridgeMessage.from_received(received(wire)).get_body()


def test_what_an_imitation_of_event_bridge_leaves_out_is_empty() -> None:
    message = message_of(account=None, region=None, resources=None)
    assert (message.account, message.region, message.resources) == ("", "", ())


MISSING = [(name, None) for name in ("id", "source", "time", "detail")]
ODD = [(name, value) for name in ("id", "source", "account", "region", "detail") for value in (5, ["a"], True)]


@pytest.mark.parametrize(("name", "value"), [*MISSING, *ODD, ("resources", 5), ("resources", {"a": 1}), ("time", [])])
def test_a_part_that_is_missing_or_of_another_type_is_named(name: str, value: Any) -> None:
    with pytest.raises(UndecodableBody, match=name):
        message_of(**{name: value}).get_body()


@pytest.mark.parametrize("time", ["tomorrow", "2026-13-01T00:00:00Z", 1e20, -1e20, True, {}])
def test_a_time_that_is_none_is_rejected(time: Any) -> None:
    with pytest.raises(UndecodableBody, match="time of the body is not right"):
        message_of(time=time).get_body()


def test_resources_are_text() -> None:
    with pytest.raises(UndecodableBody, match=r"resources of the body is \[5\]"):
        message_of(resources=[5]).get_body()


def test_an_event_that_we_send_looks_as_event_bridge_would_send_it() -> None:
    given = Event(
        id="1", source="shop", detail_type="Order Placed", detail={"n": 1}, time=AT, resources=["a"], account="1"
    )
    told = json.loads(EventBridgeMessage(body=given).raw_body)
    assert told == {
        "version": "0",
        "id": "1",
        "detail-type": "Order Placed",
        "source": "shop",
        "account": "1",
        "time": "2026-05-04T03:02:01Z",
        "region": "",
        "resources": ["a"],
        "detail": {"n": 1},
    }
    back = EventBridgeMessage.from_received(received(json.dumps(told))).body
    assert (back.detail, back.time, back.resources) == (given.detail, given.time, ("a",))


@pytest.mark.parametrize("body", [None, {}, "text", event()])
def test_only_an_event_can_be_sent(body: Any) -> None:
    with pytest.raises(InvalidBody, match="it takes an Event"):
        EventBridgeMessage(body=body)
