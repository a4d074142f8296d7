# mypy: ignore-errors
"""dramatiq with dramatiq-sqs. `python dramatiq_app.py` sends BENCH_COUNT messages."""

from __future__ import annotations

import os
import sys
import threading

import dramatiq
from botocore.config import Config
from dramatiq_sqs import SQSBroker

BEST = os.environ.get("BENCH_SETTINGS") == "best"
COUNT = int(os.environ.get("BENCH_COUNT", "1"))
THREADS = 8

broker = SQSBroker(
    endpoint_url=os.environ["BENCH_ENDPOINT_URL"],
    region_name="us-east-1",
    **({"config": Config(max_pool_connections=32)} if BEST else {}),
)
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=os.environ["BENCH_QUEUE"])
def noop(text: str) -> None:
    """Nothing."""


def send(count: int) -> None:
    for _ in range(count):
        noop.send("x" * 200)


def main() -> None:
    # The queue is looked up at the first message.
    broker._ensure_queue(os.environ["BENCH_QUEUE"])
    print("ready", flush=True)
    sys.stdin.readline()
    if not BEST:
        send(COUNT)
        return
    # It knows no batches; what can be done is to send from several threads.
    threads = [threading.Thread(target=send, args=(COUNT // THREADS,)) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
