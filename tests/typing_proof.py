"""Proves, to mypy, what users' editors and type checkers see. `make lint` checks this file; nothing runs it.

A line with "type: ignore" is a wrong use that must be found: where mypy finds nothing wrong there, it says so
(warn_unused_ignores).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import django_sqs
from django_sqs import queues, receiver, register, send, send_many
from django_sqs.message import (
    BaseMessage,
    DataclassMessage,
    EventBridgeMessage,
    JSONMessage,
    Message,
    MHMessage,
    ModelInstanceMessage,
    ModelReference,
    S3EventMessage,
    SNSMessage,
)
from django_sqs.receiver_proxy import ReceiverProxy
from django_sqs.registered_queue import QueueStatus, RegisteredQueue
from django_sqs.testing import Capture, SentMessage, capture, run_receivers

if TYPE_CHECKING:
    from typing_extensions import assert_type


# --- the decorator, bare, with a name, with options


@receiver
def bare(message: Message) -> int:
    return len(message.body)


@receiver("named")
def named(message: JSONMessage) -> None:
    assert_type(message.body, Any)


@receiver(
    "with_options",
    visibility_timeout=30,
    message_class=JSONMessage,
    delete_on_start=False,
    close_database=True,
    suffixes=("big", "small"),
    concurrency=4,
    processes=2,
    on_error="retry",
    retry_delays=[10, 20.5],
    max_receives=5,
    dead_letter="graveyard",
)
def with_options(message: JSONMessage, *, loud: bool = False) -> str:
    return str(message.body)


@receiver(message_class=ModelInstanceMessage, retry_delays=lambda count: count * 2.0)
def without_a_name(message: ModelInstanceMessage) -> None:
    assert_type(message.body, ModelReference)


@receiver("asynchronous")
async def asynchronous(message: Message) -> bytes:
    return message.body.encode()


proxies: list[ReceiverProxy[..., Any]] = [bare, named, with_options, without_a_name, asynchronous]
functions: tuple[Callable[[Message], int], Callable[[JSONMessage], None], Callable[[ModelInstanceMessage], None]]
functions = (bare.direct, named.direct, without_a_name.direct)
receiver("odd", concurency=4)  # type: ignore[call-overload]
receiver("odd", visibility_timeout="30")  # type: ignore[call-overload]
receiver("odd", message_class=str)  # type: ignore[arg-type]
receiver("odd", on_error="ignore")  # type: ignore[call-overload]
receiver(5)  # type: ignore[call-overload]
receiver("odd")(5)  # type: ignore[arg-type]


# --- the proxy


def the_proxy_enqueues() -> None:
    assert_type(bare(body="a"), BaseMessage[Any])
    assert_type(bare(Message(body="a")), BaseMessage[Any])
    assert_type(bare(body="a", suffix="big", delay=timedelta(minutes=5)), BaseMessage[Any])
    assert_type(bare.send_many([Message(body="a"), {"body": "b"}], suffix="big"), int)
    assert_type(bare.registered_queue, RegisteredQueue)
    bare("text")  # type: ignore[arg-type]
    bare(5)  # type: ignore[arg-type]
    bare(Message(body="a"), "big")  # type: ignore[call-arg]
    bare.send_many(["text"])  # type: ignore[list-item]
    bare.send_many(5)  # type: ignore[arg-type]
    _ = bare.nonsense  # type: ignore[attr-defined]


async def the_proxy_can_be_awaited() -> None:
    assert_type(await bare.asend(body="a"), BaseMessage[Any])
    assert_type(await bare.asend_many([{"body": "a"}]), int)
    await bare.asend("text")  # type: ignore[arg-type]


async def direct_keeps_the_signature() -> None:
    assert_type(bare.direct(Message(body="a")), int)
    assert_type(with_options.direct(JSONMessage(body=1), loud=True), str)
    assert_type(await asynchronous.direct(Message(body="a")), bytes)
    bare.direct("text")  # type: ignore[arg-type]
    bare.direct()  # type: ignore[call-arg]
    with_options.direct(JSONMessage(body=1), quiet=True)  # type: ignore[call-arg]


# --- the registry


def handle(message: Message) -> None: ...


def registering() -> None:
    assert_type(register("queue", handle), RegisteredQueue)
    assert_type(register("send_only", message_class=JSONMessage, suffixes=["big"]), RegisteredQueue)
    assert_type(register(None, handle), RegisteredQueue)
    register("queue", 5)  # type: ignore[arg-type]
    register("queue", processes="2")  # type: ignore[arg-type]
    register("queue", nonsense=1)  # type: ignore[call-arg]
    register()  # type: ignore[call-arg]


def the_registry_is_a_mapping() -> None:
    assert_type(queues["queue"], RegisteredQueue)
    for name, queue in queues.items():
        assert_type(name, str)
        assert_type(queue, RegisteredQueue)
    queues["queue"] = 5  # type: ignore[index]
    _ = queues[5]  # type: ignore[index]


def sending_by_name() -> None:
    assert_type(send("queue", Message(body="a"), "big"), BaseMessage[Any])
    assert_type(send("queue", body="a", delay=5), BaseMessage[Any])
    assert_type(send("queue", body="a").id, str | None)
    assert_type(send_many("queue", (Message(body=text) for text in "ab")), int)
    send("queue", "text")  # type: ignore[arg-type]
    send()  # type: ignore[call-arg]
    send_many("queue", "text")  # type: ignore[arg-type]


async def sending_by_name_can_be_awaited() -> None:
    assert_type(await django_sqs.asend("queue", body="a"), BaseMessage[Any])
    assert_type(await django_sqs.asend_many("queue", [{"body": "a"}]), int)


def a_queue_has_its_verbs(queue: RegisteredQueue) -> None:
    assert_type(queue.full_name("big"), str)
    assert_type(queue.status(), QueueStatus)
    assert_type(queue.ping(), bool)
    assert_type(queue.receive_single(wait=5), BaseMessage[Any] | None)
    queue.full_name(5)  # type: ignore[arg-type]
    queue.status().wating  # type: ignore[attr-defined]  # noqa: B018


# --- messages


class Order(BaseMessage[tuple[int, str]]):
    """A class of a user's own."""

    def __init__(self, *, number: int, customer: str) -> None:
        super().__init__(body=(number, customer))

    def encode(self, body: tuple[int, str]) -> str:
        return f"{body[0]} {body[1]}"

    def decode(self, raw_body: str) -> tuple[int, str]:
        number, customer = raw_body.split(" ", 1)
        return int(number), customer


