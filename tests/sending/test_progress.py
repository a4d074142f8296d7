"""How far a long send has come."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction

from django_sqs import send_many
from django_sqs.exceptions import WrongArgument
from tests.sending.test_transports import Scripted

pytestmark = pytest.mark.usefixtures("letters")


def test_it_is_told_while_messages_go_and_adds_up_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    Scripted(monkeypatch, *[{}] * 20)
    told: list[int] = []
    at_message_150: list[int] = []

    def bodies() -> list[dict[str, str]]:
        return [{"body": str(number)} for number in range(200)]

    def watched() -> Iterator[dict[str, str]]:
        for number, body in enumerate(bodies()):
            if number == 150:
                at_message_150.append(sum(told))
            yield body

    assert send_many("letters", watched(), progress=told.append) == 200
    assert sum(told) == 200
    assert 50 <= at_message_150[0] <= 150, "what has gone, not what was read, and not all at the end"


@pytest.mark.django_db(transaction=True)
def test_what_waits_for_a_commit_counts_as_done(monkeypatch: pytest.MonkeyPatch) -> None:
    Scripted(monkeypatch, {})
    told: list[int] = []
    with transaction.atomic():
        send_many("letters", ({"body": str(number)} for number in range(3)), progress=told.append)
        assert told == [3]


def test_it_must_be_a_function() -> None:
    with pytest.raises(WrongArgument, match="progress=7 is not right"):
        send_many("letters", [{"body": "a"}], progress=7)
