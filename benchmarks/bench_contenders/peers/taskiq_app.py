# mypy: ignore-errors
"""taskiq with taskiq-aio-sqs. `python taskiq_app.py` sends BENCH_COUNT messages."""

from __future__ import annotations

import asyncio
import os
import sys

from taskiq_aio_sqs import SQSBroker

BEST = os.environ.get("BENCH_SETTINGS") == "best"
COUNT = int(os.environ.get("BENCH_COUNT", "1"))

broker = SQSBroker(
    os.environ["BENCH_QUEUE"],
    endpoint_url=os.environ["BENCH_ENDPOINT_URL"],
    region_name="us-east-1",
    **({"max_number_of_messages": 10, "enable_batching": True, "batch_timeout": 0.1} if BEST else {}),
)


@broker.task
async def noop(text: str) -> None:
    """Nothing."""


async def send() -> None:
    await broker.startup()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    if BEST:
        # It sends one batch at a time, whoever else waits.
        for start in range(0, COUNT, 1000):
            await asyncio.gather(*(noop.kiq("x" * 200) for _ in range(min(1000, COUNT - start))))
    else:
        for _ in range(COUNT):
            await noop.kiq("x" * 200)
    # What it has taken and not sent would be lost at the end of the loop.
    await asyncio.to_thread(sys.stdin.readline)
    await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(send())
