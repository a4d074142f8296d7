"""The threads that run receivers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from django_sqs.receiving import database
from django_sqs.receiving.handlers import Handlers
from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from tests.receiving.support import Deaths, Gate, eventually, held, holdings, ids, never


class Handling:
    """Handlers with a runner that only notes."""

    name = "test__jobs"

    def __init__(self, count: int = 1, **options: Any) -> None:
        self.holdings: Holdings = holdings(count, **options)
        self.deaths = Deaths()
        #: What was done, in order: the ids that were run, "closed", "nudged".
        self.done: list[Any] = []
        self.during: Callable[[Sequence[HeldMessage]], object] = lambda taken: None
        self.settler = self
        runner: Any = self
        self.handlers = Handlers(runner, self.holdings, self.deaths)

    def run(self, taken: Sequence[HeldMessage]) -> None:
        """In the place of the runner's."""
        self.during(taken)
        self.done.append(ids(taken))

    def nudge(self) -> None:
        """In the place of the settler's."""
        assert not any(message.state is State.RUNNING for message in self.holdings.each_held())
        self.done.append("nudged")

    def end(self) -> None:
        self.holdings.close()
        assert self.handlers.join(5)


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that have closed their connections."""
    threads: list[str] = []
    monkeypatch.setattr(database, "close_all", lambda: threads.append(threading.current_thread().name))
    return threads


@pytest.fixture
def handling() -> Iterator[Handling]:
    made = Handling()
    yield made
    made.end()


def test_what_is_received_is_run_and_then_finished_and_the_settler_told(handling: Handling) -> None:
    handling.handlers.start()
    message = held("a")
    handling.holdings.add([message])
    eventually(lambda: handling.done == [["a"], "nudged"])
    assert message.state is State.SETTLING
    assert handling.holdings.running == 0


def test_messages_are_run_one_after_the_other_by_one_handler(handling: Handling) -> None:
    most = 0

    def during(taken: Sequence[HeldMessage]) -> None:
        nonlocal most
        most = max(most, handling.holdings.running)

    handling.during = during
    handling.holdings.add([held(name) for name in "abc"])
    handling.handlers.start()
    eventually(lambda: handling.done.count("nudged") == 3)
    assert [done for done in handling.done if done != "nudged"] == [["a"], ["b"], ["c"]]
    assert most == 1


def test_there_are_as_many_at_a_time_as_handlers() -> None:
    gates = {name: Gate() for name in "abcd"}
    handling = Handling(3)
    handling.during = lambda taken: gates[taken[0].id]()
    # Others run when one has finished.
    handling.nudge = lambda: None  # type: ignore[method-assign]
    handling.handlers.start()
    handling.holdings.add([held(name) for name in "abcd"])
    for name in "abc":
        assert gates[name].reached.wait(5)
    assert not gates["d"].reached.is_set()
    gates["b"].open.set()
    assert gates["d"].reached.wait(5), "a slow message does not hold up the others"
    for gate in gates.values():
        gate.open.set()
    eventually(lambda: len(handling.done) == 4)
    handling.end()


def test_a_batch_is_run_in_one_piece() -> None:
    handling = Handling(batch=2, batch_window=60)
    handling.holdings.add([held("a"), held("b")])
    handling.handlers.start()
    eventually(lambda: ["a", "b"] in handling.done)
    handling.end()


def test_a_handler_that_goes_idle_closes_its_connections_and_works_on_later(
    handling: Handling, closed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sqs.receiving.handlers._IDLE_SECS", 0.05)
    handling.handlers.start()
    handling.holdings.add([held("a")])
    eventually(lambda: handling.done)
    never(lambda: closed, 0.02)
    eventually(lambda: closed == ["sqs-handler-1"])
    never(lambda: len(closed) > 1, 0.1)
    handling.holdings.add([held("b")])
    eventually(lambda: ["b"] in handling.done)
    assert len(closed) == 1


def test_handlers_end_when_there_will_never_be_work_and_close_their_connections(closed: list[str]) -> None:
    handling = Handling(2)
    handling.handlers.start()
    handling.end()
    assert set(closed) == {"sqs-handler-1", "sqs-handler-2"}
    assert handling.deaths == []


def test_a_handler_that_dies_closes_its_connections_and_its_receiver_is_told(closed: list[str]) -> None:
    handling = Handling()

    def fail(taken: Sequence[HeldMessage]) -> None:
        raise RuntimeError("a fault of the engine")

    handling.during = fail
    handling.holdings.add([held("a")])
    handling.handlers.start()
    eventually(lambda: handling.deaths == [handling.handlers])
    assert closed == ["sqs-handler-1"]
