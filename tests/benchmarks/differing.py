"""Scripts to which the stand-in and moto answer differently, and why the stand-in answers as it does.

"Recorded" means: so the service itself has answered, in recordings that others have published.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.queues import Queues, code_of, results

#: moto takes a message for visible a millisecond after it has become so.
MOTO_SECONDS = 0.01


@dataclass(frozen=True)
class Difference:
    """What each of the two answers to a script."""

    script: Callable[[Queues], Any]
    standin: Any
    moto: Any
    reason: str


def message_before_one_in_flight(queues: Queues) -> Any:
    url = queues.fifo()
    queues.send(url, "a1", "a2", group="a")
    queues.send(url, "b1", group="b")
    first = queues.receive(url, 2)
    queues.hide(url, first["a1"], 0)
    time.sleep(MOTO_SECONDS)
    return queues.bodies(url)


def groups_in_one_receive(queues: Queues) -> Any:
    url = queues.fifo()
    for body in ("a1", "b1", "a2"):
        queues.send(url, body, group=body[0])
    return queues.bodies(url)


def expired_handle_of_a_group(queues: Queues) -> Any:
    url = queues.fifo(VisibilityTimeout="1")
    queues.send(url, "a1", group="a")
    handle = queues.receive(url)["a1"]
    time.sleep(1.3)
    return queues.hide(url, handle, 1), queues.delete(url, handle), queues.bodies(url)


def expired_handles_of_a_group_in_a_batch(queues: Queues) -> Any:
    url = queues.fifo(VisibilityTimeout="1")
    queues.send(url, "a1", group="a")
    handle = queues.receive(url)["a1"]
    time.sleep(1.3)
    return results(queues.client.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": handle}]))


def sent_again_after_its_delete(queues: Queues) -> Any:
    url = queues.fifo()
    queues.send(url, "a1", group="a")
    queues.delete(url, queues.receive(url)["a1"])
    queues.send(url, "a1", group="a")
    return queues.bodies(url)


def handle_of_an_earlier_receive(queues: Queues) -> Any:
    url = queues.make(VisibilityTimeout="1")
    queues.send(url, "a")
    handle = queues.receive(url)["a"]
    time.sleep(1.3)
    queues.receive(url)
    answers = queues.hide(url, handle, 1), queues.delete(url, handle)
    time.sleep(1.3)
    return answers, queues.bodies(url)


def visibility_change_when_visible_again(queues: Queues) -> Any:
    url = queues.make(VisibilityTimeout="1")
    queues.send(url, "a")
    handle = queues.receive(url)["a"]
    time.sleep(1.3)
    return queues.hide(url, handle, 30), queues.bodies(url)


def visibility_change_when_deleted(queues: Queues) -> Any:
    url = queues.make()
    queues.send(url, "a")
    handle = queues.receive(url)["a"]
    queues.delete(url, handle)
    batch = queues.client.change_message_visibility_batch(
        QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": handle, "VisibilityTimeout": 1}]
    )
    return queues.hide(url, handle, 1), results(batch)


def bad_characters_in_a_batch(queues: Queues) -> Any:
    entries = [{"Id": "good", "MessageBody": "x"}, {"Id": "bad", "MessageBody": "\x01"}]
    return results(queues.client.send_message_batch(QueueUrl=queues.make(), Entries=entries))


def no_group_in_a_batch(queues: Queues) -> Any:
    entry = {"Id": "1", "MessageBody": "x", "MessageDeduplicationId": "1"}
    return code_of(lambda: queues.client.send_message_batch(QueueUrl=queues.fifo(), Entries=[entry]))


def deduplication_id_on_a_standard_queue(queues: Queues) -> Any:
    url = queues.make()
    return code_of(lambda: queues.client.send_message(QueueUrl=url, MessageBody="x", MessageDeduplicationId="1"))


def source_of_a_dead_letter(queues: Queues) -> Any:
    dead = queues.make()
    url = queues.make(RedrivePolicy=f'{{"deadLetterTargetArn": "{queues.arn(dead)}", "maxReceiveCount": 1}}')
    queues.send(url, "a")
    for _ in range(2):
        for handle in queues.receive(url).values():
            queues.hide(url, handle, 0)
        time.sleep(MOTO_SECONDS)
    message = queues.client.receive_message(QueueUrl=dead, AttributeNames=["All"])["Messages"][0]
    return message["Attributes"].get("DeadLetterQueueSourceArn") == queues.arn(url)


def name_of_a_deleted_queue(queues: Queues) -> Any:
    url = queues.make()
    queues.client.delete_queue(QueueUrl=url)
    return code_of(lambda: queues.client.create_queue(QueueName=url.rpartition("/")[2]))


EXPIRED = "InvalidParameterValue"

DIFFERING = [
    Difference(
        message_before_one_in_flight, ["b1", "a1"], ["b1"],
        "Recorded: an invisible message blocks those after it. moto locks its whole group.",
    ),
    Difference(
        groups_in_one_receive, ["a1", "a2", "b1"], ["a1", "b1", "a2"],
        "Recorded: a receive takes what one group has before it turns to the next.",
    ),
    Difference(
        expired_handle_of_a_group, (EXPIRED, EXPIRED, ["a1"]), ("ok", "ok", []),
        "Recorded: on a FIFO queue the handle has expired with the visibility. moto deletes the message.",
    ),
    Difference(
        expired_handles_of_a_group_in_a_batch, ([], {"1": ("ReceiptHandleIsInvalid", True)}), (["1"], {}),
        "Recorded: the same in a batch, under another code.",
    ),
    Difference(
        sent_again_after_its_delete, [], ["a1"],
        "Recorded: a deduplication id is remembered for five minutes, deleted or not.",
    ),
    Difference(
        handle_of_an_earlier_receive, ((EXPIRED, "ok"), ["a"]), (("ok", "ok"), []),
        "The reference: the request succeeds but the message might not be deleted. The stand-in never deletes it.",
    ),
    Difference(
        visibility_change_when_visible_again, ("AWS.SimpleQueueService.MessageNotInflight", ["a"]), ("ok", []),
        "The reference names the error; the service has also been seen to succeed without effect, which the "
        "stand-in does on demand. moto hides a message that others may hold by then.",
    ),
    Difference(
        visibility_change_when_deleted,
        (EXPIRED, ([], {"1": ("ReceiptHandleIsInvalid", True)})),
        ("ReceiptHandleIsInvalid", ([], {"1": ("ReceiptHandleIsInvalid", True)})),
        "Recorded: message does not exist or is not available for visibility timeout change.",
    ),
    Difference(
        bad_characters_in_a_batch, (["good"], {"bad": ("InvalidMessageContents", True)}), (["good", "bad"], {}),
        "Recorded: the entry fails. moto takes every character.",
    ),
    Difference(
        no_group_in_a_batch, "InvalidParameterValue", "MissingParameter",
        "Recorded: in a batch the code is another than for a single message.",
    ),
    Difference(
        deduplication_id_on_a_standard_queue, "InvalidParameterValue", "ok",
        "The reference: the parameter is for FIFO queues only. (A group is taken on either kind.)",
    ),
    Difference(
        source_of_a_dead_letter, True, False,
        "The reference: DeadLetterQueueSourceArn is among a dead letter's attributes.",
    ),
    Difference(
        name_of_a_deleted_queue, "AWS.SimpleQueueService.QueueDeletedRecently", "ok",
        "The reference: the name is free after 60 seconds.",
    ),
]  # fmt: skip
