"""What may be given to send() and send_many(), and what is said of anything else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_sqs import register
from django_sqs.exceptions import InvalidBody, WrongArgument
from django_sqs.message import JSONMessage, Message, ModelInstanceMessage
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import Queues
from django_sqs.testing import SentMessage, capture
from tests.sample.models import Article


@pytest.fixture
def sent(letters: RegisteredQueue) -> Iterator[list[SentMessage]]:
    with capture() as sent:
        yield sent


class TestSending:
    def test_takes_a_message_or_the_keywords_for_one(self, letters: RegisteredQueue, sent: list[SentMessage]) -> None:
        message = Message(body="a")
        assert letters.send(message) is message
        assert letters.send(body="b").body == "b"
        assert [one.body for one in sent] == ["a", "b"]

    def test_takes_messages_of_a_subclass(self, letters: RegisteredQueue, sent: list[SentMessage]) -> None:
        class Letter(Message):
            """A message with a name of its own."""

        letters.send(Letter(body="a"))
        assert isinstance(sent[0].message, Letter)

    @pytest.mark.parametrize(
        ("message", "keywords", "problem"),
        [
            ("text", {}, r"takes messages of the class Message, not 'text'\. Give body=\.\.\., or a Message\(body="),
            (5, {}, "not a int"),
            (["a"], {}, "not a list"),
            (JSONMessage(body=1), {}, "not a JSONMessage"),
            (Message, {}, "not a type"),
            (None, {}, "nothing to send to 'letters'"),
            (Message(body="a"), {"body": "b"}, "Both a message and body= were given"),
            (None, {"text": "a"}, r"cannot be made with text= .* Give body="),
            (None, {"body": "a", "text": "a"}, r"cannot be made with body=, text="),
        ],
    )
    def test_refuses_what_is_none_with_what_would_be(
        self, letters: RegisteredQueue, sent: list[SentMessage], message: Any, keywords: dict[str, Any], problem: str
    ) -> None:
        with pytest.raises(WrongArgument, match=problem):
            letters.send(message, **keywords)
        with pytest.raises(WrongArgument):
            letters.send_many([message if message is not None else keywords], **({} if message is None else keywords))
        assert sent == []

    def test_tells_how_to_give_a_model_instance(self, own_queues: Queues) -> None:
        queue = register("photos", message_class=ModelInstanceMessage)
        text: Any = "photo"
        with pytest.raises(WrongArgument, match=r"Give instance=a_model_instance"):
            queue.send(text)
        with pytest.raises(InvalidBody, match="save it first"):
            queue.send(instance=Article(title="a"))

    def test_of_a_body_of_the_wrong_type_says_what_to_do(self, letters: RegisteredQueue) -> None:
        for body in (5, None, b"bytes", {"a": 1}):
            with pytest.raises(InvalidBody, match=r"it takes a str, not .*message_class=JSONMessage"):
                letters.send(body=body)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("suffix", 5),
            ("delay", "60"),
            ("delay", True),
            ("eta", "tomorrow"),
            ("group_id", 5),
            ("deduplication_id", b"x"),
            ("message_attributes", ["a"]),
            ("immediate", "yes"),
            ("immediate", None),
            ("using", 5),
        ],
    )
    def test_refuses_an_option_of_the_wrong_type(self, letters: RegisteredQueue, name: str, value: Any) -> None:
        for call in (
            lambda: letters.send(body="a", **{name: value}),
            lambda: letters.send_many([{"body": "a"}], **{name: value}),
            lambda: letters.send_many([{"body": "a", name: value}]),
        ):
            with pytest.raises(WrongArgument, match=f"{name}="):
                call()


class TestSendMany:
    def test_takes_messages_and_dicts_from_any_iterable(
        self, letters: RegisteredQueue, sent: list[SentMessage]
    ) -> None:
        items: list[Any] = [
            Message(body="a"),
            {"body": "b", "suffix": "big"},
            {"message": Message(body="c"), "delay": 5},
        ]
        assert letters.send_many(iter(items), delay=9) == 3
        assert [(one.body, one.suffix, one.delay) for one in sent] == [("a", None, 9), ("b", "big", 9), ("c", None, 5)]

    def test_takes_none_at_all(self, letters: RegisteredQueue, sent: list[SentMessage]) -> None:
        assert letters.send_many([]) == 0

    @pytest.mark.parametrize("messages", ["text", b"bytes", {"body": "a"}, Message(body="a"), 5, None])
    def test_refuses_what_is_no_iterable_of_messages(self, letters: RegisteredQueue, messages: Any) -> None:
        with pytest.raises(WrongArgument, match=r"send_many\(\) got .* It takes an iterable of messages"):
            letters.send_many(messages)

    @pytest.mark.parametrize("item", ["text", 5, None, ["body"], ("body", "a")])
    def test_refuses_an_item_that_is_none(self, letters: RegisteredQueue, item: Any) -> None:
        with pytest.raises(WrongArgument, match="among its messages"):
            letters.send_many([item])

    def test_refuses_odd_keys(self, letters: RegisteredQueue) -> None:
        item: Any = {5: "a"}
        with pytest.raises(WrongArgument, match="5="):
            letters.send_many([item])

    def test_refuses_content_for_all(self, letters: RegisteredQueue) -> None:
        with pytest.raises(WrongArgument, match=r"body= is no option of send_many\(\)"):
            letters.send_many([], body="a")
