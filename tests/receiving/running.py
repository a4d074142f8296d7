"""A runner of the messages of a queue, with what was concluded of each."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from django_sqs.receiving.conclusion import Conclusions
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.runner import Runner
from django_sqs.receiving.settlement import Outcome
from tests.receiving.support import FakeQueue, Outcomes, Registering, holdings


class Running:
    """A runner of the messages of a queue, with what was concluded of each."""

    def __init__(self, registered: Registering, physical: FakeQueue, fn: Any, **options: Any) -> None:
        self.holdings = holdings(8)
        self.settler = Outcomes(physical, self.holdings)
        queue = registered(fn, **options)
        self.runner = Runner(queue, physical, None, self.holdings, self.settler)
        #: What the receiver raised, by message id.
        self.errors: dict[str, BaseException | None] = {}
        self._conclusions = self.runner.conclusions
        self.runner.conclusions = Noting(self)

    def run(self, *messages: HeldMessage) -> None:
        self.runner.run(messages)

    def arun(self, *messages: HeldMessage) -> None:
        """Run them as a slot does, in an event loop."""

        async def slot() -> None:
            async with ThreadSensitiveContext() as context:
                await self.runner.arun(messages, context)

        asyncio.run(slot())

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return self.settler.noted


class Noting(Conclusions):
    """Notes what is concluded from, and where."""

    def __init__(self, running: Running) -> None:
        self.__dict__.update(running._conclusions.__dict__)
        self._running = running
        self.threads: list[int] = []

    def conclude(self, held: HeldMessage, error: BaseException | None) -> Outcome:
        self._running.errors[held.id] = error
        self.threads.append(threading.get_ident())
        return super().conclude(held, error)


Start = Callable[..., Running]
