"""Objects in S3 are deleted when the delete of their messages is confirmed, and only those of messages that were
handled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from django_sqs import register
from django_sqs.message import Message, S3PayloadMessage
from django_sqs.message.s3_payload import Pointer
from django_sqs.receiving import payloads
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.settlement import NOTHING
from django_sqs.receiving.settler import Settler
from tests.receiving.settled import Settled
from tests.receiving.support import FakeQueue, held, no_deaths, refused, unreachable

pytestmark = pytest.mark.usefixtures("own_queues")

SIZE = {"ExtendedPayloadSize": {"DataType": "Number", "StringValue": "5"}}


class Shelf:
    """Notes what is deleted."""

    deleted: ClassVar[list[list[str]]] = []

    def delete(self, pointers: Sequence[Pointer]) -> None:
        self.deleted.append([pointer.key for pointer in pointers])


class Pointing(S3PayloadMessage):
    store_class = f"{__name__}.Shelf"


@pytest.fixture
def deleted() -> list[list[str]]:
    Shelf.deleted.clear()
    return Shelf.deleted


def pointing(key: str, succeeded: bool = True, lost: bool = False) -> HeldMessage:
    body = json.dumps(["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": "b", "s3Key": key}])
    message = held(key, body=body, MessageAttributes=SIZE)
    message.succeeded, message.lost = succeeded, lost
    return message


def deleter(message_class: Any = Pointing) -> Any:
    return payloads.deleter(register("jobs", message_class=message_class))


def test_those_of_messages_that_were_handled_go_together(deleted: list[list[str]]) -> None:
    deleter()([pointing("a"), held("small"), pointing("b")])
    assert deleted == [["a", "b"]]


def test_those_of_messages_that_were_kept_or_sent_on_stay(deleted: list[list[str]]) -> None:
    deleter()([pointing("a", succeeded=False), pointing("b")])
    assert deleted == [["b"]]


def test_those_of_messages_that_another_may_have_stay(deleted: list[list[str]]) -> None:
    deleter()([pointing("a", lost=True)])
    assert deleted == [[]]


@pytest.mark.parametrize("cls", [Message, type("Shared", (Pointing,), {"delete_object": False})])
def test_of_other_classes_there_are_none(cls: Any, deleted: list[list[str]]) -> None:
    deleter(cls)([pointing("a")])
    assert deleted == []


class TestTheSettler:
    @pytest.fixture
    def gone(self) -> list[list[str]]:
        return []

    @pytest.fixture
    def settled(self, gone: list[list[str]]) -> Settled:
        made = Settled(FakeQueue())
        made.settler = Settler(
            made.physical, made.holdings, no_deaths, lambda messages: gone.append([one.id for one in messages])
        )
        return made

    def test_tells_of_what_is_gone_when_it_is_no_longer_held(self, settled: Settled, gone: list[list[str]]) -> None:
        settled.settle(settled.running("a", "b"), None)
        assert gone == []
        settled.run()
        assert [sorted(names) for names in gone] == [["a", "b"]]

    def test_does_not_tell_of_what_could_not_be_deleted(self, settled: Settled, gone: list[list[str]]) -> None:
        settled.physical.answer("delete", refused(0, permanent=True))
        settled.settle(settled.running("a", "b"), None)
        settled.run()
        assert gone == [["b"]]

    def test_does_not_tell_of_what_stays_or_is_known(self, settled: Settled, gone: list[list[str]]) -> None:
        first, second = settled.running("a", "b")
        settled.settle([first], 30.0)
        settled.settle([second], NOTHING)
        settled.run()
        assert gone == []

    def test_tells_when_a_later_try_has_gone_well(self, settled: Settled, gone: list[list[str]]) -> None:
        settled.physical.answer("delete", unreachable())
        settled.settle(settled.running("a"), None)
        settled.run()
        assert gone == [["a"]]
