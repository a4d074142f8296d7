"""What an error tells of a long send."""

from __future__ import annotations

import pytest

from django_sqs import send_many
from django_sqs.exceptions import SendFailed
from django_sqs.message import Message
from django_sqs.sending import record
from tests.sending.test_transports import Scripted

pytestmark = pytest.mark.usefixtures("letters")


def failed(messages: list[Message]) -> SendFailed:
    with pytest.raises(SendFailed) as raised:
        send_many("letters", messages)
    return raised.value


def test_all_that_was_sent_before_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    Scripted(monkeypatch, *[{"32": "Bad"}] * 4)
    messages = [Message(body=str(number)) for number in range(35)]
    error = failed(messages)
    assert error.sent == [*messages[:32], *messages[33:]]
    assert error.failed == [(messages[32], "Bad")]
    assert str(error).startswith("1 of 35 messages for 'test__letters' were not sent: Bad.")
    assert [message.id is None for message in messages] == [number == 32 for number in range(35)]


def test_an_id_of_an_earlier_send_is_none_of_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    Scripted(monkeypatch, {"0": "Bad"})
    messages = [Message(body=str(number)) for number in range(20)]
    messages[12].id = "from before"
    error = failed(messages)
    assert len(error.sent) == 9
    assert messages[12] not in error.sent


@pytest.mark.parametrize(("limit", "value"), [("MAX_MESSAGES", 15), ("MAX_BYTES", 30)])
def test_of_a_long_send_only_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(record, limit, value)
    Scripted(monkeypatch, *[{"75": "Bad"}] * 7)
    messages = [Message(body=str(number)) for number in range(10, 80)]
    error = failed(messages)
    assert [message.body for message in error.sent] == [str(number) for number in range(65, 80) if number != 75]
