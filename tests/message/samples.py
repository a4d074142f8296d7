"""What services of AWS put into queues, in the forms that they have there."""

from __future__ import annotations

import json
from typing import Any

TOPIC = "arn:aws:sns:eu-west-1:111122223333:news"
FIFO_TOPIC = "arn:aws:sns:eu-west-1:111122223333:news.fifo"


def received(body: str, **more: Any) -> dict[str, Any]:
    """A message as ReceiveMessage returns it."""
    return {"MessageId": "sqs-id", "ReceiptHandle": "handle", "Body": body, **more}


def envelope(message: str = "hello", **more: Any) -> str:
    """A notification of SNS. A value of None leaves the name out."""
    told = {
        "Type": "Notification",
        "MessageId": "sns-id",
        "TopicArn": TOPIC,
        "Message": message,
        "Timestamp": "2026-05-04T03:02:01.123Z",
        "SignatureVersion": "1",
        "Signature": "c2lnbmVk",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/cert.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        **more,
    }
    return json.dumps({name: value for name, value in told.items() if value is not None})


def s3_record(event: str = "ObjectCreated:Put", **of_object: Any) -> dict[str, Any]:
    """One record of a notification of S3. A value of None leaves the name out."""
    told = {
        "key": "a.jpg",
        "size": 1024,
        "eTag": "e0",
        "versionId": "v0",
        "sequencer": "0055AED6DCD90281E5",
        **of_object,
    }
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-05-04T03:02:01.000Z",
        "eventName": event,
        "userIdentity": {"principalId": "AWS:AIDA"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "uploads",
            "bucket": {"name": "photos", "arn": "arn:aws:s3:::photos"},
            "object": {name: value for name, value in told.items() if value is not None},
        },
    }


def s3_notification(*records: dict[str, Any]) -> str:
    return json.dumps({"Records": list(records or [s3_record()])})


def s3_test_event() -> str:
    return json.dumps(
        {
            "Service": "Amazon S3",
            "Event": "s3:TestEvent",
            "Time": "2026-05-04T03:02:01.000Z",
            "Bucket": "photos",
            "RequestId": "5582815E1AEA5ADF",
            "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
        }
    )


def event(**more: Any) -> dict[str, Any]:
    """An event of EventBridge. A value of None leaves the name out."""
    told = {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": "111122223333",
        "time": "2026-05-04T03:02:01Z",
        "region": "eu-west-1",
        "resources": ["arn:aws:ecr:eu-west-1:111122223333:repository/shop"],
        "detail": {"result": "SUCCESS", "repository-name": "shop"},
        **more,
    }
    return {name: value for name, value in told.items() if value is not None}


def s3_event_of_event_bridge(kind: str = "Object Created", reason: str = "PutObject", **of_object: Any) -> str:
    told = {
        "key": "a.jpg",
        "size": 1024,
        "etag": "e0",
        "version-id": "v0",
        "sequencer": "0055AED6DCD90281E5",
        **of_object,
    }
    deletion = told.pop("deletion_type", None)
    detail = {
        "version": "0",
        "bucket": {"name": "photos"},
        "object": {name: value for name, value in told.items() if value is not None},
        "requester": "111122223333",
        "reason": reason,
    }
    if deletion:
        detail["deletion-type"] = deletion
    return json.dumps(
        event(**{"detail-type": kind, "source": "aws.s3", "resources": ["arn:aws:s3:::photos"], "detail": detail})
    )
