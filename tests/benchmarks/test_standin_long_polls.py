"""The stand-in's long polls: what wakes them, in which order, and who is there to be answered."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ReadTimeoutError

from benchmarks.standin.process import StandIn
from tests.benchmarks.live import client_of, in_background, wait_for, waiting

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

pytestmark = pytest.mark.end_to_end


def test_a_long_poll_wakes_when_messages_arrive(standin: StandIn, client: SQSClient, url: str) -> None:
    thread, results = in_background(
        lambda: client.receive_message(QueueUrl=url, WaitTimeSeconds=4, MaxNumberOfMessages=10)
    )
    wait_for(lambda: waiting(standin, 1))
    started_at = time.monotonic()

    client.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": str(n)} for n in range(10)])
    thread.join()

    assert time.monotonic() - started_at < 1
    assert [message["Body"] for message in results[0]["Messages"]] == [str(n) for n in range(10)], "not the first alone"


def test_a_long_poll_wakes_when_a_visibility_timeout_or_a_delay_is_over(client: SQSClient, url: str) -> None:
    client.send_message(QueueUrl=url, MessageBody="a")
    client.send_message(QueueUrl=url, MessageBody="b", DelaySeconds=1)
    client.receive_message(QueueUrl=url, VisibilityTimeout=2)
    started_at = time.monotonic()

    found = [client.receive_message(QueueUrl=url, WaitTimeSeconds=4)["Messages"][0]["Body"] for _ in range(2)]

    assert found == ["b", "a"]
    assert 1.5 < time.monotonic() - started_at < 3


def test_a_waiting_poll_learns_of_a_message_that_is_delayed(standin: StandIn, client: SQSClient, url: str) -> None:
    receive = partial(client_of(standin).receive_message, QueueUrl=url, WaitTimeSeconds=4)
    thread, results = in_background(receive)
    wait_for(lambda: waiting(standin, 1))
    started_at = time.monotonic()

    client.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=1)
    thread.join()

    assert results[0]["Messages"][0]["Body"] == "late"
    assert 0.95 < time.monotonic() - started_at < 3


def test_a_long_poll_wakes_when_a_delete_frees_a_group(standin: StandIn, client: SQSClient) -> None:
    url = client.create_queue(
        QueueName="q.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    )["QueueUrl"]
    for body in ("1", "2"):
        client.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g")
    handle = client.receive_message(QueueUrl=url)["Messages"][0]["ReceiptHandle"]
    thread, results = in_background(lambda: client.receive_message(QueueUrl=url, WaitTimeSeconds=4))
    wait_for(lambda: waiting(standin, 1))
    started_at = time.monotonic()

    client.delete_message(QueueUrl=url, ReceiptHandle=handle)
    thread.join()

    assert results[0]["Messages"][0]["Body"] == "2"
    assert time.monotonic() - started_at < 2


def test_a_long_poll_that_finds_nothing_takes_its_time(standin: StandIn, client: SQSClient, url: str) -> None:
    started_at = time.monotonic()

    assert "Messages" not in client.receive_message(QueueUrl=url, WaitTimeSeconds=1)

    assert 0.95 < time.monotonic() - started_at < 2
    assert standin.counters()["actions"]["ReceiveMessage"]["empty"] == 1


def test_nothing_is_handed_to_a_poll_whose_client_is_gone(standin: StandIn, client: SQSClient, url: str) -> None:
    impatient = client_of(standin, read_timeout=0.3)
    with pytest.raises(ReadTimeoutError):
        impatient.receive_message(QueueUrl=url, WaitTimeSeconds=20)
    impatient.close()
    wait_for(lambda: waiting(standin, 0))

    client.send_message(QueueUrl=url, MessageBody="a")

    assert client.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "a"
    assert standin.counters()["actions"]["ReceiveMessage"]["in_flight"] == 0


def test_many_polls_are_counted_at_once_and_served_in_turn(standin: StandIn, client: SQSClient, url: str) -> None:
    threads = []
    for number in range(1, 4):
        receive = partial(client_of(standin).receive_message, QueueUrl=url, WaitTimeSeconds=4)
        threads.append(in_background(receive))
        wait_for(partial(waiting, standin, number))

    for body in "abc":
        client.send_message(QueueUrl=url, MessageBody=body)
    for thread, _ in threads:
        thread.join()

    assert [results[0]["Messages"][0]["Body"] for _, results in threads] == ["a", "b", "c"]
    assert standin.counters()["actions"]["ReceiveMessage"]["peak_in_flight"] == 3
