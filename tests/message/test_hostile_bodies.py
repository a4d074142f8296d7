"""A body may be anything: every class gives a value, or rejects it, and nothing else comes out."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_sqs import Reject, receiver
from django_sqs.exceptions import PayloadMissing
from django_sqs.message import (
    Base64JSONMessage,
    Base64Message,
    BaseMessage,
    DataclassMessage,
    EncodedMHMessage,
    EventBridgeMessage,
    JSONMessage,
    Message,
    MHMessage,
    ModelInstanceMessage,
    S3EventMessage,
    S3PayloadMessage,
    SNSMessage,
)
from django_sqs.message.s3_payload import Pointer
from django_sqs.registry import Queues
from django_sqs.testing import run_receivers
from tests.message import samples


@dataclass
class Order:
    number: int
    price: Decimal
    tags: dict[str, list[float | None]]
    parent: Order | None = None


class LenientBase64(Base64Message):
    strict = False


class LenientMH(EncodedMHMessage):
    strict = False


class LenientBase64JSON(Base64JSONMessage):
    strict = False


class Pointing(S3PayloadMessage):
    bucket = "b"
    store_class = f"{__name__}.Nowhere"


class Nowhere:
    """Has the key itself for every payload, but none for the key "k"."""

    def get(self, pointer: Pointer) -> str:
        if pointer.key == "k":
            raise PayloadMissing("gone")
        return pointer.key


CLASSES: list[type[BaseMessage[Any]]] = [
    Message,
    JSONMessage,
    ModelInstanceMessage,
    Base64Message,
    LenientBase64,
    MHMessage,
    EncodedMHMessage,
    LenientMH,
    Base64JSONMessage,
    LenientBase64JSON,
    SNSMessage,
    SNSMessage.of(JSONMessage),
    SNSMessage.of(S3EventMessage),
    S3EventMessage,
    EventBridgeMessage,
    Pointing,
    Pointing.of(JSONMessage),
    SNSMessage.of(Pointing),
    DataclassMessage.of(Order),
    SNSMessage.of(DataclassMessage.of(Order)),
]
#: What only some classes have, and what must not raise anything else either.
PROPERTIES = ("ignored", "inner", "records", "event_id", "detail", "subject", "published_at", "envelope", "topic_arn")

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4))

GOOD: list[str] = [
    samples.envelope(MessageAttributes={"a": {"Type": "Binary", "Value": "AAE="}}),
    samples.envelope(samples.s3_notification(), SequenceNumber="1"),
    samples.s3_notification(samples.s3_record(), samples.s3_record("ObjectRemoved:Delete", size=None)),
    samples.s3_test_event(),
    samples.s3_event_of_event_bridge(),
    json.dumps(samples.event()),
    '{"number": 7, "price": "1.50", "tags": {"a": [1.5, null]}, "parent": null}',
    '{"app": "sample", "model": "article", "pk": 7, "using": "default"}',
    '["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": "b", "s3Key": "k"}]',
    '["com.amazon.sqs.javamessaging.MessageS3Pointer", {"s3BucketName": "b", "s3Key": "[1"}]',
    "key: value\nother: 5\n",
]


def _nodes(value: Any) -> list[tuple[Any, Any]]:
    """Each container in a value, with each of its places."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        found += [(value, key) for key in value]
    if isinstance(value, list):
        found += [(value, index) for index in range(len(value))]
    for container, place in list(found):
        found += _nodes(container[place])
    return found


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """What a service would send, with one place of it replaced or missing."""
    text = draw(st.sampled_from(GOOD))
    try:
        value = json.loads(text)
    except ValueError:
        return text + draw(ANY_TEXT)
    container, place = draw(st.sampled_from(_nodes(value)))
    if draw(st.booleans()):
        container[place] = draw(VALUES)
    else:
        del container[place]
    return json.dumps(value)


def _cut(text: str, at: float) -> str:
    return text[: int(len(text) * at)]


