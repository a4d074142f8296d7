"""A server over HTTP for all end-to-end tests, and a world of its own for each."""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.foreign import Foreign
from tests.end_to_end.harness import World, wait_for

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """moto's server, as a process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: _answers(port), 60, "moto's server")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def world(tmp_path: Path, moto_url: str) -> World:
    """A migrated project with a prefix that no other test uses."""
    made = World(tmp_path, moto_url, f"t{next(_numbers)}")
    made.migrate()
    return made


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """The stand-in server: it does with FIFO queues what SQS does, is fast, and fails on demand."""
    with StandIn(seed=1) as server:
        yield server


@pytest.fixture
def fast_world(tmp_path: Path, standin: StandIn) -> World:
    """A migrated project at the stand-in."""
    made = World(tmp_path, standin.endpoint_url, f"t{next(_numbers)}")
    made.migrate()
    return made


@pytest.fixture
def foreign(tmp_path: Path, moto_url: str) -> Foreign:
    """A migrated project with the services that send to its queues."""
    # Buckets are one namespace for the whole server, as at AWS.
    made = Foreign(tmp_path, moto_url, f"f{uuid.uuid4().hex[:8]}")
    made.migrate()
    return made
