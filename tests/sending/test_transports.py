"""How messages leave: which transport, and what the real one makes of SQS's answers."""

from __future__ import annotations

from typing import Any

import pytest

from django_sqs import register, send, send_many
from django_sqs.aws.physical_queue import EntryFailure, PhysicalQueue
from django_sqs.exceptions import EndpointUnreachable, InvalidSetting, SendFailed, Throttled
from django_sqs.message import Message
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import Queues
from django_sqs.sending import transports
from django_sqs.sending.transports import (
    BaseTransport,
    SQSTransport,
    get_transport,
    override_transport,
    restore_transport,
)
from django_sqs.testing import InlineTransport, OutboxTransport
from tests.sending.support import count_requests

pytestmark = pytest.mark.usefixtures("letters")


class NotATransport:
    """A class, but no transport."""


class TestTheSetting:
    def test_is_the_real_one_by_default(self) -> None:
        assert type(get_transport()) is SQSTransport
        assert get_transport() is get_transport()

    @pytest.mark.parametrize("cls", [OutboxTransport, InlineTransport, SQSTransport])
    def test_is_a_dotted_path(self, settings: Any, cls: type[BaseTransport]) -> None:
        settings.SQS_TRANSPORT = f"{cls.__module__}.{cls.__qualname__}"
        assert type(get_transport()) is cls

    @pytest.mark.parametrize(
        "path",
        [
            "nodots",
            ".relative",
            "..",
            "a.",
            "no.such.module",
            "django_sqs.testing.Nothing",
            "tests.sending.test_transports.NotATransport",
            "django_sqs.send",
        ],
    )
    def test_that_names_no_transport_is_told_of(self, settings: Any, path: str) -> None:
        settings.SQS_TRANSPORT = path
        with pytest.raises(InvalidSetting, match=r"SQS_TRANSPORT is .*must be the dotted path of a transport class"):
            send("letters", body="a")

    def test_can_be_overridden_in_any_order(self) -> None:
        one, two = OutboxTransport(), OutboxTransport()
        override_transport(one)
        override_transport(two)
        assert get_transport() is two
        restore_transport(one)
        assert get_transport() is two
        restore_transport(two)
        assert type(get_transport()) is SQSTransport


def test_a_transport_must_say_how_it_sends() -> None:
    with pytest.raises(NotImplementedError):
        BaseTransport().send([])


