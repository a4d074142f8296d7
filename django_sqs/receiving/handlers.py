"""The threads that run receivers."""

from __future__ import annotations

from collections.abc import Callable

from django_sqs.receiving import database
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.part import Part
from django_sqs.receiving.runner import Runner

#: A handler that had nothing to do for so long is idle, in seconds. Not at once: where messages are asked for one by
#: one there is a gap of a round trip after each.
_IDLE_SECS = 1.0


class Handlers(Part):
    """`concurrency` threads, each of which takes what is next and runs it."""

    name = "handler"

    def __init__(self, runner: Runner, holdings: Holdings, on_death: Callable[[Part], None]) -> None:
        super().__init__(runner.name, on_death)
        self._runner = runner
        self._holdings = holdings

    def start(self) -> None:
        """Begin to take messages. It ends when the holdings give no more."""
        for _ in range(self._holdings.handlers):
            self.spawn(self._loop)

    def _loop(self) -> None:
        try:
            while True:
                taken = self._holdings.take(wait=True, timeout=_IDLE_SECS)
                if not taken:
                    # A connection that is kept open now would only be cut by the other side.
                    database.close_all()
                    taken = self._holdings.take(wait=True)
                if not taken:
                    return
                self._runner.run(taken)
                self._holdings.finish(taken)
                self._runner.settler.nudge()
        finally:
            database.close_all()
