"""What the tests share that run the stand-in as a process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.standin.process import StandIn

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


def client_of(standin: StandIn, **options: Any) -> SQSClient:
    settings = {"retries": {"total_max_attempts": 1}, "read_timeout": 5, "connect_timeout": 2, **options}
    return boto3.client("sqs", region_name="us-east-1", endpoint_url=standin.endpoint_url, config=Config(**settings))


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited ten seconds in vain"
        time.sleep(0.01)


def in_background(call: Callable[[], Any]) -> tuple[threading.Thread, list[Any]]:
    """Run a call in a thread; its result, or its error, comes into the list."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(call())
        except Exception as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def waiting(standin: StandIn, polls: int) -> bool:
    """Whether that many long polls wait at the server."""
    return bool(standin.counters()["waiting_polls"] == polls)
