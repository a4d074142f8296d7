"""What services of AWS and other programs send, through a server over HTTP and real receivers."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.foreign import Foreign
from tests.org import page

# --- S3 --------------------------------------------------------------------------------------------------------------

KEY = "2026/Happy Face+ü.jpg"


def upload_and_remove(foreign: Foreign) -> None:
    foreign.s3.put_object(Bucket=foreign.bucket, Key=KEY, Body=b"abc")
    foreign.s3.delete_object(Bucket=foreign.bucket, Key=KEY)


def check_uploads(foreign: Foreign, removed: str = "ObjectRemoved:Delete") -> None:
    created, gone = foreign.got("uploads")
    assert (created["event_name"], created["key"], created["size"]) == ("ObjectCreated:Put", KEY, 3)
    assert (created["bucket"], created["region"]) == (foreign.bucket, "us-east-1")
    assert created["etag"] == "900150983cd24fb0d6963f7d28e17f72"
    assert created["event_time"].endswith("+00:00")
    assert (gone["event_name"], gone["key"]) == (removed, KEY)
    assert foreign.failed_rows() == []
    assert foreign.counts("uploads") == (0, 0, 0)


EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


def test_what_s3_tells_a_queue(foreign: Foreign) -> None:
    configuration = {"QueueConfigurations": [{"QueueArn": foreign.arn("uploads"), "Events": EVENTS}]}
    foreign.s3.put_bucket_notification_configuration(Bucket=foreign.bucket, NotificationConfiguration=configuration)
    upload_and_remove(foreign)
    assert foreign.counts("uploads") == (3, 0, 0), "the test event, and two more"
    log = foreign.receive("uploads")
    assert log.count("needs no receiver and is deleted") == 1
    check_uploads(foreign)


@pytest.mark.parametrize("raw", [False, True])
def test_what_s3_tells_a_topic(foreign: Foreign, raw: bool) -> None:
    configuration = {"TopicConfigurations": [{"TopicArn": foreign.topic("uploads", raw), "Events": EVENTS}]}
    foreign.s3.put_bucket_notification_configuration(Bucket=foreign.bucket, NotificationConfiguration=configuration)
    upload_and_remove(foreign)
    log = foreign.receive("uploads")
    assert log.count("needs no receiver and is deleted") == 1
    check_uploads(foreign)


def test_what_s3_tells_event_bridge(foreign: Foreign) -> None:
    # moto tells of an access list too, which S3 does not for a new object.
    kinds = ["Object Created", "Object Deleted"]
    pattern = {"source": ["aws.s3"], "detail-type": kinds, "detail": {"bucket": {"name": [foreign.bucket]}}}
    foreign.rule("uploads", pattern)
    foreign.s3.put_bucket_notification_configuration(
        Bucket=foreign.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    # moto gives another reason than S3 does, which is what the end of an event's name is made of.
    upload_and_remove(foreign)
    foreign.receive("uploads")
    created, gone = foreign.got("uploads")
    assert (created["event_name"], created["key"], created["size"]) == ("ObjectCreated", KEY, 3)
    assert (created["bucket"], created["etag"]) == (foreign.bucket, "900150983cd24fb0d6963f7d28e17f72")
    assert (gone["event_name"], gone["key"]) == ("ObjectRemoved", KEY)
    assert foreign.failed_rows() == []


# --- SNS and EventBridge ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [False, True])
def test_what_is_published_to_a_topic(foreign: Foreign, raw: bool) -> None:
    topics = {queue: foreign.topic(queue, raw) for queue in ("news", "prices")}
    attributes: dict[str, Any] = {
        "author": {"DataType": "String", "StringValue": "ü"},
        "number": {"DataType": "Number", "StringValue": "7"},
    }
    plain = {"author": repr("ü"), "number": "7"}
    if not raw:  # moto cannot deliver these raw
        attributes["bytes"] = {"DataType": "Binary", "BinaryValue": b"\x00\x01"}
        plain["bytes"] = repr(b"\x00\x01")
    sns = foreign.service("sns")
    sns.publish(TopicArn=topics["news"], Message="hello ü", Subject="greeting", MessageAttributes=attributes)
    sns.publish(TopicArn=topics["prices"], Message='{"article": 7, "price": 1.5}')
    foreign.receive("news", "prices")
    (told,) = foreign.got("news")
    assert (told["body"], told["attributes"]) == ("hello ü", plain)
    assert (told["subject"], told["topic"]) == ((None, None) if raw else ("greeting", topics["news"]))
    assert foreign.got("prices")[0]["body"] == {"article": 7, "price": 1.5}
    assert foreign.failed_rows() == []


def test_what_an_application_tells_event_bridge(foreign: Foreign) -> None:
    foreign.rule("bridge", {"source": [f"shop.{foreign.prefix}"]})
    entry = {"Source": f"shop.{foreign.prefix}", "DetailType": "Order Placed", "Detail": '{"number": 7}'}
    foreign.service("events").put_events(Entries=[entry])
    foreign.receive("bridge")
    (told,) = foreign.got("bridge")
    assert (told["source"], told["kind"]) == (f"shop.{foreign.prefix}", "Order Placed")
    assert told["detail"] == {"number": 7}
    assert told["time"].endswith("+00:00")


# --- other programs --------------------------------------------------------------------------------------------------


def command_line() -> Path:
    """AWS's command line, of this environment or else of this machine."""
    beside = Path(sys.executable).with_name("aws")
    found = str(beside) if beside.exists() else shutil.which("aws")
    assert found, "the command line of AWS is missing: install the extra [test], which has it"
    return Path(found)


