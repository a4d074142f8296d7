"""Delays: what SQS is told, and what a message carries that is to come later than that."""

from __future__ import annotations

import math
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs import register, send
from django_sqs.exceptions import InvalidMessage
from django_sqs.message import Message
from django_sqs.message.attributes import DUE_ATTRIBUTE
from django_sqs.registered_queue import QueueDestination, RegisteredQueue
from django_sqs.registry import Queues
from django_sqs.sending.delays import MAX_AHEAD_SECS, due_time, hop, seconds_until_due
from django_sqs.sending.options import SendOptions
from django_sqs.sending.outgoing import MAX_BYTES, Outgoing, prepare
from django_sqs.testing import capture


def prepared(queue: RegisteredQueue, body: str = "a", **options: Any) -> Outgoing:
    return prepare(QueueDestination(queue, None), Message(body=body), SendOptions(**options))


def due(outgoing: Outgoing) -> float:
    return float(outgoing.entry["MessageAttributes"][DUE_ATTRIBUTE]["StringValue"])


@given(delay=st.floats(0, MAX_AHEAD_SECS))
def test_sqs_is_told_whole_seconds_and_at_most_fifteen_minutes(delay: float) -> None:
    assert hop(delay) == min(900, math.ceil(delay))
    before = time.time()
    when = due_time(delay)
    assert (when is None) == (delay <= 900)
    assert when is None or before + delay <= when <= time.time() + delay + 1


class TestAMessage:
    @pytest.mark.parametrize("options", [{"delay": 900}, {"delay": 0.5}, {"delay": timedelta(minutes=15)}])
    def test_that_sqs_can_delay_carries_nothing(self, letters: RegisteredQueue, options: dict[str, Any]) -> None:
        assert prepared(letters, **options).entry.keys() == {"MessageBody", "DelaySeconds"}

    @pytest.mark.parametrize(
        "options", [{"delay": 7200}, {"delay": timedelta(hours=2)}, {"eta": timedelta(hours=2)}], ids=str
    )
    def test_that_sqs_cannot_delay_tells_when_it_is_due(
        self, letters: RegisteredQueue, options: dict[str, Any]
    ) -> None:
        if "eta" in options:
            options = {"eta": datetime.now(tz=timezone.utc) + options["eta"]}
        before = time.time()
        outgoing = prepared(letters, message_attributes={"n": 1}, **options)
        assert outgoing.entry["DelaySeconds"] == 900
        assert before + 7199 < due(outgoing) <= time.time() + 7201
        assert outgoing.entry["MessageAttributes"][DUE_ATTRIBUTE]["DataType"] == "Number"
        assert outgoing.message.message_attributes == {"n": 1}, "what is ours is not shown"

    def test_that_was_due_before_goes_at_once(self, letters: RegisteredQueue) -> None:
        entry = prepared(letters, eta=datetime(2000, 1, 1, tzinfo=timezone.utc)).entry
        assert entry == {"MessageBody": "a"}

    def test_has_room_for_nine_attributes_of_its_own(self, letters: RegisteredQueue) -> None:
        nine = {f"x{number}": 1 for number in range(9)}
        assert len(prepared(letters, delay=901, message_attributes=nine).entry["MessageAttributes"]) == 10
        with pytest.raises(InvalidMessage, match=r"it has 10 .* delayed for more than 900 seconds, SQS allows 9"):
            prepared(letters, delay=901, message_attributes={**nine, "y": 1})
        assert prepared(letters, delay=900, message_attributes={**nine, "y": 1})

    def test_counts_the_time_as_part_of_its_size(self, letters: RegisteredQueue) -> None:
        assert prepared(letters, "x" * MAX_BYTES, delay=900)
        with pytest.raises(InvalidMessage, match="1 MiB"):
            prepared(letters, "x" * MAX_BYTES, delay=901)
        assert prepared(letters, delay=901).size == len("a" + DUE_ATTRIBUTE + "Number" + "1234567890")

    def test_cannot_be_given_the_attribute_itself(self, letters: RegisteredQueue) -> None:
        with pytest.raises(InvalidMessage, match="'django_sqs_due' tells of delays; give delay= or eta="):
            prepared(letters, message_attributes={DUE_ATTRIBUTE: 5})

    @pytest.mark.parametrize("options", [{"delay": 1}, {"delay": 5000}, {"eta": timedelta(days=1)}], ids=str)
    def test_of_a_fifo_queue_is_refused_with_the_reason(self, own_queues: Queues, options: dict[str, Any]) -> None:
        if "eta" in options:
            options = {"eta": datetime.now(tz=timezone.utc) + options["eta"]}
        with pytest.raises(InvalidMessage, match="a FIFO queue takes no delay or eta for a single message: SQS delays"):
            prepared(register("orders.fifo"), group_id="g", **options)

    def test_is_captured_with_the_delay_that_was_asked_for(self, letters: RegisteredQueue) -> None:
        with capture() as sent:
            send("letters", body="a", delay=timedelta(days=2), message_attributes={"n": 1})
        assert (sent[0].delay, sent[0].message_attributes) == (172_800, {"n": 1})

    def test_does_not_show_the_attribute_when_it_is_received(self, letters: RegisteredQueue) -> None:
        attributes = prepared(letters, delay=901, message_attributes={"n": 1}).entry["MessageAttributes"]
        assert Message.from_received({"MessageAttributes": attributes}).message_attributes == {"n": 1}


class TestATimeOnTheWire:
    @pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", " 5", "٣", "9" * 16, "5.", "nan", None])
    def test_that_is_none_is_refused(self, text: str | None) -> None:
        with pytest.raises(ValueError, match="is no number of seconds since 1970"):
            seconds_until_due({"DataType": "Number", "StringValue": text})

    def test_in_milliseconds_is_refused(self) -> None:
        with pytest.raises(ValueError, match="more than ten years ahead; it has to be in seconds"):
            seconds_until_due({"StringValue": str(int(time.time() * 1000))})

    @pytest.mark.parametrize("ahead", [-1e9, -1, 100, 10_000_000])
    def test_is_seconds_of_the_epoch(self, ahead: float) -> None:
        left = seconds_until_due({"StringValue": f"{time.time() + ahead:.3f}"})
        assert ahead - 5 < left < ahead + 1
