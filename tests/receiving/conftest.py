"""Fixtures of the tests of the engine."""

from __future__ import annotations

import random
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from django_sqs.aws import client
from django_sqs.queue_options import make_options
from django_sqs.receiving import database, keeping
from django_sqs.receiving import receiver as receiver_module
from django_sqs.receiving.channel import Channel
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import Queues
from tests.receiving.concluding import Concluding
from tests.receiving.kept import Kept
from tests.receiving.polling import Polling
from tests.receiving.process import Blocking, Serving, Starting
from tests.receiving.running import Running, Start
from tests.receiving.scene import Scene
from tests.receiving.settled import Settled
from tests.receiving.support import Clock, FakeQueue, Registering

if TYPE_CHECKING:
    from pytest_django import DjangoDbBlocker, Settings

ENGINE = "django_sqs.receiving"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the whole engine, which stands still until it is moved."""
    made = Clock()
    for name, module in list(sys.modules.items()):
        if name.startswith(ENGINE) and hasattr(module, "time"):
            monkeypatch.setattr(module, "time", made)
    return made


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a wait is random, it is the longest."""
    monkeypatch.setattr(random, "uniform", lambda low, high: high)


@pytest.fixture
def physical() -> FakeQueue:
    return FakeQueue()


@pytest.fixture
def registered(own_queues: Queues) -> Registering:
    """Registers a queue called "jobs", with a receiver that does nothing unless one is given."""

    def make(fn: Callable[..., Any] | None = None, name: str = "jobs", **options: Any) -> RegisteredQueue:
        receiver = fn if fn is not None else (lambda message: None)
        return own_queues._add(RegisteredQueue(name, receiver, make_options(name, options), f"tests.{name}"))

    return make


class _ToTheFile:
    def db_for_write(self, model: Any, **hints: Any) -> str:
        return "file"

    db_for_read = db_for_write


@pytest.fixture
def database_file(tmp_path: Path, settings: Settings, django_db_blocker: DjangoDbBlocker) -> Iterator[Path]:
    """A database in a file, the alias "file", with the table for failed messages; models go there. Unlike one in
    memory, its connections can be closed."""
    from django_sqs.models import FailedMessage

    path = tmp_path / "engine.sqlite3"
    connections.settings["file"] = {
        **connections.settings["default"],
        "NAME": str(path),
        "TEST": {**connections.settings["default"]["TEST"]},
    }
    settings.DATABASE_ROUTERS = [_ToTheFile()]
    with django_db_blocker.unblock():
        with connections["file"].schema_editor() as editor:
            editor.create_model(FailedMessage)
        yield path
        connections["file"].close()
    del connections["file"]
    del connections.settings["file"]


@pytest.fixture
def kept(physical: FakeQueue, clock: Clock) -> Kept:
    return Kept(physical, clock)


@pytest.fixture
def settling(physical: FakeQueue) -> Iterator[Callable[..., Settled]]:
    """Makes settlers, and ends them."""
    made: list[Settled] = []

    def make(**options: Any) -> Settled:
        made.append(Settled(physical, **options))
        return made[-1]

    yield make
    physical.calm()
    for settled in made:
        settled.settler.hurry()
        settled.settler.stop()
        assert settled.settler.join(5)


