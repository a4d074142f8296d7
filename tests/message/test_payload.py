"""Receivers that are called with a payload, and proxies that take one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from django_sqs import BatchFailed, asend, receiver, register, send, send_many
from django_sqs.exceptions import InvalidBody, InvalidOption, UndecodableBody, WrongArgument
from django_sqs.message import (
    BaseMessage,
    DataclassMessage,
    JSONMessage,
    Message,
    S3EventMessage,
    S3PayloadMessage,
    SNSMessage,
)
from django_sqs.receiver_proxy import PayloadProxy
from django_sqs.registry import Queues
from django_sqs.testing import capture, run_receivers
from tests.message.samples import envelope, received

pytestmark = pytest.mark.usefixtures("own_queues")


@dataclass
class Order:
    number: int
    country: str = "PL"


def wires(sent: list[Any]) -> list[str]:
    return [one.body for one in sent]


class TestTheProxy:
    def test_takes_an_instance(self) -> None:
        @receiver("orders", payload=Order, suffixes=("big",))
        def ship(order: Order) -> None: ...

        assert isinstance(ship, PayloadProxy)
        with capture() as sent:
            message = ship(Order(7))
            ship(Order(8), suffix="big", message_attributes={"a": 1})
            ship(body=Order(9))
            ship(DataclassMessage.of(Order)(body=Order(10)))
        assert wires(sent) == [f'{{"number":{n},"country":"PL"}}' for n in (7, 8, 9, 10)]
        assert (sent[1].suffix, sent[1].message_attributes) == ("big", {"a": 1})
        assert message.body == Order(7)
        assert message.id == sent[0].id

    def test_takes_many(self) -> None:
        @receiver("orders", payload=Order)
        def ship(order: Order) -> None: ...

        with capture() as sent:
            assert ship.send_many([Order(1), {"body": Order(2)}, DataclassMessage.of(Order)(body=Order(3))]) == 3
            assert ship.send_many(Order(n) for n in (4, 5)) == 2
        assert [one.message.body.number for one in sent] == [1, 2, 3, 4, 5]

    def test_can_be_awaited(self) -> None:
        @receiver("orders", payload=Order)
        def ship(order: Order) -> None: ...

        async def place() -> None:
            await ship.asend(Order(1))
            await ship.asend_many([Order(2)])
            await asend("orders", Order(3))  # type: ignore[arg-type]

        with capture() as sent:
            asyncio.run(place())
        assert [one.message.body.number for one in sent] == [1, 2, 3]

    @pytest.mark.parametrize("given", ["text", 7, {"number": 7}, JSONMessage(body=1), object()])
    def test_takes_nothing_else(self, given: Any) -> None:
        @receiver("orders", payload=Order)
        def ship(order: Order) -> None: ...

        with capture() as sent:
            told = r"takes messages of the class DataclassMessage\.of\(Order\), not .*\. Give Order\(\.\.\.\), or a"
            with pytest.raises(WrongArgument, match=told):
                ship(given)
            with pytest.raises(InvalidBody, match="number is 'x'"):
                ship(Order("x"))  # type: ignore[arg-type]
        assert not sent

    def test_has_the_function_itself(self) -> None:
        @receiver("orders", payload=Order)
        def ship(order: Order) -> int:
            return order.number

        assert ship.direct(Order(7)) == 7

    def test_is_not_needed_to_send(self) -> None:
        register("orders", payload=Order)
        with capture() as sent:
            send("orders", Order(1))  # type: ignore[arg-type]
            send_many("orders", [Order(2)])  # type: ignore[list-item]
        assert [one.message.body.number for one in sent] == [1, 2]


class TestTheReceiver:
    def test_is_called_with_the_payload(self) -> None:
        got = []

        @receiver("orders", payload=Order)
        def ship(order: Order) -> None:
            got.append(order)

        with capture():
            ship(Order(7, "FR"))
            assert run_receivers(ship) == 1
        assert got == [Order(7, "FR")]

    def test_is_called_with_the_message_too_where_it_takes_it(self) -> None:
        got: list[Any] = []

        @receiver("orders", payload=Order)
        def ship(order: Order, message: BaseMessage[Order]) -> None:
            got.extend((order, message))

        with capture() as sent:
            ship(Order(7))
            run_receivers(ship)
        assert got[0] == Order(7)
        assert got[0] is got[1].body
        assert got[1].id == sent[0].id

    @pytest.mark.parametrize(
        ("source", "wanted"),
        [
            ("lambda order: 0", False),
            ("lambda order, message: 0", True),
            ("lambda order, anything: 0", True),
            ("lambda order, message=None: 0", True),
            ("lambda order, dry_run=False: 0", False),
            ("lambda order, *rest: 0", False),
            ("lambda *all: 0", False),
            ("lambda order, *, loud=False: 0", False),
            ("lambda order, **more: 0", False),
            ("print", False),
        ],
    )
    def test_is_asked_by_its_signature(self, source: str, wanted: bool) -> None:
        from django_sqs.message.payload import wants_message

        assert wants_message(eval(source)) is wanted  # noqa: S307

    @pytest.mark.parametrize("source", ["lambda: 0", "lambda a, b, c: 0", "lambda *, order: 0", "lambda a, *, b: 0"])
    def test_that_cannot_be_called_so_is_refused_when_it_is_registered(self, source: str) -> None:
        with pytest.raises(WrongArgument, match=r"cannot be called with a payload.*\(payload, message\)"):
            register("orders", eval(source), payload=Order)  # noqa: S307

    def test_may_be_a_coroutine(self) -> None:
        got = []

        @receiver("orders", payload=Order)
        async def ship(order: Order) -> None:
            await asyncio.sleep(0)
            got.append(order)

        assert ship.registered_queue.is_async
        with capture():
            ship(Order(7))
            assert run_receivers(ship) == 1
        assert got == [Order(7)]

    def test_is_not_called_with_what_does_not_fit(self) -> None:
        @receiver("orders", payload=Order)
        def ship(order: Order) -> None:
            raise AssertionError

        with capture() as sent:
            ship(Order(7))
            sent[0].body = '{"number": "7"}'
            run_receivers(ship)
        assert sent[0].state == "rejected"
        assert isinstance(sent[0].error, UndecodableBody)
        assert "number is '7', which is not a whole number" in str(sent[0].error)

    def test_is_not_started_while_a_name_in_the_annotations_is_not_defined(self) -> None:
        @dataclass
        class Early:
            late: Late  # type: ignore[name-defined]  # noqa: F821

        queue = register("orders", lambda early: None, payload=Early)
        with pytest.raises(WrongArgument, match=r"Early cannot be a payload: name 'Late' is not defined"):
            queue.receiver_function()


class TestABatch:
    def test_is_a_list_of_payloads(self) -> None:
        got = []

        @receiver("orders", payload=Order, batch=10)
        def ship(orders: list[Order]) -> None:
            got.append(orders)

        with capture():
            ship.send_many([Order(1), Order(2)])
            assert run_receivers(ship) == 2
        assert got == [[Order(1), Order(2)]]

    def test_comes_with_its_messages_where_the_receiver_takes_them(self) -> None:
        got = []

        @receiver("orders", payload=Order, batch=10)
        def ship(orders: list[Order], messages: list[BaseMessage[Order]]) -> None:
            got.append([message.body is order for order, message in zip(orders, messages, strict=True)])

        with capture():
            ship.send_many([Order(1), Order(2)])
            run_receivers(ship)
        assert got == [[True, True]]

    @pytest.mark.parametrize("by_message", [True, False])
    @pytest.mark.parametrize("raised", [True, False])
    def test_fails_in_part_by_payloads_or_messages(self, by_message: bool, raised: bool) -> None:
        @receiver("orders", payload=Order, batch=10)
        def ship(orders: list[Order], messages: list[BaseMessage[Order]]) -> list[Any]:
            failed = [(messages if by_message else orders)[1]]
            if raised:
                raise BatchFailed(failed)
            return failed

        with capture() as sent:
            # The same payload three times: which one is told by identity, not by equality.
            ship.send_many([Order(1), Order(1), Order(1)])
            run_receivers(ship, raise_errors=False)
        assert [one.state for one in sent] == ["succeeded", "failed", "succeeded"]

    def test_cannot_fail_by_what_was_not_in_it(self) -> None:
        @receiver("orders", payload=Order, batch=10)
        def ship(orders: list[Order]) -> list[Order]:
            return [Order(1)]

        with capture() as sent:
            ship(Order(1))
            run_receivers(ship, raise_errors=False)
        assert sent[0].state == "failed"
        assert isinstance(sent[0].error, WrongArgument)


class TestTheOption:
    def test_makes_the_message_class(self, own_queues: Queues) -> None:
        register("orders", payload=Order)
        assert own_queues["orders"].message_class is DataclassMessage.of(Order)

    def test_may_stand_beside_no_class_or_the_default(self) -> None:
        assert register("a", payload=Order, message_class=None).message_class is DataclassMessage.of(Order)
        assert register("b", payload=Order, message_class=Message).message_class is DataclassMessage.of(Order)
        assert register("c", payload=None).message_class is Message

    @pytest.mark.parametrize("cls", [SNSMessage, S3PayloadMessage])
    def test_may_stand_beside_a_class_around_others(self, cls: Any) -> None:
        queue = register("orders", payload=Order, message_class=cls)
        assert queue.message_class is cls.of(DataclassMessage.of(Order))
        assert queue.message_class.from_received(received('{"number": 7}')).body == Order(7)

    def test_takes_what_is_inside_an_envelope(self) -> None:
        got = []

        @receiver("orders", payload=Order, message_class=SNSMessage)
        def ship(order: Order, message: SNSMessage) -> None:
            got.append((order, message.subject))

        with capture() as sent:
            ship(Order(7))
            sent[0].body = envelope('{"number": 8}', Subject="new")
            run_receivers(ship)
        assert got == [(Order(8), "new")]

    @pytest.mark.parametrize("cls", [JSONMessage, S3EventMessage])
    def test_may_not_stand_beside_another_class(self, cls: Any) -> None:
        with pytest.raises(InvalidOption, match="left out beside payload="):
            register("orders", payload=Order, message_class=cls)

    @pytest.mark.parametrize("given", [dict, str, "Order", Order(1), 5])
    def test_is_a_dataclass(self, given: Any) -> None:
        with pytest.raises(InvalidOption, match=r"payload=.*must be a dataclass"):
            register("orders", payload=given)

    def test_with_a_field_that_json_cannot_carry_is_refused(self) -> None:
        @dataclass
        class Odd:
            content: bytes

        with pytest.raises(WrongArgument, match=r"Odd cannot be a payload: .*Odd\.content: bytes"):
            register("orders", payload=Odd)
