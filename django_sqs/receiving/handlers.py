"""The threads that run receivers."""

from __future__ import annotations

from collections.abc import Callable

from django_sqs.receiving import database
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.part import Part
from django_sqs.receiving.runner import Outcome, Runner
from django_sqs.receiving.settler import Settler


class Handlers(Part):
    """`concurrency` threads, each of which takes a message, runs it, and hands it to the settler."""

    name = "handler"

    def __init__(self, runner: Runner, holdings: Holdings, settler: Settler, on_death: Callable[[Part], None]) -> None:
        super().__init__(runner.name, on_death)
        self._runner = runner
        self._holdings = holdings
        self._settler = settler

    def start(self) -> None:
        """Begin to take messages. It ends when the holdings give no more."""
        for _ in range(self._holdings.handlers):
            self.spawn(self._loop)

    def _loop(self) -> None:
        try:
            while True:
                held = self._holdings.take(wait=False)
                if held is None:
                    # Nothing to do: a connection kept open now would only be cut by the other side.
                    database.close_all()
                    held = self._holdings.take(wait=True)
                if held is None:
                    return
                self._settle(held, self._runner.run(held))
        finally:
            database.close_all()

    def _settle(self, held: HeldMessage, outcome: Outcome) -> None:
        self._holdings.finish(held)
        if outcome is None:
            self._settler.delete(held)
        elif isinstance(outcome, float) and not held.lost:
            self._settler.give_back(held, outcome)
        else:
            # SQS knows already; or another may hold it by now, and our handle must not change what it does.
            self._holdings.drop(held)
