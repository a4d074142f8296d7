"""Django reusable app for Amazon SQS receivers."""

from django_sqs.exceptions import Reject, RestartLater
from django_sqs.registry import asend, asend_many, queues, receiver, register, send, send_many

__version__ = "1.0.0"

__all__ = [
    "Reject",
    "RestartLater",
    "asend",
    "asend_many",
    "queues",
    "receiver",
    "register",
    "send",
    "send_many",
]
