"""What SQS would refuse is refused at the call, before anything goes out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs import register
from django_sqs.exceptions import InvalidBody, InvalidMessage, WrongArgument
from django_sqs.message import JSONMessage, Labelled, Message
from django_sqs.registered_queue import QueueDestination, RegisteredQueue
from django_sqs.registry import Queues
from django_sqs.sending.options import SendOptions
from django_sqs.sending.outgoing import MAX_BYTES, Outgoing, prepare


@pytest.fixture
def orders(own_queues: Queues) -> RegisteredQueue:
    return register("orders.fifo")


def prepared(queue: RegisteredQueue, body: str = "a", **options: Any) -> Outgoing:
    return prepare(QueueDestination(queue, None), Message(body=body), SendOptions(**options))


class TestAMessage:
    def test_becomes_an_entry_of_a_batch(self, letters: RegisteredQueue) -> None:
        outgoing = prepared(letters, "a", delay=5, group_id="g", message_attributes={"n": 1})
        assert outgoing.entry == {
            "MessageBody": "a",
            "MessageAttributes": {"n": {"DataType": "Number", "StringValue": "1"}},
            "MessageGroupId": "g",
            "DelaySeconds": 5,
        }
        assert outgoing.size == len("a") + len("n") + len("Number") + len("1")
        assert prepared(letters, "ü").entry == {"MessageBody": "ü"}
        assert prepared(letters, "ü").size == 2

    def test_tells_from_then_on_what_it_was_sent_with(self, letters: RegisteredQueue) -> None:
        message = prepared(letters, group_id="g", message_attributes={"n": 1}).message
        assert message.group_id == "g"
        assert message.message_attributes == {"n": 1}

    def test_takes_the_attributes_that_it_has_itself(self, letters: RegisteredQueue) -> None:
        message = Message(body="a")
        message.message_attributes = {"n": b"raw"}
        outgoing = prepare(QueueDestination(letters, None), message, SendOptions())
        assert outgoing.entry["MessageAttributes"]["n"]["BinaryValue"] == b"raw"
        again = prepare(QueueDestination(letters, None), message, SendOptions(message_attributes={"m": 1}))
        assert list(again.entry["MessageAttributes"]) == ["m"]


class TestABody:
    def test_that_is_empty_is_refused(self, letters: RegisteredQueue) -> None:
        with pytest.raises(InvalidMessage, match="'test__letters' cannot be sent: its body is empty"):
            prepared(letters, "")

    @pytest.mark.parametrize(
        "char", ["\0", "\x08", "\x0b", "\x0c", "\x1f", "\ufffe", "\uffff", chr(0xD800), chr(0xDFFF)]
    )
    def test_with_a_character_that_sqs_does_not_take_says_which_and_where(
        self, letters: RegisteredQueue, char: str
    ) -> None:
        with pytest.raises(InvalidMessage, match=rf"its body has the character U\+{ord(char):04X} at position 3"):
            prepared(letters, f"abc{char}d")

    @pytest.mark.parametrize(
        "char", ["\t", "\n", "\r", " ", "\x7f", "\x85", "\ud7ff", "\ue000", "\ufffd", "\U0010ffff"]
    )
    def test_with_a_character_that_sqs_takes_goes(self, letters: RegisteredQueue, char: str) -> None:
        assert prepared(letters, f"a{char}").body == f"a{char}"

    def test_of_a_mebibyte_goes_and_not_a_byte_more(self, letters: RegisteredQueue) -> None:
        assert prepared(letters, "x" * MAX_BYTES).size == MAX_BYTES
        for body, more in (("x" * (MAX_BYTES + 1), {}), ("ü" * (MAX_BYTES // 2), {"message_attributes": {"n": 1}})):
            with pytest.raises(InvalidMessage, match=r"it is 1,048,5\d\d bytes with its attributes, SQS takes at most"):
                prepared(letters, body, **more)

    def test_that_cannot_be_encoded_is_refused(self, letters: RegisteredQueue) -> None:
        with pytest.raises(InvalidBody):
            prepare(QueueDestination(letters, None), JSONMessage(body=object()), SendOptions())
        with pytest.raises(WrongArgument, match="has no body"):
            prepare(QueueDestination(letters, None), Message(), SendOptions())

    @given(body=st.text())
    def test_is_taken_or_refused_whatever_it_is(self, body: str) -> None:
        queue = RegisteredQueue("letters", None, register_options(), "here")
        try:
            outgoing = prepared(queue, body)
        except InvalidMessage:
            return
        assert outgoing.body.encode().decode() == body


def register_options() -> Any:
    from django_sqs.queue_options import QueueOptions

    return QueueOptions()


class TestAttributes:
    @pytest.mark.parametrize(
        ("attributes", "problem"),
        [
            ({"AWS.x": 1}, "'AWS.x' cannot be the name"),
            ({"x": True}, "SQS knows no booleans"),
            ({"x": ""}, "not empty"),
            ({f"x{number}": 1 for number in range(11)}, "SQS allows 10"),
            ({"x": "a\0"}, r"its message attribute 'x' has the character U\+0000 at position 1"),
        ],
    )
    def test_that_sqs_does_not_take_are_refused(
        self, letters: RegisteredQueue, attributes: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(InvalidMessage, match=problem):
            prepared(letters, message_attributes=attributes)

    def test_count_as_part_of_the_size(self, letters: RegisteredQueue) -> None:
        with pytest.raises(InvalidMessage, match="1 MiB"):
            prepared(letters, message_attributes={"x": b"x" * MAX_BYTES})

    def test_keep_their_labels_when_a_message_is_sent_on(self, letters: RegisteredQueue) -> None:
        outgoing = prepared(letters, message_attributes={"price": Labelled(300, "cents"), "n": 1})
        wire = outgoing.entry["MessageAttributes"]
        assert wire["price"] == {"DataType": "Number.cents", "StringValue": "300"}
        assert outgoing.size == len("a" + "price" + "Number.cents" + "300" + "n" + "Number" + "1")
        received = Message.from_received({"Body": "a", "MessageAttributes": wire})
        for message in (outgoing.message, received):
            assert message.message_attributes == {"price": 300, "n": 1}
            assert message.attribute_labels == {"price": "cents"}
            again = prepare(QueueDestination(letters, None), message, SendOptions())
            assert again.entry["MessageAttributes"] == wire
        bare = prepare(QueueDestination(letters, None), received, SendOptions(message_attributes={"price": 1}))
        assert bare.entry["MessageAttributes"]["price"]["DataType"] == "Number"


class TestIds:
    @pytest.mark.parametrize("value", ["", "a b", "ü", "x" * 129, "a\n"])
    def test_that_sqs_does_not_take_are_refused(self, orders: RegisteredQueue, value: str) -> None:
        with pytest.raises(InvalidMessage, match="cannot be its MessageGroupId"):
            prepared(orders, group_id=value)
        with pytest.raises(InvalidMessage, match="cannot be its MessageDeduplicationId"):
            prepared(orders, group_id="g", deduplication_id=value)

    @pytest.mark.parametrize("value", ["a", "x" * 128, "".join(map(chr, range(33, 127)))])
    def test_that_sqs_takes_go(self, orders: RegisteredQueue, value: str) -> None:
        entry = prepared(orders, group_id=value, deduplication_id=value).entry
        assert (entry["MessageGroupId"], entry["MessageDeduplicationId"]) == (value, value)

    def test_of_a_group_are_needed_on_a_fifo_queue(self, orders: RegisteredQueue) -> None:
        with pytest.raises(InvalidMessage, match="a FIFO queue needs group_id="):
            prepared(orders)

    def test_against_doubles_are_made_afresh_for_each_send(self, orders: RegisteredQueue) -> None:
        message = Message(body="a")
        made = [
            prepare(QueueDestination(orders, None), message, SendOptions(group_id="g")).entry["MessageDeduplicationId"]
            for _ in range(2)
        ]
        assert len(set(made)) == 2
        assert message.attributes["MessageDeduplicationId"] == made[1]

    def test_against_doubles_are_left_to_sqs_where_content_makes_them(self, own_queues: Queues) -> None:
        queue = register("bookings", fifo=True, content_based_deduplication=True)
        message = Message(body="a")
        destination = QueueDestination(queue, None)
        given = prepare(destination, message, SendOptions(group_id="g", deduplication_id="mine"))
        assert given.entry["MessageDeduplicationId"] == "mine"
        assert prepare(destination, message, SendOptions(group_id="g")).entry == {
            "MessageBody": "a",
            "MessageGroupId": "g",
        }
        assert "MessageDeduplicationId" not in message.attributes

    def test_against_doubles_are_for_fifo_queues_only(self, letters: RegisteredQueue) -> None:
        with pytest.raises(InvalidMessage, match="deduplication_id= is for FIFO queues only"):
            prepared(letters, deduplication_id="x")


def test_a_fifo_queue_takes_no_delay_for_one_message(orders: RegisteredQueue) -> None:
    with pytest.raises(
        InvalidMessage, match="takes no delay or eta for a single message: SQS delays only the whole queue"
    ):
        prepared(orders, group_id="g", delay=5)
    assert "DelaySeconds" not in prepared(orders, group_id="g", delay=0).entry
