"""A project whose queues services of AWS and other programs send to, all of them at one server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import boto3

from tests.end_to_end.harness import ROOT, World

APP = "tests.end_to_end.foreign_app"
ARN = "arn:aws:{service}:us-east-1:123456789012:{name}"
BUCKET = "payloads"


class Foreign(World):
    """A world with the services that send."""

    def __init__(self, directory: Path, endpoint_url: str, prefix: str) -> None:
        super().__init__(directory, endpoint_url, prefix)
        self.endpoint_url = endpoint_url
        self.environment |= {"DJANGO_SQS_TEST_APPS": APP, "SQS_PAYLOAD_BUCKET": f"{prefix}-{BUCKET}"}
        self.s3 = self.service("s3")
        self.bucket = f"{prefix}-photos"
        self.s3.create_bucket(Bucket=self.bucket)
        self.s3.create_bucket(Bucket=f"{prefix}-{BUCKET}")

    def service(self, name: str) -> Any:
        make: Any = boto3.client
        return make(
            name,
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )

    def arn(self, queue: str) -> str:
        self.url(queue)
        return ARN.format(service="sqs", name=f"{self.prefix}__{queue}")

    def topic(self, queue: str, raw: bool = False) -> str:
        """A topic that the queue is subscribed to."""
        sns = self.service("sns")
        topic: str = sns.create_topic(Name=f"{self.prefix}-{queue}-{raw}")["TopicArn"]
        attributes = {"RawMessageDelivery": "true"} if raw else {}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self.arn(queue), Attributes=attributes)
        return topic

    def rule(self, queue: str, pattern: dict[str, Any]) -> None:
        """A rule of EventBridge that sends to the queue."""
        events = self.service("events")
        name = f"{self.prefix}-{queue}"
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": self.arn(queue)}])

    def receive(self, *queues: str, **environment: str) -> str:
        """Receive until the queues are empty. Returns the log."""
        with self.running("--until-empty", *queues, **environment) as command:
            assert command.wait(60) == 0, command.output
            return command.output

    def got(self, queue: str) -> list[dict[str, Any]]:
        return [json.loads(unquote(words[2])) for words in self.lines(queue, "got")]

    def payloads(self) -> list[str]:
        listed = self.s3.list_objects_v2(Bucket=f"{self.prefix}-{BUCKET}")
        return [one["Key"] for one in listed.get("Contents", [])]

    def run(self, program: str) -> None:
        """Run a program of the project."""
        done = subprocess.run(
            [sys.executable, "-c", f"import django\ndjango.setup()\n{program}"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
