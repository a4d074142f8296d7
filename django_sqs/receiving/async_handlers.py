"""The event loop that runs `async def` receivers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from asgiref.sync import ThreadSensitiveContext, sync_to_async

from django_sqs.receiving import database
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.part import Part
from django_sqs.receiving.runner import Runner

#: How often slots look whether a batch is complete by its age, in seconds.
_BATCH_LOOK_SECS = 0.1


class AsyncHandlers(Part):
    """One thread with one event loop, in which `concurrency` slots each take what is next and run it.

    Each slot is one task with a thread-sensitive context of its own: what its receivers do in the database is done in a
    thread of that slot, so that slots do not queue up for a single one.
    """

    name = "event loop"

    def __init__(self, runner: Runner, holdings: Holdings, batched: bool, on_death: Callable[[Part], None]) -> None:
        super().__init__(runner.name, on_death)
        self._runner = runner
        self._holdings = holdings
        self._look = _BATCH_LOOK_SECS if batched else None

    def start(self) -> None:
        """Begin to take messages. It ends when the holdings give no more."""
        self.spawn(lambda: asyncio.run(self._run()))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()

        def on_work() -> None:
            # The loop may be closed already when the last messages are settled.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._wake)

        self._waiting: list[asyncio.Future[None]] = []
        self._holdings.on_work = on_work
        await asyncio.gather(*(self._slot() for _ in range(self._holdings.handlers)))

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def _slot(self) -> None:
        async with ThreadSensitiveContext() as context:
            used = False
            while True:
                taken = self._holdings.take(wait=False)
                if not taken and used:
                    used = False
                    await sync_to_async(database.close_all)()
                    continue
                if not taken:
                    taken = await self._next()
                if not taken:
                    return
                used = True
                await self._runner.arun(taken, context)
                self._holdings.finish(taken)
                self._runner.settler.nudge()

    async def _next(self) -> list[HeldMessage]:
        """Wait for something to run. Empty when there will never be."""
        while True:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            # First the future, then the look: what comes between the two wakes it.
            self._waiting.append(future)
            taken = self._holdings.take(wait=False)
            if taken or self._holdings.exhausted:
                self._waiting.remove(future)
                return taken
            await asyncio.wait([future], timeout=self._look)
            if not future.done():
                self._waiting.remove(future)
