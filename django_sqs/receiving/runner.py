"""Running messages: decode, call the receiver, settle by what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async

from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.exceptions import AWSError, BatchFailed, ReceiverTimeout, Reject, WrongArgument
from django_sqs.message.base import BaseMessage
from django_sqs.receiving import database
from django_sqs.receiving.conclusion import BodyUnavailable, Conclusions, DeleteRefused, Ignored
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.hops import Hops
from django_sqs.receiving.keeping import Keeping
from django_sqs.receiving.settler import Settler
from django_sqs.receiving.verdict import back_stop
from django_sqs.registered_queue import RegisteredQueue

#: Each held message with what its receiver raised.
Results = list[tuple[HeldMessage, BaseException | None]]


class Runner:
    """Runs the messages of one queue and settles them. Never raises."""

    def __init__(
        self, queue: RegisteredQueue, physical: PhysicalQueue, suffix: str | None, holdings: Holdings, settler: Settler
    ) -> None:
        self._queue = queue
        self._options = queue.options
        self._fn = queue.receiver_function()
        self._physical = physical
        self._holdings = holdings
        self.settler = settler
        self._keeping = Keeping(queue, physical, suffix)
        self.conclusions = Conclusions(queue, physical, self._keeping)
        self.hops = Hops(queue, physical, holdings, settler, self.conclusions, self._delete_first)
        self.name = physical.name

    def run(self, taken: Sequence[HeldMessage]) -> None:
        """Run what a handler took, in this thread."""
        taken = self.hops.send_on(taken)
        if not taken:
            return
        results = self._prepared(taken)
        ready = [held for held, error in results if error is None]
        if ready:
            error: BaseException | None = None
            returned: object = None
            try:
                returned = self._fn(self._argument(ready))
            except BaseException as raised:  # SystemExit too: a receiver must not end the process
                error = raised
            results = self._results(results, ready, returned, error)
        self.settle(results)
        self._tidy(results)

    async def arun(self, taken: Sequence[HeldMessage], context: ThreadSensitiveContext) -> None:
        """Run what a slot took, as part of its task. What blocks is done in the thread of the slot's context, where its
        database connections are."""
        if self.hops.are_wanted(taken):
            taken = await sync_to_async(self.hops.send_on)(taken)
            if not taken:
                return
        if self._blocks_before():
            results = await sync_to_async(self._prepared)(taken)
        else:
            results = self._prepared(taken)
        ready = [held for held, error in results if error is None]
        if ready:
            returned, error = await self._acall(ready)
            results = self._results(results, ready, returned, error)
        if all(self.conclusions.is_quick(error) for _, error in results):
            self.settle(results)
        else:
            await sync_to_async(self.settle)(results)
        if context in SyncToAsync.context_to_thread_executor:
            # Only a slot that used its thread can have connections.
            await sync_to_async(self._tidy)(results)

    async def _acall(self, ready: Sequence[HeldMessage]) -> tuple[object, BaseException | None]:
        timeout = self._options.timeout
        call = asyncio.ensure_future(self._contained(ready))
        # Not wait_for(): where this very task is cancelled, because the loop ends, the receiver has not failed.
        await asyncio.wait([call], timeout=timeout)
        late = not call.done()
        if late:
            call.cancel()
            await asyncio.wait([call])
        if not call.cancelled():
            return call.result()
        return None, ReceiverTimeout(timeout) if late and timeout is not None else asyncio.CancelledError()

    async def _contained(self, ready: Sequence[HeldMessage]) -> tuple[object, BaseException | None]:
        """Call the receiver. What it raises is returned: a SystemExit in a task would end the event loop."""
        try:
            return await self._fn(self._argument(ready)), None
        except asyncio.CancelledError:
            raise
        except BaseException as raised:
            return None, raised

    def settle(self, results: Results) -> None:
        """Settle each, unless another has decided on it already."""
        for held, error in results:
            if self._holdings.claim(held):
                self.settler.settle(held, self.conclusions.conclude(held, error))

    def _tidy(self, results: Results) -> None:
        failed = any(error is not None for _, error in results)
        database.after_message(failed=failed, close=self._options.close_database)

    # --- before the call

    def _blocks_before(self) -> bool:
        """May what comes before the call ask AWS, or a database?"""
        options = self._options
        asks = options.delete_on_start or options.max_receives is not None or self._queue.message_class._fetches
        return asks or self.conclusions.has_start_listeners

    def _prepared(self, taken: Iterable[HeldMessage]) -> Results:
        results: Results = []
        for held in taken:
            error: BaseException | None = None
            try:
                self.hops.check(held)
                self._apply_back_stop(held)
                held.message = self._queue.message_class.from_received(held.raw, self.name)
                held.message.get_body()
                if held.message.ignored:
                    raise Ignored
                if self._options.delete_on_start:
                    self._delete_first(held)
                self.conclusions.started(held)
            except (Reject, DeleteRefused, Ignored) as raised:
                error = raised
            except AWSError as raised:
                error = BodyUnavailable(str(raised))
            except Exception as raised:
                # Whatever a message class raises for a body, no retry will mend it.
                error = _rejection(raised)
            results.append((held, error))
        return results

    def _apply_back_stop(self, held: HeldMessage) -> None:
        """One that kills its process every time must not come back for ever; where SQS has no redrive policy, we stop
        it."""
        limit = self._options.max_receives
        if limit is not None and held.receive_count > back_stop(limit) and not self._keeping.has_redrive_policy():
            raise Reject(f"received {held.receive_count} times without being settled")

    def _delete_first(self, held: HeldMessage) -> None:
        try:
            failures = self._physical.delete_batch([held.handle])
        except AWSError as error:
            raise DeleteRefused(str(error)) from error
        if failures:
            raise DeleteRefused(str(failures[0]))
        held.deleted = True

    def _argument(self, ready: Sequence[HeldMessage]) -> Any:
        messages = [held.message for held in ready]
        return messages if self._options.batch else messages[0]

    # --- after the call

    def _results(
        self, prepared: Results, ready: Sequence[HeldMessage], returned: object, error: BaseException | None
    ) -> Results:
        """What each message's error is. A batch receiver may return or raise those that failed; any other error is that
        of all."""
        if not self._options.batch:
            return [(ready[0], error)]
        errors: dict[int, BaseException | None] = {id(held): error for held in ready}
        if isinstance(error, BatchFailed) or (error is None and returned is not None):
            try:
                failed, cause = failed_of_batch([held.message for held in ready], returned, error)
            except Exception as wrong:  # an iterable may fail while it is read
                errors = dict.fromkeys(errors, wrong)
            else:
                errors = {id(held): cause if id(held.message) in failed else None for held in ready}
        return [(held, errors.get(id(held), told)) for held, told in prepared]


def failed_of_batch(
    messages: Sequence[BaseMessage[Any] | None], returned: object, error: BaseException | None
) -> tuple[set[int], BaseException]:
    """The identities of the messages of a batch that failed, and why."""
    listed: Any = error.messages if isinstance(error, BatchFailed) else returned
    if isinstance(listed, (str, bytes)) or not isinstance(listed, Iterable):
        raise WrongArgument(
            problem=f"A batch receiver returned {listed!r}.",
            mend="It returns None, or a list of the messages that failed.",
        )
    listed = list(listed)
    owners = {id(message): id(message) for message in messages}
    # Who is called with payloads names those.
    owners |= {id(one._body): id(one) for one in messages if one is not None and one._takes(one._body)}
    failed = {owners[id(named)] for named in listed if id(named) in owners}
    if not all(id(named) in owners for named in listed):
        raise WrongArgument(
            problem="A batch receiver named messages that were not in its batch.",
            mend="Name those that it was called with.",
        )
    cause = error if isinstance(error, BatchFailed) else BatchFailed(listed)
    return failed, cause.__cause__ or cause


def _rejection(error: Exception) -> Reject:
    rejection = Reject(f"{type(error).__name__}: {error}")
    rejection.__cause__ = error
    return rejection
