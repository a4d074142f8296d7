"""Fixtures of the tests of sending."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from django_sqs import register
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import Queues
from tests.sending.support import Recorder, recorded


@pytest.fixture
def letters(own_queues: Queues) -> RegisteredQueue:
    return register("letters", suffixes=("big",))


@pytest.fixture
def wire(letters: RegisteredQueue) -> Iterator[Recorder]:
    """What goes out, which goes nowhere."""
    with recorded() as recorder:
        yield recorder
