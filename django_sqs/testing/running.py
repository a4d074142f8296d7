"""Running the receivers of what waits in a queue, in the process of the test."""

from __future__ import annotations

import logging
import time
from collections import Counter
from itertools import islice
from typing import Any, Protocol

from asgiref.sync import ThreadSensitiveContext, async_to_sync

from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.exceptions import AWSError, Reject, WrongArgument
from django_sqs.receiver_proxy import ReceiverProxy
from django_sqs.receiving import payloads
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.runner import Runner
from django_sqs.receiving.settlement import Outcome
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import queues
from django_sqs.sending.on_commit import flush_ended_blocks
from django_sqs.sending.transports import get_transport
from django_sqs.signals import message_failed
from django_sqs.testing.outbox import MAX_RUNS, OutboxTransport, SentMessage, run_together

logger = logging.getLogger("django_sqs.testing")

#: As `MAX_RUNS` for one message, this for one call: a receiver may send to its own queue for ever.
MAX_RUNS_OF_A_CALL = 10_000


def run_receivers(
    queue: str | RegisteredQueue | ReceiverProxy[Any, Any],
    suffix: str | None = None,
    limit: int | None = None,
    *,
    raise_errors: bool = True,
) -> int:
    """Run the receiver for what waits in a queue, in this thread, until nothing is left or `limit` messages were run.
    Returns how many of them are done with: not those that stay for a `RestartLater` or a retry.

    Within `capture()`, or with `OutboxTransport`, they are the waiting messages in the list, where `state` and `error`
    tell what became of each; delays are not waited for, but what receivers send meanwhile with a delay is left for the
    next call. Otherwise messages are received from SQS, and deleted, kept or left to retry as `runreceiver` does. That
    is for a server on this machine: at Amazon, a short poll that is empty does not mean an empty queue.

    What a receiver raises (but for `RestartLater` and `Reject`) is raised here, when its message is settled; with
    `raise_errors=False` the next message follows. Raises `NoReceiver`, `UnknownQueue`, `WrongArgument`, and
    AssertionError where there is no end to it.
    """
    registered = _registered(queue)
    registered.receiver_function()
    if limit is not None and (type(limit) is not int or limit < 1):
        raise WrongArgument(problem=f"limit={limit!r} is not right.", mend="It takes a whole number from 1.")
    source = _source_of(registered, suffix)
    batch = registered.options.batch or 1
    run = done = 0
    while run != limit:
        count, gone, error = source.run_next(batch if limit is None else min(batch, limit - run))
        if not count:
            break
        run += count
        done += gone
        if error is not None:
            if raise_errors or not isinstance(error, Exception):
                raise error
            logger.error("%s: its receiver raised.", registered.name, exc_info=error)
        if limit is None and run > MAX_RUNS_OF_A_CALL:
            raise AssertionError(f"{registered.name} still had messages after {run} runs. Does it send to itself?")
    return done


def _source_of(queue: RegisteredQueue, suffix: str | None) -> _Source:
    flush_ended_blocks()
    transport = get_transport()
    if isinstance(transport, OutboxTransport):
        return _Listed(queue, suffix, transport.outbox)
    return _Received(queue, suffix)


class _Source(Protocol):
    """Where waiting messages are."""

    def run_next(self, most: int) -> tuple[int, int, BaseException | None]:
        """Run up to so many together. Returns how many there were, how many of them are done with, and what was a
        failure."""


class _Listed:
    """The waiting messages of a list, each once: one that stays is left for the next call, as SQS would hide it."""

    def __init__(self, queue: RegisteredQueue, suffix: str | None, outbox: list[SentMessage]) -> None:
        self._name = queue.full_name(suffix)
        self._outbox = outbox
        self._at_first = {id(sent) for sent in outbox}
        self._seen: set[int] = set()

    def run_next(self, most: int) -> tuple[int, int, BaseException | None]:
        taken = list(islice(filter(self._is_next, self._outbox), most))
        if not taken:
            return 0, 0, None
        self._seen |= {id(sent) for sent in taken}
        error = run_together(taken)
        return len(taken), sum(sent.state != "waiting" for sent in taken), error

    def _is_next(self, sent: SentMessage) -> bool:
        due = not sent.delay or id(sent) in self._at_first
        return sent.full_name == self._name and sent.state == "waiting" and due and id(sent) not in self._seen


class _Received:
    """The messages that SQS gives out; no more than run at once, so that none is held when a failure ends it all."""

    def __init__(self, queue: RegisteredQueue, suffix: str | None) -> None:
        self._queue = queue
        self._physical = queue.physical(suffix)
        self._visibility = max(2, int(queue.options.visibility))
        self._desk = _Desk(queue, self._physical)
        parts: Any = self._desk  # stands for the engine's holdings and for its settler
        self._runner = Runner(queue, self._physical, suffix, parts, parts)
        self._runs: Counter[str] = Counter()

    def run_next(self, most: int) -> tuple[int, int, BaseException | None]:
        taken = self._take(most)
        return (len(taken), *self._run(taken)) if taken else (0, 0, None)

    def _take(self, most: int) -> list[HeldMessage]:
        taken: list[HeldMessage] = []
        while len(taken) < most:
            received = self._physical.receive(most - len(taken), 0, self._visibility)
            if not received:
                break
            now = time.monotonic()
            taken += [HeldMessage(raw, now, self._visibility) for raw in received]
        self._runs.update(held.id for held in taken)
        for held in taken:
            if self._runs[held.id] > MAX_RUNS:
                raise AssertionError(f"{self._physical.name}: message {held.id} came back at once {MAX_RUNS} times.")
        return taken

    def _run(self, taken: list[HeldMessage]) -> tuple[int, BaseException | None]:
        raised: list[BaseException] = []

        def note(exception: BaseException, **facts: Any) -> None:
            if not isinstance(exception, Reject):
                raised.append(exception)

        message_failed.connect(note, sender=self._queue)
        try:
            if self._queue.is_async:
                async_to_sync(self._runner.arun)(taken, ThreadSensitiveContext())
            else:
                self._runner.run(taken)
        finally:
            message_failed.disconnect(note, sender=self._queue)
        outcomes, self._desk.outcomes = self._desk.outcomes, []
        # What was only sent on, since it is not due, is not done with.
        sent_on, self._runner.hops.count = self._runner.hops.count, 0
        return sum(not isinstance(outcome, float) for outcome in outcomes) - sent_on, raised[0] if raised else None


class _Desk:
    """Settles each message at once, in this thread."""

    def __init__(self, queue: RegisteredQueue, physical: PhysicalQueue) -> None:
        self._physical = physical
        self._after_delete = payloads.deleter(queue)
        self.outcomes: list[Outcome] = []

    def claim(self, message: HeldMessage) -> bool:
        return True

    def settle(self, message: HeldMessage, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        if outcome is None:
            action, failures = "DeleteMessage", self._physical.delete_batch([message.handle])
        elif isinstance(outcome, float):
            action = "ChangeMessageVisibility"
            failures = self._physical.change_visibility_batch([(message.handle, outcome)])
        else:
            return
        if failures:
            raise AWSError(action=action, detail=str(failures[0]))
        if outcome is None:
            self._after_delete([message])


def _registered(queue: Any) -> RegisteredQueue:
    if isinstance(queue, ReceiverProxy):
        return queue.registered_queue
    if isinstance(queue, RegisteredQueue):
        return queue
    if isinstance(queue, str):
        return queues[queue]
    raise WrongArgument(
        problem=f"run_receivers() got {queue!r}.", mend="It takes the name of a queue, the queue, or its receiver."
    )
