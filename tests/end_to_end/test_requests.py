"""What a receiver and a sender ask of SQS, which bills each request: counted at the stand-in."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import ROOT, World, wait_for

#: Messages of a backlog; the few polls that find its end must not weigh.
COUNT = 2_000

_SEND_MANY = """
import sys
import django
django.setup()
import django_sqs
queue, count, options = sys.argv[1], int(sys.argv[2]), {"group_id": "g"} if sys.argv[1].endswith(".fifo") else {}
print(django_sqs.send_many(queue, ({"body": str(number).ljust(200)} for number in range(count)), **options))
"""


def requests(standin: StandIn) -> dict[str, int]:
    """By action; only those that were made."""
    actions: dict[str, Any] = standin.counters()["actions"]
    return {name: counter["requests"] for name, counter in actions.items() if counter["requests"]}


def options(world: World, **overrides: int) -> None:
    """What an operator sets for the queue."""
    world.environment["SQS_QUEUES"] = json.dumps({"plain": overrides})


def drained(world: World, standin: StandIn) -> dict[str, int]:
    """The requests that `runreceiver` makes from its start until it has drained the queue."""
    world.url("plain")
    name = f"{world.prefix}__plain"
    standin.fill(name, COUNT, bytes=200)
    standin.reset()
    with world.running("plain", "--verbosity=1"):
        wait_for(lambda: standin.counters()["queues"][name]["deleted"] >= COUNT, 60, f"{COUNT} deletes")
        return requests(standin)


class TestABacklog:
    @pytest.mark.parametrize("latency_ms", [0, 15])
    def test_takes_a_fifth_of_a_request_for_each_message(
        self, fast_world: World, standin: StandIn, latency_ms: int
    ) -> None:
        standin.control(latency_ms=latency_ms)
        made = drained(fast_world, standin)
        assert sum(made.values()) <= 0.21 * COUNT, made
        assert set(made) == {"GetQueueUrl", "ReceiveMessage", "DeleteMessageBatch"}

    def test_takes_no_more_with_several_handlers(self, fast_world: World, standin: StandIn) -> None:
        options(fast_world, concurrency=8)
        made = drained(fast_world, standin)
        assert sum(made.values()) <= 0.22 * COUNT, made

    def test_takes_no_more_with_several_processes(self, fast_world: World, standin: StandIn) -> None:
        options(fast_world, processes=2)
        made = drained(fast_world, standin)
        # Each finds the end with some polls that bring nothing.
        assert sum(made.values()) <= 0.22 * COUNT, made


@pytest.mark.parametrize("concurrency", [1, 16])
def test_an_empty_queue_is_asked_once_a_poll_period(fast_world: World, standin: StandIn, concurrency: int) -> None:
    options(fast_world, concurrency=concurrency)
    fast_world.url("plain")
    with fast_world.running("plain"):
        wait_for(lambda: standin.counters()["waiting_polls"] == 1, what="the first poll")
        standin.reset()
        wait_for(lambda: requests(standin).get("ReceiveMessage", 0) >= 1, what="the next poll")
        started = time.monotonic()
        wait_for(lambda: requests(standin)["ReceiveMessage"] >= 4, what="three polls more")
        # SQS_POLL_PERIOD is 1 here, and it was looked every 0.02 s.
        assert time.monotonic() - started >= 3 - 0.1
        counters = standin.counters()
        assert set(requests(standin)) == {"ReceiveMessage"}
        assert counters["actions"]["ReceiveMessage"]["peak_in_flight"] == 1


def send_many(world: World, queue: str, count: int) -> None:
    """In a program of its own, as all that sends is."""
    command = [sys.executable, "-c", _SEND_MANY, queue, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=world.environment, capture_output=True, text=True, check=False)
    assert done.stdout == f"{count}\n", done.stderr


def test_many_messages_take_a_tenth_of_a_request_each(fast_world: World, standin: StandIn) -> None:
    fast_world.url("plain")
    standin.reset()
    send_many(fast_world, "plain", COUNT + 5)
    made = requests(standin)
    assert sum(made.values()) <= 0.105 * COUNT, made
    assert made == {"GetQueueUrl": 1, "SendMessageBatch": COUNT // 10 + 1}
    assert standin.counters()["queues"][f"{fast_world.prefix}__plain"]["visible"] == COUNT + 5


def test_many_messages_of_a_fifo_queue_keep_their_order(fast_world: World, standin: StandIn) -> None:
    # Requests that are answered at different times would mix up what is not sent one after the other.
    standin.control(latency_ms=5, latency_jitter_ms=5)
    url = fast_world.url("ordered.fifo")
    send_many(fast_world, "ordered.fifo", 200)
    received: list[str] = []
    while len(received) < 200:
        messages = fast_world.client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        received += [message["Body"].strip() for message in messages]
        for message in messages:
            fast_world.client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert received == [str(number) for number in range(200)]
