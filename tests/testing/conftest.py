"""Fixtures of the tests of the tools for tests."""

from __future__ import annotations

import threading

import pytest

from django_sqs import Reject, RestartLater, register
from django_sqs.message import Message
from django_sqs.registry import Queues


class Ran:
    """A receiver's diary."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.threads: set[int] = set()

    def __call__(self, message: Message) -> None:
        self.bodies.append(message.body)
        self.threads.add(threading.get_ident())
        if message.body == "fails":
            raise ZeroDivisionError("failed")
        if message.body == "rejects":
            raise Reject("no")
        if message.body == "restarts":
            raise RestartLater


@pytest.fixture
def ran(own_queues: Queues) -> Ran:
    diary = Ran()
    register("letters", diary, suffixes=("big",))
    return diary
