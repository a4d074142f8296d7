"""Messages that are not due: sent on and deleted, without having been run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext

from django_sqs import signals
from django_sqs.message import Message
from django_sqs.message.attributes import DUE_ATTRIBUTE
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.runner import Runner
from django_sqs.receiving.settlement import NOTHING
from tests.receiving.support import FakeQueue, Outcomes, Registering, actions, holdings, refused, unreachable
from tests.receiving.support import held as held_message


def delayed(name: str, seconds: float | str, **more: Any) -> HeldMessage:
    """A message that is due in so many seconds, or when its attribute says."""
    due = seconds if isinstance(seconds, str) else f"{time.time() + seconds:.3f}"
    attributes = {DUE_ATTRIBUTE: {"DataType": "Number", "StringValue": due}, **more.pop("attributes", {})}
    return held_message(name, MessageAttributes=attributes, **more)


class Desk:
    """A runner, its queue, and what it did."""

    def __init__(self, registered: Registering, physical: FakeQueue, fn: Any = None, **options: Any) -> None:
        self.got: list[Any] = []
        self.physical = physical
        self.holdings = holdings(8)
        self.settler = Outcomes(physical, self.holdings)
        queue = registered(fn or self.got.append, **options)
        self.runner = Runner(queue, physical, None, self.holdings, self.settler)

    def run(self, *messages: HeldMessage) -> None:
        self.runner.run(messages)

    def arun(self, *messages: HeldMessage) -> None:
        async def slot() -> None:
            async with ThreadSensitiveContext() as context:
                await self.runner.arun(messages, context)

        asyncio.run(slot())

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [entry for call in self.physical.made("send") for entry in call]


Start = Callable[..., Desk]


@pytest.fixture
def start(registered: Registering, physical: FakeQueue, settings: Any) -> Start:
    settings.SQS_KEEP_FAILED = False
    return lambda fn=None, **options: Desk(registered, physical, fn, **options)


def test_a_message_that_is_not_due_is_sent_on_and_deleted_without_being_run(start: Start) -> None:
    desk = start()
    desk.run(delayed("a", 5000))
    assert (desk.got, desk.settler.noted) == ([], {"a": None})
    assert [entry["DelaySeconds"] for entry in desk.entries] == [900]


def test_its_last_hop_is_as_long_as_what_is_left(start: Start) -> None:
    desk = start()
    desk.run(delayed("a", 99.5))
    assert [entry["DelaySeconds"] for entry in desk.entries] == [100]


@pytest.mark.parametrize("seconds", [-0.5, -1e9])
def test_a_message_that_is_due_is_run(start: Start, seconds: float) -> None:
    desk = start()
    desk.run(delayed("a", seconds, attributes={"n": {"DataType": "Number", "StringValue": "1"}}))
    (message,) = desk.got
    assert message.message_attributes == {"n": 1}
    assert desk.entries == []


def test_all_that_it_came_with_is_sent_on(start: Start) -> None:
    desk = start()
    attributes = {
        "text": {"DataType": "String.label", "StringValue": "x"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
    }
    held = delayed("a", 5000, body="ü", group="tenant", attributes=attributes)
    held.raw["Attributes"]["AWSTraceHeader"] = "Root=1-5759e988-bd862e3fe1be46a994272793"
    desk.run(held)
    (entry,) = desk.entries
    assert entry == {
        "MessageBody": "ü",
        "MessageAttributes": held.raw["MessageAttributes"],
        "MessageGroupId": "tenant",
        "MessageSystemAttributes": {
            "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}
        },
        "DelaySeconds": 900,
    }


def test_nobody_is_told_of_a_hop(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Any] = []

    def listen(**facts: Any) -> None:
        told.append(facts)

    every = [signals.message_received, signals.message_succeeded, signals.message_failed, signals.message_retried]
    for signal in every:
        signal.connect(listen)
    try:
        with caplog.at_level("DEBUG", "django_sqs"):
            start().run(delayed("a", 5000))
    finally:
        for signal in every:
            signal.disconnect(listen)
    assert told == []
    assert actions(caplog.records) == ["sent_on"]


@pytest.mark.parametrize("answer", [unreachable(), refused(0), refused(0, permanent=True), lambda: 1 / 0])
def test_one_that_cannot_be_sent_on_stays(
    start: Start, answer: Any, caplog: pytest.LogCaptureFixture, no_jitter: None
) -> None:
    desk = start(on_error="delete", retry_delays=(30,))
    desk.physical.answer("send", answer)
    desk.run(delayed("a", 5000))
    assert (desk.got, desk.settler.noted) == ([], {"a": 30})
    assert "not_sent_on" in actions(caplog.records)


def test_one_that_stays_does_not_stay_longer_than_it_is_due(start: Start, no_jitter: None) -> None:
    desk = start(retry_delays=(600,))
    desk.physical.answer("send", unreachable())
    desk.run(delayed("a", 20))
    (seconds,) = desk.settler.noted.values()
    assert isinstance(seconds, float)
    assert 10 < seconds < 21


def test_it_is_not_its_receive_count_that_decides(start: Start) -> None:
    desk = start(on_error="retry", max_receives=1)
    desk.run(delayed("a", 5000, count=500))
    assert desk.settler.noted == {"a": None}
    assert len(desk.entries) == 1


def test_of_a_batch_only_those_that_are_due_are_run_and_the_others_share_requests(start: Start) -> None:
    desk = start(batch=30)
    desk.physical.answer("send", refused(1))
    early = [delayed(f"e{number}", 5000) for number in range(12)]
    desk.run(held_message("a"), *early[:6], delayed("b", -5), *early[6:])
    (messages,) = desk.got
    assert [message.id for message in messages] == ["a", "b"]
    assert [len(call) for call in desk.physical.made("send")] == [10, 2]
    stayed = [name for name, outcome in desk.settler.noted.items() if outcome is not None]
    assert stayed == ["e1"]
    assert len(desk.settler.noted) == 14


def test_a_request_is_no_larger_than_sqs_takes(start: Start) -> None:
    desk = start(batch=30)
    desk.run(*(delayed(str(number), 5000, body="x" * 400_000) for number in range(5)))
    assert [len(call) for call in desk.physical.made("send")] == [2, 2, 1]


def test_coroutines_do_not_wait_for_a_hop(start: Start) -> None:
    got: list[str | None] = []

    async def fn(message: Message) -> None:
        got.append(message.id)

    desk = start(fn)
    desk.arun(delayed("a", 5000))
    desk.arun(delayed("b", -1))
    assert (got, desk.settler.noted) == (["b"], {"a": None, "b": None})
    assert len(desk.entries) == 1


class TestWithDeleteOnStart:
    def test_it_is_deleted_before_it_is_sent_on(self, start: Start) -> None:
        desk = start(delete_on_start=True)
        desk.run(delayed("a", 5000))
        assert [name for name, _ in desk.physical.calls] == ["delete", "send"]
        assert desk.entries[0]["DelaySeconds"] == 900
        assert desk.entries[0]["MessageAttributes"][DUE_ATTRIBUTE]
        assert (desk.got, desk.settler.noted) == ([], {"a": NOTHING})

    def test_it_stays_where_it_cannot_be_deleted(self, start: Start, no_jitter: None) -> None:
        desk = start(delete_on_start=True, retry_delays=(30,))
        desk.physical.answer("delete", unreachable())
        desk.run(delayed("a", 5000))
        assert (desk.entries, desk.settler.noted) == ([], {"a": 30})

    def test_it_is_kept_where_it_cannot_be_sent_on(self, start: Start, caplog: pytest.LogCaptureFixture) -> None:
        desk = start(delete_on_start=True)
        desk.physical.answer("send", unreachable())
        desk.run(delayed("a", 5000))
        assert "not_sent_anew" in actions(caplog.records)
        assert desk.settler.noted == {"a": NOTHING}


@pytest.mark.parametrize(("due", "reason"), [("soon", "no number of seconds"), ("9" * 13, "more than ten years ahead")])
def test_a_time_that_makes_no_sense_is_a_reason_to_reject_it(
    start: Start, due: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = start()
    desk.run(delayed("a", due))
    assert (desk.got, desk.entries, desk.settler.noted) == ([], [], {"a": None})
    assert f"its attribute django_sqs_due makes no sense: {due!r} is {reason}" in caplog.text


def test_a_fifo_queue_rejects_what_is_not_due(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    desk = start(name="jobs.fifo")
    desk.run(delayed("a", 5000, group="g"))
    assert (desk.got, desk.entries) == ([], [])
    assert actions(caplog.records) == ["rejected"]


def test_what_another_has_decided_on_is_not_sent_on(start: Start) -> None:
    desk = start()
    held = delayed("a", 5000)
    assert desk.holdings.claim(held)
    desk.run(held)
    assert (desk.got, desk.entries, desk.settler.noted) == ([], [], {})