BODIES = st.one_of(
    ANY_TEXT,
    VALUES.map(json.dumps),
    spoilt(),
    spoilt().map(lambda text: samples.envelope(text)),
    st.builds(_cut, spoilt(), st.floats(0, 1)),
    st.binary().map(lambda content: base64.b64encode(content).decode()),
    (ANY_TEXT | spoilt()).map(lambda text: base64.b64encode(text.encode()).decode()),
    st.binary().map(lambda content: content.decode("latin-1")),
    st.integers(1, 3).flatmap(lambda n: st.sampled_from(["[", '{"a":', "[[", "(", "\\u"]).map(lambda s: s * 10**n)),
    ANY_TEXT.map(lambda text: f"k: {text}\n{text}"),
)
ATTRIBUTES = st.just({}) | st.dictionaries(
    st.sampled_from(["ExtendedPayloadSize", "SQSLargePayloadSize", "a"]),
    st.fixed_dictionaries({"DataType": st.sampled_from(["Number", "String", "Odd"]), "StringValue": ANY_TEXT}),
)


def check(cls: type[BaseMessage[Any]], body: str, attributes: Any) -> None:
    message = cls.from_received(samples.received(body, MessageAttributes=attributes))
    rejected = ""
    try:
        message.get_body()
    except Reject as error:
        rejected = error.reason or "without a reason"
    assert rejected != "without a reason"
    assert message.raw_body == body
    assert repr(message)
    for name in PROPERTIES:
        try:
            getattr(message, name, None)
        except Reject:
            assert rejected


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=BODIES, attributes=ATTRIBUTES)
def test_ten_thousand_bodies_through_each_class_give_a_value_or_a_rejection(body: str, attributes: Any) -> None:
    for cls in CLASSES:
        check(cls, body, attributes)


ODD = [
    "",
    "\ufeff{}",
    "\x00",
    "null",
    "NaN",
    "1e999",
    "9" * 10_000,
    "[" * 100_000,
    '{"a":' * 100_000,
    "[" * 900 + "]" * 900,
    '{"Type": "Notification", "TopicArn": "t", "Message": ' + "[" * 900 + "]" * 900 + "}",
    '{"Records": [' + "[" * 900 + "]" * 900 + "]}",
    '{"number": 1, "price": "1", "tags": ' + '{"a":' * 900 + "1" + "}" * 900 + "}",
    '{"number": 1, "price": "1", "tags": {}, "parent": ' * 900 + "null" + "}" * 900,
    '{"number": 1, "price": 1e999999999999999999999, "tags": {}}',
    '{"number": 1, "price": "1e999999999999999999999", "tags": {"a": [1e400]}}',
    "\ud800",
    '"\\ud800"',
    "x" * 1_048_576,
    "".join(chr(n) for n in range(0x20, 0x3000)),
    '{"Type": ["Notification"], "TopicArn": {}, "Message": null}',
    '{"Event": "s3:TestEvent", "Records": 5}',
]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
def test_the_oddest_bodies_give_a_value_or_a_rejection(cls: type[BaseMessage[Any]], body: str) -> None:
    check(cls, body, {})
    check(cls, body, {"ExtendedPayloadSize": {"DataType": "Number", "StringValue": "5"}})


@pytest.mark.django_db
@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_no_body_is_neither_run_nor_kept(cls: type[BaseMessage[Any]], aws: Any, own_queues: Queues) -> None:
    from django_sqs.models import FailedMessage

    got = []

    @receiver("hostile", message_class=cls)
    def handle(message: BaseMessage[Any]) -> None:
        got.append(message.raw_body)

    numbers = random.Random(cls.__name__)
    url = own_queues["hostile"].physical().url()
    sent = []
    for text in [*GOOD, *ODD[5:12]]:
        cut = text[: numbers.randrange(1, len(text) + 1)]
        for body in (text, cut, base64.b64encode(cut.encode()).decode()):
            aws.send_message(QueueUrl=url, MessageBody=body)
            sent.append(body)
    done = run_receivers("hostile")
    kept = list(FailedMessage.objects.values_list("body", flat=True))
    assert done == len(sent)
    left = sorted(sent)
    for body in [*got, *kept]:
        left.remove(body)
    # S3's test event is acknowledged without a run.
    assert left == [samples.s3_test_event()] * (cls in (S3EventMessage, SNSMessage.of(S3EventMessage)))
    assert own_queues["hostile"].status().total == 0
