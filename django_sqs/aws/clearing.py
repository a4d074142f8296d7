"""Emptying a queue by receiving and deleting, several batches at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django_sqs.aws.physical_queue import BATCH, PhysicalQueue

#: Batches at a time: SQS answers each in about 15 ms, so that eight empty a queue at some thousand messages a second.
_PARALLEL = 8
#: Long enough for what is received to be deleted; short, so that what an interrupted clear held comes back soon.
_VISIBILITY_SECS = 30
#: A short poll asks only some of SQS's servers; with a wait all are asked, so that an empty answer means an empty queue.
_WAIT_SECS = 1


@dataclass(frozen=True)
class Cleared:
    """What a clear did: messages deleted, and those left because they were in flight elsewhere."""

    deleted: int
    in_flight: int


def clear_queue(queue: PhysicalQueue, progress: Callable[[int], object] | None = None) -> Cleared:
    """Receive and delete until every worker finds the queue empty. Raises `AWSError`."""
    queue.url()
    lock = threading.Lock()
    deleted = 0

    def work() -> None:
        nonlocal deleted
        while True:
            handles = [message["ReceiptHandle"] for message in queue.receive(BATCH, _WAIT_SECS, _VISIBILITY_SECS)]
            if not handles:
                return
            count = len(handles) - len(queue.delete_batch(handles))
            with lock:
                deleted += count
                if progress is not None:
                    progress(count)

    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="sqs-clear") as pool:
        for future in [pool.submit(work) for _ in range(_PARALLEL)]:
            future.result()
    in_flight = queue.attributes("ApproximateNumberOfMessagesNotVisible").get(
        "ApproximateNumberOfMessagesNotVisible", "0"
    )
    return Cleared(deleted=deleted, in_flight=int(in_flight))
