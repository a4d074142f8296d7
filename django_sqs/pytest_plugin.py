"""The pytest fixtures, thin over `django_sqs.testing` and `django_sqs.local`.

pytest loads this module wherever django-sqs is installed: whatever it needs is imported when a fixture is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django_sqs.local import LocalServer
    from django_sqs.testing import SentMessage


@pytest.fixture
def sqs_outbox() -> Iterator[list[SentMessage]]:
    """The messages that were sent during the test, which go nowhere: see `django_sqs.testing.capture()`."""
    from django_sqs.testing import capture

    with capture() as sent:
        yield sent


@pytest.fixture(scope="session")
def _sqs_server_process() -> Iterator[LocalServer]:
    from django_sqs.local import LocalServer

    with LocalServer() as server:
        yield server


@pytest.fixture
def sqs_server(_sqs_server_process: LocalServer) -> Iterator[LocalServer]:
    """A server that imitates SQS, which the settings point at during the test; its address is `.endpoint_url`. It runs
    once a session, and is empty at the start of each test. Needs the extra django-sqs[local]."""
    from django_sqs.testing import use_server

    with use_server(_sqs_server_process):
        yield _sqs_server_process