def aws_command(foreign: Foreign, *arguments: str) -> Any:
    """Run AWS's command line."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")},
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PAGER": "",
    }
    done = subprocess.run(
        [str(command_line()), "--endpoint-url", foreign.endpoint_url, "--output", "json", "sqs", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_message_written_with_awss_command_line_is_received(foreign: Foreign) -> None:
    attributes = {"source": {"DataType": "String", "StringValue": "till"}}
    body = '{"article": 8, "name": "ü"}'
    answer = aws_command(
        foreign,
        *("send-message", "--queue-url", foreign.url("imports"), "--message-body", body),
        *("--message-attributes", json.dumps(attributes)),
    )
    assert answer["MessageId"]
    foreign.receive("imports")
    assert foreign.got("imports") == [{"body": {"article": 8, "name": "ü"}, "attributes": {"source": "'till'"}}]


def test_a_message_of_ours_is_read_by_awss_command_line(foreign: Foreign) -> None:
    foreign.run(
        "from django_sqs import send\n"
        "send('exports', body={'article': 7, 'name': 'ü'}, message_attributes={'source': 'shop', 'n': 5})"
    )
    arguments = ("--queue-url", foreign.url("exports"), "--message-attribute-names", "All")
    (message,) = aws_command(foreign, "receive-message", *arguments)["Messages"]
    assert message["Body"] == '{"article":7,"name":"ü"}', "plain, with no envelope around it"
    assert message["MessageAttributes"] == {
        "source": {"StringValue": "shop", "DataType": "String"},
        "n": {"StringValue": "5", "DataType": "Number"},
    }


def test_the_commands_on_the_page_do_what_it_says(foreign: Foreign) -> None:
    (block,) = (block for block in page("receive-events").blocks if block.language == "sh")
    text = block.text.replace("http://127.0.0.1:9324", foreign.endpoint_url).replace("shop__", f"{foreign.prefix}__")
    foreign.url("imports")
    foreign.run(
        "from django_sqs import send\nsend('exports', body={'article': 7}, message_attributes={'source': 'shop'})"
    )
    environment = {**os.environ, "PATH": f"{command_line().parent}{os.pathsep}{os.environ['PATH']}", "AWS_PAGER": ""}
    done = subprocess.run(["sh", "-euc", text], env=environment, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert '"Body": "{\\"article\\":7}"' in done.stdout
    foreign.receive("imports")
    assert foreign.got("imports") == [{"body": {"article": 8}, "attributes": {"source": "'till'"}}]


def bare_request(foreign: Foreign, action: str, **parameters: Any) -> Any:
    """Ask the server without any library of AWS."""
    request = urllib.request.Request(
        foreign.endpoint_url,
        json.dumps(parameters).encode(),
        {
            "Content-Type": "application/x-amz-json-1.0",
            "X-Amz-Target": f"AmazonSQS.{action}",
            "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/sqs/aws4_request,"
            " SignedHeaders=host, Signature=none",
        },
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read())


def test_a_program_without_a_library_of_aws_writes_to_us_and_reads_from_us(foreign: Foreign) -> None:
    bare_request(foreign, "SendMessage", QueueUrl=foreign.url("imports"), MessageBody='{"article": 9}')
    foreign.receive("imports")
    assert foreign.got("imports") == [{"body": {"article": 9}, "attributes": {}}]
    foreign.run("from django_sqs import send\nsend('exports', body=[1, 'ü'])")
    (message,) = bare_request(foreign, "ReceiveMessage", QueueUrl=foreign.url("exports"))["Messages"]
    assert message["Body"] == '[1,"ü"]'


def test_the_formats_of_boto2(foreign: Foreign) -> None:
    foreign.send("old", base64.b64encode("grüße".encode()).decode(), "not base64")
    foreign.send("old_jobs", "command: run\nhost: a:1\n")
    foreign.receive("old", "old_jobs")
    assert foreign.got("old") == [{"body": "grüße"}]
    assert foreign.got("old_jobs") == [{"command": "run", "host": "a:1"}]
    (row,) = foreign.failed_rows()
    assert row["body"] == "not base64"
    assert "no base64 of UTF-8 text" in row["reason"]
