"""Pointing the settings at a server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.test.utils import override_settings

from django_sqs.aws.clearing import delete_all_queues
from django_sqs.aws.client import Connection
from django_sqs.conf import Conf

if TYPE_CHECKING:
    from django_sqs.local import LocalServer


@contextmanager
def use_server(server: LocalServer) -> Iterator[LocalServer]:
    """Within it, the settings point at this server, which starts empty. Queues are created when they are first used,
    and messages are sent to it whatever SQS_TRANSPORT says. Raises `AWSError` where it does not answer."""
    overrides = {
        **server.settings,
        "AWS_SESSION_TOKEN": None,
        "SQS_CREATE_QUEUES": True,
        "SQS_TRANSPORT": Conf.SQS_TRANSPORT.default,
    }
    with override_settings(**overrides):
        delete_all_queues(Connection.from_settings())
        yield server
