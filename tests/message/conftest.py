"""Fixtures of the tests of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from django_sqs import Reject, RestartLater, receiver
from django_sqs.message import S3PayloadMessage
from tests.message.s3_support import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient
    from pytest_django.fixtures import SettingsWrapper

    from django_sqs.registry import Queues


@pytest.fixture
def s3(aws: SQSClient, settings: SettingsWrapper) -> S3Client:
    """S3 as moto imitates it, with the bucket of the settings."""
    settings.SQS_PAYLOAD_BUCKET = BUCKET
    import boto3

    client = boto3.client("s3", "us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture
def reports(own_queues: Queues) -> list[Any]:
    """A receiver of the queue "reports": the bodies that it got."""
    got: list[Any] = []

    @receiver("reports", message_class=S3PayloadMessage, on_error="retry")
    def store(message: S3PayloadMessage) -> None:
        got.append(message.body)
        if message.body.startswith("reject"):
            raise Reject("it is not wanted")
        if message.body.startswith("later"):
            raise RestartLater(0)

    return got