def messages_have_typed_bodies() -> None:
    assert_type(Message(body="a").body, str)
    assert_type(Order(number=5, customer="a").get_body(), tuple[int, str])
    assert_type(Order.from_received({}), Order)
    Message(body=5)  # type: ignore[arg-type]
    Message("a")  # type: ignore[call-arg]
    Order(number="5", customer="a")  # type: ignore[arg-type]
    Message(body="a").body = 5  # type: ignore[assignment]


@receiver("orders", message_class=Order)
def order(message: Order) -> None:
    assert_type(message.body[0], int)


# --- payloads


@dataclass
class Parcel:
    number: int


@receiver("parcels", payload=Parcel)
def parcel(given: Parcel) -> int:
    return given.number


@receiver("parcels_with_messages", payload=Parcel, concurrency=2)
async def parcel_and_message(given: Parcel, message: DataclassMessage[Parcel]) -> None:
    assert_type(message.body, Parcel)


@receiver("lists_of_parcels", payload=Parcel, batch=10)
def parcels(given: list[Parcel], messages: list[BaseMessage[Any]]) -> list[Parcel]:
    return given[:1]


def payloads() -> None:
    assert_type(parcel(Parcel(1)), BaseMessage[Any])
    assert_type(parcel.send_many([Parcel(1), {"body": Parcel(2)}]), int)
    assert_type(parcel.direct(Parcel(1)), int)
    assert_type(parcels.direct([Parcel(1)], []), list[Parcel])
    assert_type(DataclassMessage.of(Parcel)(body=Parcel(1)).body, Parcel)
    register("parcels", payload=Parcel)
    parcel("text")  # type: ignore[arg-type]
    parcel.send_many([1])  # type: ignore[list-item]
    parcel.direct("text")  # type: ignore[arg-type]
    receiver("odd", payload=Parcel)(named.direct)  # type: ignore[arg-type]
    receiver("odd", payload=Parcel, batch=10)(parcel.direct)  # type: ignore[arg-type]
    receiver("odd", payload=Parcel(1))  # type: ignore[call-overload]
    DataclassMessage.of(Parcel)(body="text")  # type: ignore[arg-type]


# --- what others send


@receiver("uploads", message_class=S3EventMessage)
def upload(message: S3EventMessage) -> None:
    for record in message.records:
        assert_type(record.key, str)
        assert_type(record.size, int | None)


@receiver("events", message_class=EventBridgeMessage)
def event(message: EventBridgeMessage) -> None:
    assert_type(message.time, datetime)
    assert_type(message.body.id, str)


@receiver("news", message_class=SNSMessage.of(JSONMessage))
def news(message: SNSMessage) -> None:
    assert_type(message.subject, str | None)
    assert_type(message.inner, BaseMessage[Any])


@receiver("jobs", message_class=MHMessage)
def job(message: MHMessage) -> None:
    assert_type(message["command"], str)


# --- the control flow


def a_receiver_may_raise(message: Message) -> None:
    if message.receive_count < 3:
        raise django_sqs.RestartLater(delay=timedelta(seconds=30))
    if message.body:
        raise django_sqs.Reject("no more")
    raise django_sqs.RestartLater("soon")  # type: ignore[arg-type]


# --- the tools for tests


@capture
def captured(text: str) -> int:
    with capture() as sent:
        assert_type(sent, list[SentMessage])
        assert_type(sent[0].state == "waiting", bool)
    assert_type(run_receivers("queue", "big", limit=5), int)
    run_receivers(bare)
    run_receivers(5)  # type: ignore[arg-type]
    return len(text)


assert_type(captured("a"), int)
assert_type(capture(kwarg_name="sent"), Capture)
captured(5)  # type: ignore[arg-type]
