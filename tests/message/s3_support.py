"""What the tests of bodies in S3 stand on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django_sqs.registered_queue import RegisteredQueue
from tests.message.samples import received

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient

BUCKET = "payloads"
CLASS = "software.amazon.payloadoffloading.PayloadS3Pointer"
OLD_CLASS = "com.amazon.sqs.javamessaging.MessageS3Pointer"
LARGE = "ü" * 200_000
SIZE = {"DataType": "Number", "StringValue": "400000"}


def pointer_text(key: str = "k1", bucket: str = BUCKET, kind: str = CLASS) -> str:
    return json.dumps([kind, {"s3BucketName": bucket, "s3Key": key}])


def pointing(key: str = "k1", bucket: str = BUCKET, kind: str = CLASS, name: str = "ExtendedPayloadSize") -> Any:
    return received(pointer_text(key, bucket, kind), MessageAttributes={name: SIZE})


def keys(s3: S3Client) -> list[str]:
    return [one["Key"] for one in s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]


def on_the_wire(aws: SQSClient, queue: RegisteredQueue) -> list[Any]:
    answer = aws.receive_message(
        QueueUrl=queue.physical().url(), MaxNumberOfMessages=10, MessageAttributeNames=["All"], VisibilityTimeout=0
    )
    return answer.get("Messages", [])
