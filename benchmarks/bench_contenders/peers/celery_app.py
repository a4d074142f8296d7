# mypy: ignore-errors
"""Celery with its SQS transport. `python celery_app.py` sends BENCH_COUNT messages."""

from __future__ import annotations

import os
import sys
import threading

from celery import Celery

BEST = os.environ.get("BENCH_SETTINGS") == "best"
COUNT = int(os.environ.get("BENCH_COUNT", "1"))
THREADS = 8

app = Celery("celery_app", broker="sqs://testing:testing@" + os.environ["BENCH_ENDPOINT_URL"].partition("//")[2])
app.conf.task_default_queue = os.environ["BENCH_QUEUE"]
app.conf.broker_transport_options = {"region": "us-east-1", "is_secure": False}
if BEST:
    app.conf.broker_transport_options |= {"polling_interval": 0, "wait_time_seconds": 10}
    app.conf.worker_prefetch_multiplier = 10
    app.conf.broker_pool_limit = THREADS
    app.conf.task_ignore_result = True


@app.task
def noop(text: str) -> None:
    """Nothing."""


def send(count: int) -> None:
    for _ in range(count):
        noop.delay("x" * 200)


def main() -> None:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1)
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
