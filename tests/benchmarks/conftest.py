"""A store of the stand-in whose time the tests move by hand, and a server of it in a process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from benchmarks.standin.counters import Counters
from benchmarks.standin.message_actions import MessageActions
from benchmarks.standin.process import StandIn
from benchmarks.standin.store import Store
from tests.benchmarks.live import client_of
from tests.benchmarks.support import FakeClock, Requests

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Store:
    return Store(clock)


@pytest.fixture
def requests(store: Store) -> Requests:
    """The actions as a client calls them, without HTTP between."""
    return Requests(store, MessageActions(store, Counters()))


@pytest.fixture(scope="session")
def server() -> Iterator[StandIn]:
    with StandIn(seed=1) as standin:
        yield standin


@pytest.fixture
def standin(server: StandIn) -> StandIn:
    """A server without queues, faults or counts."""
    server.reset(queues=True)
    return server


@pytest.fixture
def client(standin: StandIn) -> Iterator[SQSClient]:
    client = client_of(standin)
    yield client
    client.close()


@pytest.fixture
def url(client: SQSClient) -> str:
    return client.create_queue(QueueName="q")["QueueUrl"]
