"""Fixtures of the tests of the engine."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections

from django_sqs.queue_options import make_options
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import Queues
from tests.receiving.support import Clock, FakeQueue

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


Registering = Callable[..., RegisteredQueue]


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
