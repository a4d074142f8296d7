"""Delays that are longer than SQS's: with real receivers, for which the longest hop is two seconds."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

from benchmarks.standin.process import StandIn
from django_sqs import register, send
from django_sqs.aws.physical_queue import forget_addresses
from django_sqs.registry import Queues
from django_sqs.sending import delays
from tests.end_to_end.harness import World, wait_for

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

QUEUES = ("later", "later_coroutines", "later_batched", "later_once")


@pytest.fixture
def hopping(
    fast_world: World,
    standin: StandIn,
    settings: SettingsWrapper,
    own_queues: Queues,
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A world at the stand-in that this process sends to as well."""
    fast_world.environment["DJANGO_SQS_TEST_APPS"] = "tests.end_to_end.hopping_app"
    settings.SQS_ENDPOINT_URL = standin.endpoint_url
    settings.SQS_QUEUE_PREFIX = fast_world.prefix
    monkeypatch.setattr(delays, "MAX_DELAY_SECS", 2)
    forget_addresses()
    for queue in QUEUES:
        register(queue).create()
    return fast_world


def started(world: World, queue: str) -> list[list[str]]:
    return world.lines(queue, "start")


def test_a_message_hops_until_it_is_due_and_is_then_run_once_as_it_was_sent(hopping: World, standin: StandIn) -> None:
    with hopping.running(*QUEUES) as command:
        for queue in QUEUES:
            command.wait_for_output(f"{hopping.prefix}__{queue}: receiving")
        begun = time.time()
        for queue in QUEUES:
            send(queue, body="x", delay=5, group_id="tenant", message_attributes={"raw": b"\0\xff", "n": 7})
        for queue in QUEUES:
            wait_for(lambda queue=queue: started(hopping, queue), 20, f"a run in {queue}")
            wait_for(lambda queue=queue: hopping.counts(queue) == (0, 0, 0), 20, f"an empty queue {queue}")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
    for queue in QUEUES:
        [[*_, body, group, attributes, when, _]] = started(hopping, queue)
        assert (body, group, attributes) == ("x", "tenant", r"n=7,raw=b'\x00\xff'"), queue
        assert 5 <= float(when) - begun < 20, queue
        tally = standin.counters()["queues"][f"{hopping.prefix}__{queue}"]
        assert tally["sent"] >= 2, "it hopped"
    assert hopping.failed_rows() == []


def test_neither_a_kill_nor_a_failure_to_send_on_loses_a_message(hopping: World, standin: StandIn) -> None:
    begun = time.time()
    send("later", body="x", delay=6)
    with hopping.running("later") as command:
        standin.control(faults=[{"kind": "error", "actions": ["SendMessageBatch"], "count": 6}])
        wait_for(lambda: "could not be sent on" in command.output, 20, "a hop that fails")
        command.signal(signal.SIGKILL)
        command.wait()
    standin.control(faults=[])
    with hopping.running("later"):
        wait_for(lambda: started(hopping, "later"), 20, "the run")
        wait_for(lambda: hopping.counts("later") == (0, 0, 0), 20, "an empty queue")
    assert [line[2] for line in started(hopping, "later")] == ["x"]
    assert float(started(hopping, "later")[0][-2]) - begun >= 6
