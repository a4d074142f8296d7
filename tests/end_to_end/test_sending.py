"""What goes out over HTTP, to a stand-in that counts requests, drops copies as SQS does, and can lose answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction

from benchmarks.standin.process import StandIn
from django_sqs import register, send, send_many
from django_sqs.aws.physical_queue import forget_addresses
from django_sqs.registry import Queues

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper


@pytest.fixture
def server(standin: StandIn, settings: SettingsWrapper, own_queues: Queues) -> StandIn:
    """The stand-in, which what is sent in this process goes to."""
    settings.SQS_ENDPOINT_URL = standin.endpoint_url
    forget_addresses()
    return standin


def tally(server: StandIn, queue: str) -> dict[str, int]:
    counted: dict[str, int] = server.counters()["queues"][f"test__{queue}"]
    return counted


def bodies(queue: Any) -> list[str]:
    """All that waits, which is deleted."""
    found: list[str] = []
    while received := queue.physical().receive(10, 0, 30):
        found += [raw["Body"] for raw in received]
        queue.physical().delete_batch([raw["ReceiptHandle"] for raw in received])
    return found


@pytest.mark.django_db(transaction=True)
def test_a_thousand_sends_of_a_transaction_take_a_tenth_of_the_requests(server: StandIn) -> None:
    queue = register("letters")
    queue.create()
    server.reset()
    with transaction.atomic():
        for number in range(1000):
            send("letters", body=f"number {number}")
        assert tally(server, "letters")["visible"] == 0
    actions = server.counters()["actions"]
    assert tally(server, "letters")["visible"] == 1000
    assert sum(counted["requests"] for counted in actions.values()) / 1000 <= 0.105, actions


class TestAFifoQueue:
    def test_gets_once_what_is_sent_again_because_an_answer_was_lost(self, server: StandIn) -> None:
        queue = register("orders", fifo=True)
        queue.create()
        server.control(faults=[{"kind": "drop_response", "actions": ["SendMessageBatch", "SendMessage"], "count": 2}])
        assert send_many("orders.fifo", ({"body": str(number), "group_id": "g"} for number in range(25))) == 25
        assert server.counters()["faults"]["drop_response"] == 2
        assert tally(server, "orders.fifo")["deduplicated"] > 0, "it was sent again"
        assert bodies(queue) == [str(number) for number in range(25)]

    def test_gets_each_of_two_sends_of_the_same_body(self, server: StandIn) -> None:
        queue = register("orders", fifo=True)
        for _ in range(2):
            send("orders.fifo", body="the same", group_id="g")
        assert bodies(queue) == ["the same"] * 2

    def test_whose_content_tells_copies_gets_one_of_them(self, server: StandIn) -> None:
        queue = register("orders", fifo=True, content_based_deduplication=True)
        for body in ("the same", "the same", "another"):
            send("orders.fifo", body=body, group_id="g")
        assert bodies(queue) == ["the same", "another"]
