"""capture() keeps what is sent, from the moment when it would have gone out."""

from __future__ import annotations

import threading
import unittest
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import SimpleTestCase, TestCase

from django_sqs import asend, receiver, register, send, send_many
from django_sqs.message import JSONMessage
from django_sqs.registry import Queues
from django_sqs.sending.transports import get_transport
from django_sqs.testing import SentMessage, capture, run_receivers
from tests.sending.support import rolled_back

pytestmark = pytest.mark.usefixtures("letters")


@pytest.fixture
def letters(own_queues: Queues) -> None:
    register("letters", suffixes=("big",))


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    before = get_transport()
    yield
    assert get_transport() is before


def bodies(sent: list[SentMessage]) -> list[str]:
    return [message.body for message in sent]


def test_what_is_sent_is_in_the_list_with_all_that_was_asked_for(own_queues: Queues) -> None:
    register("orders.fifo", message_class=JSONMessage, suffixes=("big",))
    with capture() as sent:
        message = send(
            "orders.fifo",
            body={"id": 1},
            suffix="big",
            group_id="customer-1",
            deduplication_id="x",
            message_attributes={"source": "web", "try": 1},
        )
        send("letters", body="later", delay=60)
    order, letter = sent
    assert order.queue_name == "orders.fifo"
    assert order.suffix == "big"
    assert order.full_name == "test__orders__big.fifo"
    assert order.message is message
    assert order.body == '{"id":1}'
    assert order.group_id == "customer-1"
    assert order.deduplication_id == "x"
    assert order.message_attributes == {"source": "web", "try": 1}
    assert order.delay == 0
    assert order.id == message.id
    assert order.state == "waiting"
    assert letter.delay == 60
    assert letter.suffix is None
    assert letter.id != order.id


def test_send_many_is_captured_too() -> None:
    with capture() as sent:
        assert send_many("letters", ({"body": str(number)} for number in range(25))) == 25
    assert bodies(sent) == [str(number) for number in range(25)]


def test_the_sends_of_other_threads_are_captured() -> None:
    with capture() as sent:
        thread = threading.Thread(target=send, args=["letters"], kwargs={"body": "a"})
        thread.start()
        thread.join()
    assert bodies(sent) == ["a"]


def test_of_nested_captures_the_inner_one_has_the_messages() -> None:
    with capture() as outer:
        send("letters", body="a")
        with capture() as inner:
            send("letters", body="b")
        send("letters", body="c")
    assert (bodies(outer), bodies(inner)) == (["a", "c"], ["b"])


def test_it_ends_with_an_exception_too() -> None:
    with pytest.raises(ZeroDivisionError), capture():
        _ = 1 / 0


def test_it_decorates_functions_with_and_without_parentheses() -> None:
    @capture
    def bare() -> str:
        send("letters", body="a")
        return "bare"

    @capture(kwarg_name="sent")
    def called(sent: list[SentMessage]) -> list[str]:
        send("letters", body="b")
        return bodies(sent)

    assert bare() == "bare"
    assert bare.__name__ == "bare"
    # Each call has a list of its own.
    assert called() == ["b"]  # type: ignore[call-arg]
    assert called() == ["b"]  # type: ignore[call-arg]


async def _send_two(sent: list[SentMessage]) -> list[str]:
    await asend("letters", body="a")
    await asend("letters", body="b")
    return bodies(sent)


def test_it_decorates_coroutine_functions() -> None:
    import asyncio

    decorated: Any = capture(kwarg_name="sent")(_send_two)
    assert asyncio.run(decorated()) == ["a", "b"]


def test_a_decorated_function_may_call_itself() -> None:
    @capture(kwarg_name="sent")
    def countdown(number: int, sent: list[SentMessage]) -> None:
        if number:
            countdown(number - 1)  # type: ignore[call-arg]
        send("letters", body=str(number))
        assert bodies(sent) == [str(number)]

    countdown(3)  # type: ignore[call-arg]


@pytest.mark.parametrize("thing", [5, "text", object()])
def test_what_cannot_be_decorated_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match="Cannot decorate"):
        capture(thing)
    with pytest.raises(TypeError, match=r"unittest\.TestCase"):
        capture(type("NotATest", (), {}))


def run_tests(case: type[unittest.TestCase]) -> unittest.TestResult:
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    assert result.testsRun
    return result


def test_it_decorates_classes_of_tests() -> None:
    @capture(attr_name="sent")
    class Case(SimpleTestCase):
        sent: list[SentMessage]

        def setUp(self) -> None:
            send("letters", body="in setUp")

        def test_one(self) -> None:
            send("letters", body="one")
            assert bodies(self.sent) == ["in setUp", "one"]

        def test_two(self) -> None:
            assert bodies(self.sent) == ["in setUp"]

        async def test_three(self) -> None:
            await asend("letters", body="three")
            assert bodies(self.sent) == ["in setUp", "three"]

    assert run_tests(Case).wasSuccessful()


def test_a_test_that_looks_at_the_list_can_fail() -> None:
    class Case(unittest.TestCase):
        @capture(kwarg_name="sent")
        def test_one(self, sent: list[SentMessage]) -> None:
            assert bodies(sent) == ["never sent"]

    assert not run_tests(Case).wasSuccessful()


class TestInATestCase(TestCase):
    def test_a_message_appears_when_the_block_of_the_code_under_test_ends(self) -> None:
        with capture() as sent:
            with transaction.atomic():
                send("letters", body="a")
                with transaction.atomic():
                    send("letters", body="b")
                with rolled_back():
                    send("letters", body="never")
                assert sent == []
            assert bodies(sent) == ["a", "b"]
        assert bodies(sent) == ["a", "b"]

    def test_what_goes_out_after_the_end_of_the_capture_is_not_in_it(self) -> None:
        with capture() as outer:
            with transaction.atomic(), capture() as inner:
                send("letters", body="a")
            assert bodies(outer) == ["a"]
        assert inner == []

    def test_a_block_without_a_savepoint_has_sent_at_the_end_of_the_capture(self) -> None:
        with capture() as sent:
            with transaction.atomic(savepoint=False):
                send("letters", body="a")
            with transaction.atomic(savepoint=False), transaction.atomic():
                send("letters", body="b")
        assert bodies(sent) == ["a", "b"]

    def test_a_block_without_a_savepoint_that_failed_has_sent_nothing(self) -> None:
        with capture() as sent:
            try:
                with transaction.atomic(savepoint=False):
                    send("letters", body="a")
                    raise ZeroDivisionError
            except ZeroDivisionError:
                pass
        assert sent == []

    def test_run_receivers_sees_what_a_block_without_a_savepoint_has_sent(self) -> None:
        got = []

        @receiver("parcels")
        def take(message: Any) -> None:
            got.append(message.body)

        with capture():
            with transaction.atomic(savepoint=False):
                take(body="a")
            assert run_receivers("parcels") == 1
        assert got == ["a"]

    def test_captured_callbacks_do_not_send_twice(self) -> None:
        with capture() as sent, self.captureOnCommitCallbacks(execute=True) as callbacks:
            with transaction.atomic():
                send("letters", body="a")
            with transaction.atomic(savepoint=False):
                send("letters", body="b")
        assert len(callbacks) == 2
        assert bodies(sent) == ["a", "b"]


@pytest.mark.django_db(transaction=True)
def test_a_real_commit_within_the_capture_is_captured() -> None:
    with capture() as sent:
        with transaction.atomic():
            send("letters", body="a")
            assert sent == []
        with rolled_back():
            send("letters", body="b")
        assert bodies(sent) == ["a"]
