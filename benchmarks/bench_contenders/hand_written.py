"""What one would write with boto3 alone: a plain loop, and a pipeline of threads.

python -m benchmarks.bench_contenders.hand_written loop|pipeline|send|send-in-threads
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.bench_contenders.work import compute

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

#: Threads that receive and threads that delete, or threads that send.
THREADS = 8
_WAIT_SECS = 10


def handle(message: Any) -> None:
    """What is done with a message: nothing, or the computation that was asked for."""
    compute()


class Drain:
    """One queue, drained for ever."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self.client = client
        self.url = url

    def receive(self) -> list[Any]:
        answer = self.client.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_SECS)
        return list(answer.get("Messages", ()))

    def delete(self, messages: list[Any]) -> None:
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages)]
        self.client.delete_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type]

    def loop(self) -> None:
        """Receive, handle, delete, and again."""
        while True:
            messages = self.receive()
            for message in messages:
                handle(message)
            if messages:
                self.delete(messages)

    def pipeline(self) -> None:
        """All requests overlap; the messages are handled where they come in."""
        handled: queue.SimpleQueue[list[Any]] = queue.SimpleQueue()

        def receiving() -> None:
            while True:
                messages = self.receive()
                for message in messages:
                    handle(message)
                if messages:
                    handled.put(messages)

        def deleting() -> None:
            while True:
                self.delete(handled.get())

        in_threads([receiving] * THREADS + [deleting] * THREADS)


def send(client: SQSClient, url: str, count: int, threads: int) -> None:
    """Batches of ten, all alike, from so many threads."""
    body = "x" * 200
    entries: Any = [{"Id": str(number), "MessageBody": body} for number in range(10)]

    def sending() -> None:
        for _ in range(count // 10 // threads):
            client.send_message_batch(QueueUrl=url, Entries=entries)

    client.get_queue_attributes(QueueUrl=url)
    print("ready", flush=True)
    sys.stdin.readline()
    in_threads([sending] * threads)


def in_threads(targets: list[Callable[[], None]]) -> None:
    """Run each in a thread of its own, until all have ended."""
    threads = [threading.Thread(target=target) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    for _ in range(int(os.environ["BENCH_PROCESSES"]) - 1):
        if os.fork() == 0:
            break
    endpoint_url = os.environ["BENCH_ENDPOINT_URL"]
    # The default pool of 10 would throw connections away.
    client = boto3.client("sqs", endpoint_url=endpoint_url, config=Config(max_pool_connections=2 * THREADS))
    url = client.get_queue_url(QueueName=os.environ["BENCH_QUEUE"])["QueueUrl"]
    match sys.argv[1]:
        case "loop":
            Drain(client, url).loop()
        case "pipeline":
            Drain(client, url).pipeline()
        case "send":
            send(client, url, int(os.environ["BENCH_COUNT"]), threads=1)
        case "send-in-threads":
            send(client, url, int(os.environ["BENCH_COUNT"]), threads=THREADS)


if __name__ == "__main__":
    main()