@pytest.fixture
def settled(settling: Callable[..., Settled]) -> Settled:
    return settling()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again at once."""
    monkeypatch.setattr("django_sqs.receiving.settler._RETRY_SECS", (0.001, 0.002))


@pytest.fixture
def concluding(registered: Registering, physical: FakeQueue) -> Callable[..., Concluding]:
    return lambda **options: Concluding(registered(**options), physical)


@pytest.fixture
def start(registered: Registering, physical: FakeQueue, settings: Any) -> Start:
    """Makes a runner for a receiver. What fails is only logged."""
    settings.SQS_KEEP_FAILED = False
    return lambda fn, **options: Running(registered, physical, fn, **options)


@pytest.fixture
def tidied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """How connections were looked after: (failed, close)."""
    calls: list[tuple[bool, bool]] = []
    monkeypatch.setattr(database, "after_message", lambda failed, close: calls.append((failed, close)))
    return calls


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Callable[[Polling], list[float]]:
    """Makes the pauses of a poller pass at once, and notes them."""

    def note(polling: Polling) -> list[float]:
        pauses: list[float] = []

        def wait(timeout: float | None = None) -> bool:
            assert timeout is not None, "the poller waits for room"
            pauses.append(timeout)
            clock.advance(timeout)
            return False

        monkeypatch.setattr(polling.holdings.room, "wait", wait)
        return pauses

    return note


@pytest.fixture
def scene(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr("django_sqs.receiving.supervisor._LOOP_SECS", 0.002)
    # The tests may run with nohup, which makes a difference to the supervisor.
    old = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield Scene(clock)
    signal.signal(signal.SIGHUP, old)


@pytest.fixture
def tunings(physical: FakeQueue, monkeypatch: pytest.MonkeyPatch) -> list[client.Tuning]:
    """All queues are the one in memory; with what tuning they were asked for."""
    asked: list[client.Tuning] = []

    def fake(
        self: RegisteredQueue, suffix: str | None = None, tuning: client.Tuning = client.CALLING, create: bool = True
    ) -> FakeQueue:
        asked.append(tuning)
        return physical

    monkeypatch.setattr(RegisteredQueue, "physical", fake)
    return asked


@pytest.fixture
def making(
    registered: Registering,
    physical: FakeQueue,
    tunings: list[client.Tuning],
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Starting]:
    """Makes receivers, which are ended after the test. Their times are short."""
    settings.SQS_KEEP_FAILED = False
    settings.SQS_POLL_PERIOD = 0.1
    monkeypatch.setattr(receiver_module, "_TICK_SECS", 0.02)
    monkeypatch.setattr(receiver_module, "_DRAIN_LOOK_SECS", 0.005)
    monkeypatch.setattr(receiver_module, "RELEASE_SECS", 0.2)
    made: list[Serving] = []

    def make(fn: Callable[..., Any] | None = None, job: dict[str, Any] | None = None, **options: Any) -> Serving:
        # Without an answer a poll waits, like a real one.
        physical.always("receive", lambda: time.sleep(0.02))
        made.append(Serving(registered(fn, **options), physical, **(job or {})))
        return made[-1]

    yield make
    for process in made:
        process.close()


@pytest.fixture
def blocking() -> Iterator[Blocking]:
    made = Blocking()
    yield made
    made.open.set()


@pytest.fixture
def dead(monkeypatch: pytest.MonkeyPatch) -> FakeQueue:
    """The dead-letter queue, by whatever way it is found."""
    queue = FakeQueue("test__dead")

    def named(name: str, *rest: object) -> FakeQueue:
        queue.name = name
        return queue

    monkeypatch.setattr(keeping, "PhysicalQueue", named)
    monkeypatch.setattr(RegisteredQueue, "physical", lambda self, suffix=None: named(self.full_name(suffix)))
    return queue


@pytest.fixture
def without_rows(settings: Settings) -> None:
    settings.SQS_KEEP_FAILED = False


@pytest.fixture
def closing() -> Iterator[list[socket.socket]]:
    """Sockets that are closed after the test."""
    sockets: list[socket.socket] = []
    yield sockets
    for sock in sockets:
        sock.close()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The supervisor's end and the receiver's."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def ours(pair: tuple[socket.socket, socket.socket]) -> socket.socket:
    return pair[0]


@pytest.fixture
def channel(pair: tuple[socket.socket, socket.socket]) -> Channel:
    return Channel(pair[1])


@pytest.fixture
def wakeup() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The end that a signal writes to, and the one that is read."""
    writer, reader = socket.socketpair()
    reader.setblocking(False)
    with writer, reader:
        yield writer, reader
