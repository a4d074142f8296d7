"""Scripts to which the stand-in and moto give the same answers.

Each returns what a client can tell apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.benchmarks.queues import Queues, code_of, results


def message_as_received(queues: Queues) -> Any:
    url = queues.make()
    attributes = {
        "text": {"DataType": "String", "StringValue": "h\xe4llo"},
        "number": {"DataType": "Number.int", "StringValue": "3"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = queues.client.send_message(QueueUrl=url, MessageBody="b\xf6dy \U0001f600", MessageAttributes=attributes)
    message = queues.client.receive_message(
        QueueUrl=url, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
    )["Messages"][0]
    assert message["MessageId"] == sent["MessageId"]
    return (
        sent["MD5OfMessageBody"], sent["MD5OfMessageAttributes"],
        message["Body"], message["MD5OfBody"], message["MessageAttributes"],
        sorted(message["Attributes"]), message["Attributes"]["ApproximateReceiveCount"],
    )  # fmt: skip


def message_of_a_group_as_received(queues: Queues) -> Any:
    url = queues.fifo()
    sent = queues.client.send_message(QueueUrl=url, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="1")
    attributes = queues.client.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"][0]["Attributes"]
    assert attributes["SequenceNumber"] == sent["SequenceNumber"]
    return (
        sorted(attributes), attributes["MessageGroupId"], attributes["MessageDeduplicationId"],
        len(sent["SequenceNumber"]),
    )  # fmt: skip


def order_and_counts(queues: Queues) -> Any:
    url = queues.make()
    queues.send(url, *"abcde")
    queues.client.send_message(QueueUrl=url, MessageBody="late", DelaySeconds=30)
    received = queues.receive(url, 3)
    deleted = queues.delete(url, received["a"])
    return list(received), deleted, queues.counts(url)


def visibility(queues: Queues) -> Any:
    url = queues.make(VisibilityTimeout="1")
    queues.send(url, "a", "b")
    handle = queues.receive(url, 1)["a"]
    found = [queues.hide(url, handle, 30), queues.bodies(url, 1)]
    time.sleep(1.3)
    found += [queues.bodies(url), queues.hide(url, handle, 0), queues.bodies(url)]
    return found


def delete_after_the_timeout(queues: Queues) -> Any:
    url = queues.make(VisibilityTimeout="1")
    queues.send(url, "a")
    handle = queues.receive(url)["a"]
    time.sleep(1.3)
    return queues.delete(url, handle), queues.bodies(url), queues.delete(url, handle)


def delay(queues: Queues) -> Any:
    url = queues.make(DelaySeconds="1")
    queues.send(url, "queue's")
    queues.client.send_message(QueueUrl=url, MessageBody="none", DelaySeconds=0)
    first = queues.bodies(url)
    return first, queues.bodies(url, WaitTimeSeconds=3)


def redrive(queues: Queues) -> Any:
    dead = queues.make()
    policy = f'{{"deadLetterTargetArn": "{queues.arn(dead)}", "maxReceiveCount": 2}}'
    url = queues.make(RedrivePolicy=policy)
    queues.send(url, "a")
    received = []
    for _ in range(3):
        found = queues.receive(url)
        received.append(list(found))
        for handle in found.values():
            queues.hide(url, handle, 0)
        time.sleep(0.01)  # moto takes a message for visible a millisecond after it has become so
    sources = queues.client.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"]
    message = queues.client.receive_message(QueueUrl=dead, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
    return received, message["Body"], message["Attributes"], sources == [url]


def batches(queues: Queues) -> Any:
    url = queues.make()
    sent = queues.client.send_message_batch(
        QueueUrl=url, Entries=[{"Id": f"i{number}", "MessageBody": str(number)} for number in range(3)]
    )
    handles = list(queues.receive(url).values())
    changed = queues.client.change_message_visibility_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "good", "ReceiptHandle": handles[0], "VisibilityTimeout": 60},
            {"Id": "never", "ReceiptHandle": "never given", "VisibilityTimeout": 60},
        ],
    )
    deleted = queues.client.delete_message_batch(
        QueueUrl=url,
        Entries=[{"Id": "good", "ReceiptHandle": handles[0]}, {"Id": "never", "ReceiptHandle": "never given"}],
    )
    return results(sent), results(changed), results(deleted)


def bad_batches(queues: Queues) -> Any:
    url = queues.make()

    def code(*entries: dict[str, Any]) -> str:
        complete = [{"Id": str(number), "MessageBody": "x", **entry} for number, entry in enumerate(entries)]
        return code_of(lambda: queues.client.send_message_batch(QueueUrl=url, Entries=complete))

    large = {"MessageBody": "x" * 600_000}
    late = [{"Id": "good", "MessageBody": "x"}, {"Id": "late", "MessageBody": "x", "DelaySeconds": 901}]
    return (
        code(), code(*[{}] * 11), code({"Id": "a:b"}), code(large, large), code({"Id": "1"}, {}),
        results(queues.client.send_message_batch(QueueUrl=url, Entries=late)), queues.bodies(url),
    )  # fmt: skip


def groups(queues: Queues) -> Any:
    url = queues.fifo()
    queues.send(url, "a1", group="a")
    queues.send(url, "b1", group="b")
    first = queues.receive(url, 1)
    queues.send(url, "a2", group="a")
    found = [list(first), queues.bodies(url), queues.delete(url, first["a1"]), queues.bodies(url)]
    queues.send(url, "a2", group="a")  # sent before: dropped
    return found, queues.delete(url, first["a1"])


def long_poll_ends(queues: Queues) -> Any:
    url = queues.make()
    started_at = time.monotonic()
    found = queues.bodies(url, WaitTimeSeconds=1)
    return found, 0.9 < time.monotonic() - started_at < 3


def errors(queues: Queues) -> Any:
    client, url, fifo = queues.client, queues.make(VisibilityTimeout="9"), queues.fifo()
    gone = url + "-never-made"
    name = url.rpartition("/")[2]
    entry = {"Id": "1", "MessageBody": "x"}
    return {
        "no queue": code_of(lambda: client.get_queue_url(QueueName="never-made")),
        "no queue to send to": code_of(lambda: client.send_message(QueueUrl=gone, MessageBody="x")),
        "no queue to receive from": code_of(lambda: client.receive_message(QueueUrl=gone)),
        "other attributes": code_of(
            lambda: client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "10"})
        ),
        "same attributes": code_of(lambda: client.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "9"})),
        "bad name": code_of(lambda: client.create_queue(QueueName="a b")),
        "unknown attribute": code_of(lambda: client.get_queue_attributes(QueueUrl=url, AttributeNames=["No"])),
        "ids repeated": code_of(lambda: client.send_message_batch(QueueUrl=url, Entries=[entry, entry])),
        "too large": code_of(lambda: client.send_message(QueueUrl=url, MessageBody="x" * 1_048_577)),
        "delay too long": code_of(lambda: client.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=901)),
        "too many": code_of(lambda: client.receive_message(QueueUrl=url, MaxNumberOfMessages=11)),
        "too long a wait": code_of(lambda: client.receive_message(QueueUrl=url, WaitTimeSeconds=21)),
        "bad handle": queues.delete(url, "never given"),
        "bad handle to change": queues.hide(url, "never given", 1),
        "no group": code_of(lambda: client.send_message(QueueUrl=fifo, MessageBody="x", MessageDeduplicationId="1")),
        "no deduplication": code_of(lambda: client.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="g")),
        "delay in a group": code_of(
            lambda: client.send_message(
                QueueUrl=fifo, MessageBody="x", MessageGroupId="g", MessageDeduplicationId="1", DelaySeconds=1
            )
        ),
    }


def attributes_set_and_read(queues: Queues) -> Any:
    url = queues.make(VisibilityTimeout="7")
    queues.client.set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "3"})
    values = queues.client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    computed = ("CreatedTimestamp", "LastModifiedTimestamp", "QueueArn")
    return {name: value for name, value in values.items() if name not in computed}


def purge(queues: Queues) -> Any:
    url = queues.make()
    queues.send(url, "a", "b")
    queues.receive(url, 1)
    queues.client.purge_queue(QueueUrl=url)
    return queues.counts(url), queues.bodies(url)


def receive_without_hiding(queues: Queues) -> Any:
    url = queues.make()
    queues.send(url, "a")
    return [queues.bodies(url, VisibilityTimeout=0) for _ in range(2)]


AGREEING: list[Callable[[Queues], Any]] = [
    message_as_received,
    message_of_a_group_as_received,
    order_and_counts,
    visibility,
    delete_after_the_timeout,
    delay,
    redrive,
    batches,
    bad_batches,
    groups,
    long_poll_ends,
    errors,
    attributes_set_and_read,
    purge,
    receive_without_hiding,
]
