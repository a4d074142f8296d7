"""Sends to all queues until SIGTERM, and writes down what SQS has confirmed.

`python -m benchmarks.chaos_project.sender SEED`. What it was told nothing of, or was told that it failed, may have been
sent or not; nobody waits for it.
"""

from __future__ import annotations

import itertools
import json
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import django

from benchmarks.chaos_project.journal import note
from benchmarks.chaos_project.tasks import Task
from django_sqs.exceptions import DjangoSQSError

#: Seconds between two sendings to a queue, at the most.
PAUSE_SECS = 1.2
#: Groups of the FIFO queue.
GROUPS = 6
#: Seconds until a message of the FIFO queue that failed to be sent is sent again.
_AGAIN_SECS = 0.2

stopped = threading.Event()


def names(queue: str) -> Iterator[str]:
    """Names that no two messages of a run share, of the form tasks.NAME."""
    word = queue.partition(".")[0]
    return (f"{word}-{number:06d}" for number in itertools.count(1))


def send_many(queue: str, chance: random.Random) -> None:
    """Send small batches."""
    from django_sqs import queues

    named = names(queue)
    while not stopped.wait(chance.uniform(0, PAUSE_SECS)):
        tasks = [Task.drawn(next(named), chance) for _ in range(chance.randint(1, 4))]
        messages = [queues[queue].message_class(body=task.as_body()) for task in tasks]
        began = time.time()
        try:
            queues[queue].send_many(messages)
        except DjangoSQSError as error:
            confirmed = list(getattr(error, "sent", ()))
        else:
            confirmed = messages
        for message in confirmed:
            note("sent", queue, message.body["name"], message.id, began=began)


def send_ordered(queue: str, chance: random.Random) -> None:
    """Send one by one, each again until it is confirmed: the next of its group must not overtake it."""
    from django_sqs import send

    named = names(queue)
    while not stopped.wait(chance.uniform(0, PAUSE_SECS / 4)):
        group = f"g{chance.randrange(GROUPS)}"
        task = Task.drawn(next(named), chance, group)
        began = time.time()
        while True:
            try:
                message = send(queue, body=task.as_body(), group_id=group, deduplication_id=task.name)
            except DjangoSQSError:
                if stopped.wait(_AGAIN_SECS):
                    return
            else:
                note("sent", queue, task.name, message.id, began=began, group=group)
                break


#: Bodies that are hostile, each with a name in it.
HOSTILE: tuple[Any, ...] = (
    lambda name: "{broken " + name,
    lambda name: "[" * 50_000 + f'"{name}"',
    lambda name: f'"{name}"',
    lambda name: f'["{name}", null]',
    lambda name: json.dumps({"name": name}),
    lambda name: json.dumps({"name": name, "mode": "ok", "seconds": "many"}),
    lambda name: json.dumps({"name": name, "mode": "ok", "seconds": None}),
    lambda name: json.dumps({"name": {"of": name}, "mode": "ok", "seconds": 0}),
    lambda name: json.dumps({"name": name, "mode": "fail", "seconds": "\ud800"}),
    lambda name: name + "9" * 5_000,
    lambda name: "\ufeff" + name + "\u202e\u200b\U0001f4a9",
    lambda name: name + " x" * 100_000,
)


def send_hostile(queue: str, chance: random.Random) -> None:
    """Send what another program might."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError
    from django.conf import settings

    client = boto3.client(
        "sqs",
        endpoint_url=settings.SQS_ENDPOINT_URL,
        region_name=settings.AWS_REGION,
        aws_access_key_id=settings.AWS_ACCESS_KEY_ID,
        aws_secret_access_key=settings.AWS_SECRET_ACCESS_KEY,
    )
    named = names(queue)
    while not stopped.wait(chance.uniform(0, PAUSE_SECS)):
        name = next(named)
        hostile = chance.random() < 0.6
        body = chance.choice(HOSTILE)(name) if hostile else json.dumps(Task.drawn(name, chance).as_body())
        began = time.time()
        try:
            url = client.get_queue_url(QueueName=f"{settings.SQS_QUEUE_PREFIX}__{queue}")["QueueUrl"]
            answer = client.send_message(QueueUrl=url, MessageBody=body)
        except (BotoCoreError, ClientError):
            continue
        note("sent", queue, name, answer["MessageId"], began=began)


def main(seed: str) -> None:
    """Send from a thread for each queue."""
    django.setup()
    signal.signal(signal.SIGTERM, lambda signum, frame: stopped.set())
    jobs = dict.fromkeys(("plain", "retried", "coroutines", "batched", "once"), send_many)
    threads = [
        threading.Thread(target=job, args=(queue, random.Random(f"{seed} {queue}")))
        for queue, job in {**jobs, "ordered.fifo": send_ordered, "hostile": send_hostile}.items()
    ]
    for thread in threads:
        thread.start()
    stopped.wait()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1])
