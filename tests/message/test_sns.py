"""Messages that come through a topic of SNS."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from django_sqs.exceptions import InvalidBody, UndecodableBody, WrongArgument
from django_sqs.message import BaseMessage, JSONMessage, Message, ModelInstanceMessage, SNSMessage
from tests.message.samples import FIFO_TOPIC, TOPIC, envelope, received


def message_of(wire: str, cls: type[SNSMessage] = SNSMessage, **more: Any) -> SNSMessage:
    return cls.from_received(received(wire, **more), "shop__news")


class TestTheEnvelope:
    def test_is_undone(self) -> None:
        message = message_of(envelope("hello", Subject="greeting"))
        assert (message.body, message.subject, message.topic_arn) == ("hello", "greeting", TOPIC)
        assert message.notification_id == "sns-id"
        assert message.published_at == datetime(2026, 5, 4, 3, 2, 1, 123_000, tzinfo=timezone.utc)
        assert message.sequence_number is None

    def test_leaves_what_is_of_this_queue(self) -> None:
        wire = envelope()
        message = message_of(wire, Attributes={"ApproximateReceiveCount": "3"})
        assert (message.id, message.receipt_handle, message.receive_count) == ("sqs-id", "handle", 3)
        assert (message.raw_body, message.queue_name) == (wire, "shop__news")

    def test_may_have_no_subject(self) -> None:
        assert message_of(envelope()).subject is None
        assert message_of(envelope(Subject=None)).subject is None

    def test_of_a_fifo_topic_has_a_sequence_number(self) -> None:
        message = message_of(envelope(TopicArn=FIFO_TOPIC, SequenceNumber="10000000000000003000"))
        assert message.sequence_number == "10000000000000003000"

    def test_is_all_at_hand(self) -> None:
        assert message_of(envelope()).envelope["SignatureVersion"] == "1"

    def test_has_the_attributes_of_the_message(self) -> None:
        told = {
            "text": {"Type": "String", "Value": "ü"},
            "whole": {"Type": "Number", "Value": "-7"},
            "number": {"Type": "Number", "Value": "1.10"},
            "binary": {"Type": "Binary", "Value": "AAH/"},
            "list": {"Type": "String.Array", "Value": '["a", 1, true, null]'},
            "label": {"Type": "Number.cents", "Value": "5"},
        }
        message = message_of(envelope(MessageAttributes=told))
        assert message.message_attributes == {
            "text": "ü",
            "whole": -7,
            "number": Decimal("1.10"),
            "binary": b"\x00\x01\xff",
            "list": ["a", 1, True, None],
            "label": 5,
        }

    @pytest.mark.parametrize(
        ("told", "plain"),
        [
            ({"a": {"Type": "Binary", "Value": "no base64!"}}, {"a": "no base64!"}),
            ({"a": {"Type": "String.Array", "Value": "[broken"}}, {"a": "[broken"}),
            ({"a": {"Type": "Number", "Value": "many"}}, {"a": "many"}),
            ({"a": {"Type": "Number", "Value": 5}}, {"a": 5}),
            ({"a": {"Type": "String"}}, {"a": None}),
            ({"a": 5}, {"a": 5}),
            ([], {}),
            ("text", {}),
        ],
    )
    def test_with_odd_attributes_is_readable_all_the_same(self, told: Any, plain: dict[str, Any]) -> None:
        message = message_of(envelope(MessageAttributes=told))
        assert message.body == "hello"
        assert message.message_attributes == plain

    def test_with_an_odd_time_is_readable_all_the_same(self) -> None:
        assert message_of(envelope(Timestamp="yesterday")).published_at is None
        assert message_of(envelope(Timestamp=None)).published_at is None


class TestAnEnvelopeThatIsNoNotification:
    @pytest.mark.parametrize("kind", ["SubscriptionConfirmation", "UnsubscribeConfirmation"])
    def test_of_a_subscription_is_rejected_with_what_to_do(self, kind: str) -> None:
        message = message_of(envelope("You have chosen to subscribe", Type=kind, SubscribeURL="https://sns/?x"))
        with pytest.raises(UndecodableBody, match=f"is a {kind} of the topic '{TOPIC}'.*SubscribeURL"):
            message.get_body()

    @pytest.mark.parametrize("kind", ["Something", 5, ["Notification"], True])
    def test_of_another_type_is_rejected(self, kind: Any) -> None:
        with pytest.raises(UndecodableBody, match="an envelope of SNS whose Type is"):
            message_of(envelope(Type=kind)).get_body()

    @pytest.mark.parametrize("more", [{"Message": None}, {"Message": 5}, {"Message": {"a": 1}}, {"TopicArn": 5}])
    def test_that_has_no_text_is_rejected(self, more: dict[str, Any]) -> None:
        with pytest.raises(UndecodableBody, match=f"{next(iter(more))}"):
            message_of(envelope(**more)).get_body()


class TestRawDelivery:
    @pytest.mark.parametrize("wire", ["hello", "{}", '{"Type": "Notification"}', '{"TopicArn": "x"}', "[1", "{", '"x"'])
    def test_has_the_text_alone(self, wire: str) -> None:
        message = message_of(wire)
        assert message.body == wire
        assert (message.subject, message.topic_arn, message.sequence_number) == (None, None, None)
        assert (message.notification_id, message.published_at, message.envelope) == (None, None, {})

    def test_has_its_attributes_as_sqs_has_them(self) -> None:
        attributes = {"a": {"DataType": "Number", "StringValue": "5"}}
        assert message_of("hello", MessageAttributes=attributes).message_attributes == {"a": 5}


class TestAnotherClassInside:
    def test_has_its_body(self) -> None:
        cls = SNSMessage.of(JSONMessage)
        assert message_of(envelope('{"a": 1}'), cls).body == {"a": 1}
        assert message_of('{"a": 1}', cls).body == {"a": 1}

    def test_is_at_hand(self) -> None:
        message = message_of(
            envelope('{"app": "sample", "model": "article", "pk": 7}'), SNSMessage.of(ModelInstanceMessage)
        )
        inner = message.inner
        assert isinstance(inner, ModelInstanceMessage)
        assert inner.body.pk == 7
        assert (inner.id, inner.queue_name) == ("sqs-id", "shop__news")
        assert message.inner is inner

    def test_says_itself_what_is_wrong(self) -> None:
        with pytest.raises(UndecodableBody, match="is no body of a JSONMessage"):
            message_of(envelope("{"), SNSMessage.of(JSONMessage)).get_body()

    def test_may_be_an_envelope_again(self) -> None:
        cls = SNSMessage.of(SNSMessage.of(JSONMessage))
        message = message_of(envelope(envelope("[1]", Subject="inner"), Subject="outer"), cls)
        assert message.body == [1]
        assert message.subject == "outer"
        assert isinstance(message.inner, SNSMessage)
        assert message.inner.subject == "inner"

    def test_makes_the_same_class_each_time_with_a_name_that_tells(self) -> None:
        assert SNSMessage.of(JSONMessage) is SNSMessage.of(JSONMessage)
        assert SNSMessage.of(JSONMessage) is not SNSMessage.of(Message)
        assert SNSMessage.of(JSONMessage).__name__ == "SNSMessage.of(JSONMessage)"

    @pytest.mark.parametrize("given", [str, "JSONMessage", None, JSONMessage(body=1)])
    def test_must_be_a_message_class(self, given: Any) -> None:
        with pytest.raises(WrongArgument, match=r"SNSMessage\.of\(\) got"):
            SNSMessage.of(given)

    def test_has_its_own_rules(self) -> None:
        class Upper(BaseMessage[str]):
            def encode(self, body: str) -> str:
                return body.lower()

            def decode(self, raw_body: str) -> str:
                return raw_body.upper()

        assert message_of(envelope("abc"), SNSMessage.of(Upper)).body == "ABC"
        assert SNSMessage.of(Upper)(body="ABC").raw_body == "abc"


class TestSending:
    def test_is_plain_as_with_raw_delivery(self) -> None:
        assert SNSMessage(body="hello").raw_body == "hello"
        assert SNSMessage.of(JSONMessage)(body={"a": 1}).raw_body == '{"a":1}'

    def test_another_body_in_a_received_message_leaves_the_envelope_behind(self) -> None:
        message = message_of(envelope())
        message.body = "other"
        assert (message.raw_body, message.body, message.subject, message.topic_arn) == ("other", "other", None, None)
        assert message.inner.body == "other"

    def test_refuses_at_once_what_the_class_inside_refuses(self) -> None:
        with pytest.raises(InvalidBody, match="it takes a str"):
            SNSMessage(body={"a": 1})

    def test_of_a_received_message_sends_the_envelope_on(self) -> None:
        assert json.loads(message_of(envelope()).raw_body)["TopicArn"] == TOPIC
