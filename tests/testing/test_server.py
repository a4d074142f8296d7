"""use_server() points the settings at a server, which is empty then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_sqs import register, send
from django_sqs.conf import conf
from django_sqs.exceptions import EndpointUnreachable
from django_sqs.local import LocalServer
from django_sqs.registry import Queues
from django_sqs.testing import use_server


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with LocalServer() as server:
        yield server


def test_messages_really_go_there_and_queues_are_created(
    server: LocalServer, own_queues: Queues, settings: Any
) -> None:
    settings.SQS_CREATE_QUEUES = False
    settings.SQS_TRANSPORT = "django_sqs.testing.OutboxTransport"
    queue = register("letters")
    with use_server(server) as used:
        assert used is server
        assert server.endpoint_url == conf.SQS_ENDPOINT_URL
        send("letters", body="a")
        assert queue.status().waiting == 1
    assert server.endpoint_url != conf.SQS_ENDPOINT_URL


def test_it_starts_empty_each_time(server: LocalServer, own_queues: Queues) -> None:
    queue = register("letters")
    others = [register(f"letters_{number}") for number in range(3)]
    with use_server(server):
        send("letters", body="a")
        for other in others:
            other.create()
    with use_server(server):
        assert not queue.ping()
        assert not others[0].ping()
        send("letters", body="b")
        message = queue.receive_single()
        assert message is not None
        assert message.body == "b"
        assert queue.receive_single() is None


def test_a_server_that_is_gone_is_told_of() -> None:
    server = LocalServer()
    server.endpoint_url = "http://127.0.0.1:9"
    with pytest.raises(EndpointUnreachable, match=r"127\.0\.0\.1:9"), use_server(server):
        pass
