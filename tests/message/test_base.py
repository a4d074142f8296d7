"""What every message class has, and the default one."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InvalidBody, Reject, UndecodableBody, WrongArgument
from django_sqs.message import BaseMessage, JSONMessage, Message, ModelInstanceMessage
from django_sqs.message.base import SHOWN_CHARS, shorten


def received(body: str = "a", **more: Any) -> dict[str, Any]:
    return {"MessageId": "id", "ReceiptHandle": "handle", "Body": body, **more}


class TestMessage:
    @pytest.mark.parametrize("body", ["", "a", "ü\n\t\U0001f600", " spaces ", "{}", "x" * 100_000])
    def test_is_its_text_as_it_stands_on_the_wire(self, body: str) -> None:
        message = Message(body=body)
        assert message.body == message.raw_body == message.get_body() == body
        assert Message.from_received(received(body)).body == body

    @given(body=st.text())
    def test_takes_and_gives_any_text(self, body: str) -> None:
        assert Message.from_received(received(Message(body=body).raw_body)).body == body

    @pytest.mark.parametrize("body", [None, 5, b"a", ["a"], {"a": 1}, object()])
    def test_refuses_what_is_no_text(self, body: Any) -> None:
        with pytest.raises(InvalidBody, match=rf"it takes a str, not {type(body).__name__}"):
            Message(body=body)
        message = Message(body="a")
        with pytest.raises(InvalidBody):
            message.body = body
        assert message.body == "a"

    def test_takes_its_body_by_keyword_only(self) -> None:
        with pytest.raises(TypeError):
            Message("a")  # type: ignore[call-arg]


class TestTheBody:
    def test_can_be_replaced(self) -> None:
        message = Message(body="a")
        message.body = "b"
        assert message.raw_body == "b"
        message.set_body("c")
        assert (message.body, message.raw_body) == ("c", "c")

    def test_of_a_received_message_can_be_replaced(self) -> None:
        message = JSONMessage.from_received(received("[1]"))
        assert message.body == [1]
        message.body = [2]
        assert message.raw_body == "[2]"

    def test_is_missing_until_it_is_given(self) -> None:
        message = Message()
        for ask in (message.get_body, lambda: message.body, lambda: message.raw_body):
            with pytest.raises(WrongArgument, match=r"This Message has no body\. Give it one"):
                ask()
        assert "no body" in repr(message)

    def test_is_decoded_once_when_it_is_asked_for(self) -> None:
        decoded: list[str] = []

        class Slow(BaseMessage[str]):
            def decode(self, raw_body: str) -> str:
                decoded.append(raw_body)
                return raw_body.upper()

        message = Slow.from_received(received("a"))
        assert decoded == []
        assert message.raw_body == "a"
        assert (message.body, message.body) == ("A", "A")
        assert decoded == ["a"]

    @pytest.mark.parametrize("error", [ValueError("no"), KeyError("x"), RecursionError(), UnicodeError("u")])
    def test_that_the_class_cannot_decode_is_a_rejection_whatever_it_raises(self, error: Exception) -> None:
        class Odd(BaseMessage[str]):
            def decode(self, raw_body: str) -> str:
                raise error

        with pytest.raises(UndecodableBody, match=f"'a' is no body of a Odd: {type(error).__name__}") as raised:
            Odd.from_received(received("a")).get_body()
        assert isinstance(raised.value, Reject)
        assert raised.value.__cause__ is error

    def test_that_the_class_rejects_in_its_own_words_is_left_so(self) -> None:
        class Odd(BaseMessage[str]):
            def decode(self, raw_body: str) -> str:
                raise UndecodableBody("in my own words")

        with pytest.raises(UndecodableBody, match=r"^in my own words$"):
            Odd.from_received(received("a")).get_body()

    def test_that_the_class_cannot_encode_is_an_invalid_body_whatever_it_raises(self) -> None:
        class Odd(BaseMessage[str]):
            def encode(self, body: str) -> str:
                raise KeyError(body)

        with pytest.raises(InvalidBody, match="A Odd cannot be made of this body: KeyError: 'a'"):
            _ = Odd(body="a").raw_body

    @pytest.mark.parametrize("encoded", [None, b"a", 5])
    def test_that_the_class_encodes_as_no_text_is_an_invalid_body(self, encoded: Any) -> None:
        class Odd(BaseMessage[str]):
            def encode(self, body: str) -> str:
                return encoded  # type: ignore[no-any-return]

        with pytest.raises(InvalidBody, match="which is no str"):
            _ = Odd(body="a").raw_body

    def test_needs_a_class_that_says_what_it_is(self) -> None:
        with pytest.raises(InvalidBody, match=r"BaseMessage must define encode\(\)"):
            _ = BaseMessage(body="a").raw_body
        with pytest.raises(UndecodableBody, match=r"BaseMessage must define decode\(\)"):
            BaseMessage.from_received(received("a")).get_body()


class TestAReceivedMessage:
    def test_tells_what_sqs_told(self) -> None:
        message = Message.from_received(
            received(
                "a",
                Attributes={
                    "ApproximateReceiveCount": "3",
                    "SentTimestamp": "1700000000123",
                    "MessageGroupId": "g",
                    "SenderId": "x",
                },
                MessageAttributes={"n": {"DataType": "Number", "StringValue": "5"}},
            ),
            "test__letters",
        )
        assert (message.id, message.receipt_handle, message.queue_name) == ("id", "handle", "test__letters")
        assert message.receive_count == 3
        assert message.sent_at == datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=timezone.utc)
        assert message.group_id == "g"
        assert message.attributes["SenderId"] == "x"
        assert message.message_attributes == {"n": 5}

    def test_may_lack_anything(self) -> None:
        message = Message.from_received({})
        assert (message.id, message.receipt_handle, message.body) == (None, None, "")
        assert (message.receive_count, message.sent_at, message.group_id) == (0, None, None)
        assert (message.attributes, message.message_attributes) == ({}, {})
        assert repr(message) == "<Message unsent: ''>"

    @pytest.mark.parametrize("value", ["", "-1", "x", "1.5"])
    def test_bears_odd_counts(self, value: str) -> None:
        attributes = {"ApproximateReceiveCount": value, "SentTimestamp": value}
        message = Message.from_received(received(Attributes=attributes))
        assert (message.receive_count, message.sent_at) == (0, None)

    def test_is_made_without_init_so_that_a_class_may_take_other_keywords(self) -> None:
        class Order(JSONMessage):
            def __init__(self, *, number: int) -> None:
                super().__init__(body={"number": number})

        assert Order(number=5).raw_body == '{"number":5}'
        assert Order.from_received(received('{"number":6}')).body == {"number": 6}

    def test_shares_nothing_with_another(self) -> None:
        one, two = Message(body="a"), Message.from_received(received())
        one.attributes["x"] = "y"
        one.message_attributes["x"] = "y"
        assert (two.attributes, two.message_attributes) == ({}, {})


def test_a_message_shows_itself_shortened_on_one_line() -> None:
    text = repr(Message(body="line\n" * 100))
    assert text.startswith("<Message unsent: 'line\\nline")
    assert "\n" not in text
    assert len(text) < SHOWN_CHARS * 1.5
    assert repr(Message.from_received(received("a"))) == "<Message id: 'a'>"


def test_texts_are_shortened_to_200_characters() -> None:
    assert shorten("a" * 200) == repr("a" * 200)
    assert shorten("a" * 201) == repr("a" * 200 + "...")


HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet='{}[]",:\\0123456789.eE-+ntfu\x00\ud800 ', max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["app", "model", "pk"]), inner),
    ).map(repr),
    st.integers(1, 30_000).map(lambda depth: "[" * depth),
    st.integers(4_000, 6_000).map(lambda digits: "9" * digits),
    st.binary().map(lambda raw: raw.decode("latin-1")),
)


@pytest.mark.parametrize("cls", [Message, JSONMessage, ModelInstanceMessage])
@given(raw=HOSTILE)
def test_any_body_is_a_value_or_a_rejection(cls: type[BaseMessage[Any]], raw: str) -> None:
    message = cls.from_received(received(raw))
    told = ""
    try:
        message.get_body()
    except UndecodableBody as error:
        told = str(error)
    assert len(told) < 1_000
    assert message.raw_body == raw
