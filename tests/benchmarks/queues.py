"""An SQS server of either kind, as the scripts that compare the two see it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError


class Queues:
    """One server, and queues of it that no other script knows."""

    _numbers = itertools.count()

    def __init__(self, endpoint_url: str) -> None:
        config = Config(retries={"total_max_attempts": 1}, read_timeout=10)
        self.client: Any = boto3.client("sqs", region_name="us-east-1", endpoint_url=endpoint_url, config=config)

    def make(self, **attributes: str) -> str:
        """Create a queue; its URL."""
        fifo = ".fifo" if "FifoQueue" in attributes else ""
        name = f"q{next(self._numbers)}{fifo}"
        return str(self.client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])

    def fifo(self, **attributes: str) -> str:
        return self.make(FifoQueue="true", **attributes)

    def send(self, url: str, *bodies: str, group: str | None = None) -> None:
        for body in bodies:
            more = {"MessageGroupId": group, "MessageDeduplicationId": body} if group else {}
            self.client.send_message(QueueUrl=url, MessageBody=body, **more)

    def receive(self, url: str, limit: int = 10, **options: Any) -> dict[str, str]:
        """Receive; the handle of each body, in the order in which they came."""
        answer = self.client.receive_message(QueueUrl=url, MaxNumberOfMessages=limit, **options)
        return {message["Body"]: message["ReceiptHandle"] for message in answer.get("Messages", [])}

    def bodies(self, url: str, limit: int = 10, **options: Any) -> list[str]:
        return list(self.receive(url, limit, **options))

    def delete(self, url: str, handle: str) -> str:
        return code_of(lambda: self.client.delete_message(QueueUrl=url, ReceiptHandle=handle))

    def hide(self, url: str, handle: str, seconds: int) -> str:
        return code_of(
            lambda: self.client.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=seconds)
        )

    def counts(self, url: str) -> Any:
        return self.client.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )["Attributes"]

    def arn(self, url: str) -> str:
        answer = self.client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])


def code_of(call: Callable[[], Any]) -> str:
    """The code of the error that a call fails with, or "ok"."""
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "ok"


def results(answer: Any) -> Any:
    """What a batch did: ids that went, and the code of each that did not."""
    failed = {entry["Id"]: (entry["Code"], entry["SenderFault"]) for entry in answer.get("Failed", [])}
    return [entry["Id"] for entry in answer.get("Successful", [])], failed
