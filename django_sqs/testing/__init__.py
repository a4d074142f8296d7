"""Tools for the tests of projects that use django-sqs.

`capture()` keeps what is sent within it, `run_receivers()` runs the receivers of what waits in a queue. For the setting
SQS_TRANSPORT there are `OutboxTransport` and `InlineTransport`. `use_server()` points the settings at a local server.
"""

from django_sqs.testing.capturing import Capture, capture
from django_sqs.testing.outbox import InlineTransport, OutboxTransport, SentMessage
from django_sqs.testing.running import run_receivers
from django_sqs.testing.server import use_server

__all__ = ["Capture", "InlineTransport", "OutboxTransport", "SentMessage", "capture", "run_receivers", "use_server"]
