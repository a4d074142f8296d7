"""Emptying a queue by receiving and deleting, several batches at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django_sqs.aws.client import CALLING, Connection, get_client
from django_sqs.aws.errors import translated
from django_sqs.aws.physical_queue import BATCH, PhysicalQueue, forget_addresses

#: Batches at a time: SQS answers each in about 15 ms, so that eight empty a queue at some thousand messages a second.
_PARALLEL = 8
#: Long enough for what is received to be deleted; short, so that what an interrupted clear held comes back soon.
_VISIBILITY_SECS = 30
#: Message ids kept to tell that one was received twice, which happens within moments.
_REMEMBERED = 10_000
#: A short poll asks only some of SQS's servers; with a wait all are asked, so that an empty answer means that the queue
#: is empty.
_WAIT_SECS = 1


@dataclass(frozen=True)
class Cleared:
    """What a clear did: messages deleted, and those left because they were in flight elsewhere or delayed."""

    deleted: int
    in_flight: int
    delayed: int = 0


class _Seen:
    """Counts each message once: SQS now and then hands one out twice, also to two who ask at the same time."""

    def __init__(self) -> None:
        self._ids: dict[str, None] = {}

    def count_new(self, ids: Iterable[str]) -> int:
        before = len(self._ids)
        self._ids.update(dict.fromkeys(ids))
        count = len(self._ids) - before
        while len(self._ids) > _REMEMBERED:
            del self._ids[next(iter(self._ids))]
        return count


def clear_queue(queue: PhysicalQueue, progress: Callable[[int], object] | None = None) -> Cleared:
    """Receive and delete until every worker finds the queue empty. Raises `AWSError`."""
    queue.url()
    lock = threading.Lock()
    seen = _Seen()
    stopped = threading.Event()
    deleted = 0

    def work() -> None:
        nonlocal deleted
        while not stopped.is_set():
            messages = queue.receive(BATCH, _WAIT_SECS, _VISIBILITY_SECS)
            if not messages:
                return
            failed = {failure.index for failure in queue.delete_batch([one["ReceiptHandle"] for one in messages])}
            ids = [one["MessageId"] for index, one in enumerate(messages) if index not in failed]
            with lock:
                count = seen.count_new(ids)
                deleted += count
                if progress is not None:
                    progress(count)

    with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="sqs-clear") as pool:
        try:
            for future in [pool.submit(work) for _ in range(_PARALLEL)]:
                future.result()
        finally:
            # After Ctrl-C or a failure the pool waits for the others, which would first empty the queue.
            stopped.set()
    names = ("ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
    left = queue.attributes(*names)
    in_flight, delayed = (int(left.get(name, 0)) for name in names)
    return Cleared(deleted=deleted, in_flight=in_flight, delayed=delayed)


def delete_all_queues(connection: Connection) -> None:
    """Delete every queue that can be seen there (sqs:ListQueues, sqs:DeleteQueue): for tests, on their own server."""
    client = get_client(connection, CALLING)
    with translated("ListQueues", "", connection.endpoint_url):
        while urls := client.list_queues().get("QueueUrls"):
            for url in urls:
                client.delete_queue(QueueUrl=url)
    forget_addresses()
