"""Several batches on their way at the same time."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextvars import copy_context
from types import TracebackType

from django_sqs.exceptions import SendFailed
from django_sqs.sending.outgoing import Outgoing

#: Requests in flight at the most.
MAX_REQUESTS = 8

Batch = list[Outgoing]


def send_batches(batches: Iterable[Batch], send: Callable[[Batch], None]) -> int:
    """Send each batch with `send`, up to eight at a time; those for one FIFO queue one after the other, in their order.
    Returns the number of messages.

    The first goes alone: where nothing can be sent one request finds it out, and where there is no second no thread is
    needed. Once one has failed none is read any more; those that were read are sent, but for what would overtake the
    failed on a FIFO queue. What then is raised is the failure of the earliest, or one `SendFailed` for all where all
    are such.
    """
    count = 0
    unread = iter(batches)
    with _Senders(send) as senders:
        while senders.have_time() and (batch := next(unread, None)) is not None:
            if count:
                senders.take(batch)
            else:
                send(batch)
            count += len(batch)
    return count


class _Senders:
    """Threads that last as long as one call. Batches are numbered in the order in which they are taken."""

    def __init__(self, send: Callable[[Batch], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        #: A batch waits to be begun, or no more will.
        self._work = threading.Condition(self._lock)
        #: A batch is done.
        self._done = threading.Condition(self._lock)
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._number = 0
        #: Taken, and not begun.
        self._waiting: deque[tuple[int, Callable[[], None]]] = deque()
        #: The queues of those that are taken and not done.
        self._under_way: dict[int, str] = {}
        #: The queues and the failures of those that were not sent.
        self._failures: dict[int, tuple[str, BaseException]] = {}
        self._closed = False

    def __enter__(self) -> _Senders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            self._work.notify_all()
        for thread in self._threads:
            thread.join()
        if self._failures and (error is None or isinstance(error, Exception)):
            raise _in_one([failure for _, (_, failure) in sorted(self._failures.items())])

    def have_time(self) -> bool:
        """Wait until another batch can be begun. False where one has failed."""
        with self._lock:
            while not self._failures and len(self._under_way) >= MAX_REQUESTS:
                self._done.wait()
            return not self._failures

    def take(self, batch: Batch) -> None:
        """Send a batch when it is its turn. It is not sent where one before it on its FIFO queue has failed."""
        queue = batch[0].destination.full_name
        # Who traces what a program does finds the sender's context in the threads too.
        context = copy_context()
        with self._lock:
            self._number += 1
            while queue.endswith(".fifo") and queue in self._under_way.values():
                self._done.wait()
            if queue.endswith(".fifo") and any(failed == queue for failed, _ in self._failures.values()):
                self._failures[self._number] = (queue, _not_tried(queue, batch))
                return
            self._under_way[self._number] = queue
            self._waiting.append((self._number, lambda: context.run(self._send, batch)))
            self._work.notify()
            wanted = len(self._waiting) > self._idle and len(self._threads) < MAX_REQUESTS
        if wanted:
            self._start()

    def _start(self) -> None:
        thread = threading.Thread(target=self._loop, name=f"sqs-send-{len(self._threads) + 1}")
        try:
            thread.start()
        except RuntimeError:
            # There are too many, or the interpreter ends and starts none any more.
            if not self._threads:
                self._do(*self._waiting.popleft())
        else:
            self._threads.append(thread)

    def _loop(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
                while not self._waiting and not self._closed:
                    self._work.wait()
                self._idle -= 1
                if not self._waiting:
                    return
                number, work = self._waiting.popleft()
            self._do(number, work)

    def _do(self, number: int, work: Callable[[], None]) -> None:
        failure: BaseException | None = None
        try:
            work()
        except BaseException as error:
            failure = error
        with self._lock:
            queue = self._under_way.pop(number)
            if failure is not None:
                self._failures[number] = (queue, failure)
            self._done.notify()


def _not_tried(queue: str, batch: Batch) -> SendFailed:
    reason = "not tried, since what was before it was not sent"
    return SendFailed(
        queue=queue,
        count=len(batch),
        total=len(batch),
        reasons=reason,
        sent=[],
        failed=[(outgoing.message, reason) for outgoing in batch],
    )


def _in_one(failures: list[BaseException]) -> BaseException:
    """What to raise for failures of several batches."""
    partial = [failure for failure in failures if isinstance(failure, SendFailed)]
    if len(partial) < len(failures) or len(failures) == 1:
        return failures[0]
    return SendFailed(
        queue=", ".join(dict.fromkeys(failure.facts["queue"] for failure in partial)),
        count=sum(len(failure.failed) for failure in partial),
        total=sum(len(failure.failed) + len(failure.sent) for failure in partial),
        reasons="; ".join(sorted({reason for failure in partial for _, reason in failure.failed})),
        sent=[message for failure in partial for message in failure.sent],
        failed=[pair for failure in partial for pair in failure.failed],
    )
