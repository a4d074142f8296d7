"""The stand-in's latency and faults as botocore sees them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from benchmarks.standin.process import StandIn
from tests.benchmarks.live import client_of, in_background, wait_for, waiting

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.end_to_end


def test_latency_is_added_and_does_not_hold_up_others(standin: StandIn, client: SQSClient, url: str) -> None:
    standin.control(faults=[{"kind": "latency", "latency_ms": 1500, "actions": ["ListQueues"]}], latency_ms=50)
    slow = client_of(standin)
    thread, _ = in_background(slow.list_queues)
    started_at = time.monotonic()

    for _ in range(4):
        client.get_queue_url(QueueName="q")
    elapsed = time.monotonic() - started_at
    assert thread.is_alive()
    thread.join()

    assert elapsed >= 0.2
    assert time.monotonic() - started_at >= 1.4


def test_latency_comes_on_top_of_a_long_polls_wait(standin: StandIn, client: SQSClient, url: str) -> None:
    standin.control(latency_ms=400)
    started_at = time.monotonic()

    client.receive_message(QueueUrl=url, WaitTimeSeconds=1)

    assert 1.35 < time.monotonic() - started_at < 3


def test_errors_and_throttling_are_what_botocore_takes_them_for(standin: StandIn, client: SQSClient, url: str) -> None:
    standin.control(faults=[{"kind": "error", "count": 1}, {"kind": "throttle", "count": 1}])
    codes = []
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            client.list_queues()
        codes.append(
            (caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"])
        )
    assert codes == [("InternalError", 500), ("RequestThrottled", 400)]

    patient = client_of(standin, retries={"mode": "standard", "total_max_attempts": 3})
    standin.control(faults=[{"kind": "error", "count": 1}, {"kind": "throttle", "count": 1}])
    assert patient.list_queues()["ResponseMetadata"]["RetryAttempts"] == 2
    assert standin.counters()["faults"] == {"error": 2, "throttle": 2}


def test_a_refused_request_is_not_acted_on_and_a_dropped_response_is(
    standin: StandIn, client: SQSClient, url: str
) -> None:
    for kind, sent in (("refuse", 0), ("drop_response", 1)):
        standin.control(faults=[{"kind": kind, "count": 1}])
        with pytest.raises(ConnectionClosedError):
            client.send_message(QueueUrl=url, MessageBody=kind)
        assert standin.counters()["queues"]["q"]["sent"] == sent


def test_a_hanging_request_is_not_acted_on_and_a_hanging_response_is(
    standin: StandIn, client: SQSClient, url: str
) -> None:
    impatient = client_of(standin, read_timeout=0.3)
    for kind, sent in (("hang", 0), ("hang_response", 1)):
        standin.control(faults=[{"kind": kind, "count": 1}])
        with pytest.raises(ReadTimeoutError):
            impatient.send_message(QueueUrl=url, MessageBody=kind)
        assert standin.counters()["queues"]["q"]["sent"] == sent
    wait_for(lambda: standin.counters()["actions"]["SendMessage"]["in_flight"] == 0)


def test_a_server_that_is_away_refuses_connections_and_comes_back_with_its_messages(
    standin: StandIn, client: SQSClient, url: str
) -> None:
    client.send_message(QueueUrl=url, MessageBody="a")

    standin.go_away()
    with pytest.raises(EndpointConnectionError):
        client_of(standin).list_queues()
    standin.come_back()

    assert client.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "a"


def test_going_away_cuts_a_poll_and_ends_after_the_time_given(standin: StandIn, client: SQSClient, url: str) -> None:
    thread, results = in_background(lambda: client.receive_message(QueueUrl=url, WaitTimeSeconds=9))
    wait_for(lambda: waiting(standin, 1))

    standin.go_away(0.5)
    thread.join()

    assert isinstance(results[0], ConnectionClosedError)
    assert waiting(standin, 0)
    patient = client_of(standin, retries={"mode": "standard", "total_max_attempts": 8})
    assert patient.get_queue_url(QueueName="q")["QueueUrl"] == url


def test_a_paused_server_answers_when_it_is_resumed(standin: StandIn, client: SQSClient, url: str) -> None:
    standin.pause()
    thread, results = in_background(lambda: client.send_message(QueueUrl=url, MessageBody="a"))
    thread.join(0.5)
    assert thread.is_alive()

    standin.resume()
    thread.join()

    assert results[0]["MessageId"]