class Scripted:
    """Stands for the queue at AWS: answers each request with the codes of the entries that fail, or raises."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[list[str]] = []
        monkeypatch.setattr(PhysicalQueue, "send_batch", self.send_batch)
        monkeypatch.setattr(transports, "_THROTTLED_PAUSES", (0, 0, 0))

    def send_batch(self, entries: Any) -> tuple[dict[int, str], list[EntryFailure]]:
        bodies = [entry["MessageBody"] for entry in entries]
        self.requests.append(bodies)
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, Exception):
            raise answer
        failures = [
            EntryFailure(index=index, code=answer[body], message="", permanent=answer[body] == "Bad")
            for index, body in enumerate(bodies)
            if body in answer
        ]
        return {index: f"id of {body}" for index, body in enumerate(bodies) if body not in answer}, failures


def items(bodies: str, **more: Any) -> list[dict[str, Any]]:
    return [{"body": body, **more} for body in bodies]


class TestAFailureInPart:
    def test_tells_which_went_and_which_did_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sqs = Scripted(monkeypatch, {"b": "Bad", "c": "InternalError"})
        messages = [Message(body=body) for body in "abcd"]
        with pytest.raises(SendFailed, match=r"2 of 4 messages for 'test__letters' .*: Bad; InternalError\.") as raised:
            send_many("letters", messages)
        assert raised.value.sent == [messages[0], messages[3]]
        assert raised.value.failed == [(messages[1], "Bad"), (messages[2], "InternalError")]
        assert [message.id for message in messages] == ["id of a", None, None, "id of d"]
        assert len(sqs.requests) == 1

    def test_of_a_batch_leaves_what_was_not_read_unread(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sqs = Scripted(monkeypatch, {"b": "Bad"})
        left = iter(items("abcdefghijklmnopqrstuvwxyz"))
        with pytest.raises(SendFailed, match="1 of 10"):
            send_many("letters", left)
        assert len(sqs.requests) == 1
        assert next(left)["body"] == "k"


class TestThrottledEntries:
    def test_are_tried_again_and_no_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sqs = Scripted(monkeypatch, {"b": "RequestThrottled", "d": "RequestThrottled"}, {"d": "RequestThrottled"})
        messages = [Message(body=body) for body in "abcd"]
        assert send_many("letters", messages) == 4
        assert sqs.requests == [["a", "b", "c", "d"], ["b", "d"], ["d"]]
        assert [message.id for message in messages] == ["id of a", "id of b", "id of c", "id of d"]

    def test_are_given_up_after_some_tries(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sqs = Scripted(monkeypatch, *[{"b": "RequestThrottled"}] * 10)
        with pytest.raises(SendFailed, match=r"1 of 2 .*RequestThrottled") as raised:
            send_many("letters", items("ab"))
        assert len(sqs.requests) == 4
        assert [message.body for message in raised.value.sent] == ["a"]

    def test_are_tried_again_though_others_were_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sqs = Scripted(monkeypatch, {"a": "Bad", "b": "RequestThrottled"})
        with pytest.raises(SendFailed, match=r"1 of 3 .*Bad") as raised:
            send_many("letters", items("abc"))
        assert sqs.requests == [["a", "b", "c"], ["b"]]
        assert sorted(message.body for message in raised.value.sent) == ["b", "c"]

    def test_do_not_hide_what_went_when_a_further_try_fails_altogether(self, monkeypatch: pytest.MonkeyPatch) -> None:
        lost = EndpointUnreachable(action="SendMessage", queue="q", detail="gone", endpoint="there")
        Scripted(monkeypatch, {"b": "RequestThrottled"}, lost)
        with pytest.raises(SendFailed, match=r"1 of 2 .*does not answer") as raised:
            send_many("letters", items("ab"))
        assert [message.body for message in raised.value.sent] == ["a"]
        assert [message.body for message, _ in raised.value.failed] == ["b"]

    def test_of_a_fifo_queue_are_not_sent_out_of_order(
        self, monkeypatch: pytest.MonkeyPatch, own_queues: Queues
    ) -> None:
        register("orders.fifo")
        sqs = Scripted(monkeypatch, {"a": "RequestThrottled"})
        with pytest.raises(SendFailed, match="1 of 2"):
            send_many("orders.fifo", items("ab", group_id="g"))
        assert len(sqs.requests) == 1


def test_a_request_that_fails_altogether_is_an_error_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    Scripted(monkeypatch, Throttled(action="SendMessage", queue="test__letters", detail="no"))
    message = Message(body="a")
    with pytest.raises(Throttled):
        send("letters", message)
    assert message.id is None


@pytest.mark.usefixtures("aws")
class TestAtAServer:
    def test_a_message_goes_with_all_that_was_asked_for(self, letters: RegisteredQueue) -> None:
        message = send("letters", body="ü", message_attributes={"n": 5, "raw": b"\0", "text": "x"}, group_id="g")
        [raw] = letters.physical().receive(1, 0, 30)
        received = Message.from_received(raw)
        assert received.body == "ü"
        assert received.id == message.id
        assert received.message_attributes == {"n": 5, "raw": b"\0", "text": "x"}

    def test_a_fifo_queue_keeps_the_order(self, own_queues: Queues) -> None:
        queue = register("orders.fifo")
        for number in range(3):
            send("orders.fifo", body=str(number), group_id="g", deduplication_id=str(number))
        raws = queue.physical().receive(10, 0, 30)
        assert [raw["Body"] for raw in raws] == ["0", "1", "2"]

    def test_messages_take_a_tenth_of_the_requests(self) -> None:
        send("letters", body="so that the queue is there")
        requests = count_requests()
        assert send_many("letters", ({"body": str(number)} for number in range(95))) == 95
        assert requests == ["SendMessageBatch"] * 10

    def test_a_delayed_message_is_not_there_yet(self, letters: RegisteredQueue) -> None:
        send("letters", body="a", delay=60)
        assert letters.receive_single() is None
        assert letters.status().delayed == 1
