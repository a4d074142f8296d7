"""Creating what is missing at AWS: queues, their dead-letter queues, and the redrive policies between them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.exceptions import InvalidOption
from django_sqs.queue_names import FIFO
from django_sqs.registered_queue import QueueDestination, RegisteredQueue
from django_sqs.registry import queues
from django_sqs.selection import select

#: SQS's longest retention, 14 days, in seconds. A message that moves to the dead-letter queue of a standard queue keeps
#: its age, so that with a shorter retention there it might be gone before anyone has looked.
_DEAD_LETTER_RETENTION_SECS = 1_209_600
#: SQS's limit for maxReceiveCount.
_MAX_RECEIVE_COUNT = 1_000


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that was done, would be done, or was found."""

    #: The queue's name at AWS.
    queue: str
    #: What was done, to follow the name in a sentence.
    text: str
    #: Did it, or would it, change anything?
    changes: bool


def set_up(names: Sequence[str] = (), dry_run: bool = False) -> Iterator[Step]:
    """Create the named queues, or all that are registered, with every known suffix, where they are missing; before each
    one the dead-letter queue that it names, whose redrive policy it gets. What exists is left as it is, but for a
    redrive policy that is missing. Yields each step once it is done. With `dry_run` nothing is changed.

    Needs sqs:GetQueueUrl, sqs:CreateQueue, and where a queue names a `dead_letter` sqs:GetQueueAttributes and
    sqs:SetQueueAttributes. Raises `UnknownQueue`, `InvalidOption`, `InvalidQueueName`, `MissingSetting`, `AWSError`.
    """
    done: set[tuple[str, str | None]] = set()
    dead_letter_names = {queue.options.dead_letter for queue in queues.values()}
    for destination in select(names):
        for one in _dead_letter_first(destination):
            key = (one.queue.name, one.suffix)
            if key not in done:
                done.add(key)
                yield from _set_up_one(one, one.queue.name in dead_letter_names, dry_run)


def dead_letter_of(queue: RegisteredQueue, suffix: str | None = None) -> QueueDestination | None:
    """The dead-letter queue that the queue names, or None: with the same suffix where it was registered with that, else
    without. Raises `InvalidOption` where it cannot be one."""
    name = queue.options.dead_letter
    if not name:
        return None
    problem = dead_letter_problem(queue, name)
    if problem:
        raise InvalidOption(queue=queue.name, option="dead_letter", value=name, expected=problem)
    other = queues[name]
    return QueueDestination(other, suffix if suffix in other.known_suffixes() else None)


def dead_letter_problem(queue: RegisteredQueue, name: str) -> str | None:
    """What the name of a dead-letter queue would have to be and is not, or None."""
    if name not in queues:
        return "the name of a registered queue"
    if name == queue.name:
        return "another queue"
    if name.endswith(FIFO) != queue.is_fifo:
        # SQS's rule.
        return "a FIFO queue as the queue itself" if queue.is_fifo else "a standard queue as the queue itself"
    if _leads_back(queue, name):
        return "a queue that does not lead back to this one by its own dead_letter"
    return None


def _leads_back(queue: RegisteredQueue, name: str) -> bool:
    seen: set[str] = set()
    following: str | None = name
    while following and following in queues and following not in seen:
        seen.add(following)
        following = queues[following].options.dead_letter
        if following == queue.name:
            return True
    return False


def max_receive_count(queue: RegisteredQueue) -> int:
    """The back-stop that SQS itself applies. Far above `max_receives`, which the receiver applies after a failed run:
    prefetching, releasing and shutting down raise SQS's count too, and must not dead-letter what never ran."""
    return min(_MAX_RECEIVE_COUNT, max(20, 3 * (queue.options.max_receives or 0)))


def _dead_letter_first(destination: QueueDestination) -> list[QueueDestination]:
    """The queue, its dead-letter queue, that one's, and so on, the last one first."""
    chain: list[QueueDestination] = []
    following: QueueDestination | None = destination
    while following is not None:
        chain.append(following)
        following = dead_letter_of(following.queue, following.suffix)
    return chain[::-1]


def _set_up_one(destination: QueueDestination, holds_dead_letters: bool, dry_run: bool) -> Iterator[Step]:
    queue, suffix = destination.queue, destination.suffix
    physical = queue.physical(suffix, create=False)
    found = physical.exists()
    if found:
        yield Step(queue=physical.name, text="exists", changes=False)
    elif dry_run:
        yield Step(queue=physical.name, text="would be created", changes=True)
    else:
        attributes = queue.create_attributes()
        if holds_dead_letters:
            attributes["MessageRetentionPeriod"] = str(_DEAD_LETTER_RETENTION_SECS)
        physical.create(attributes)
        yield Step(queue=physical.name, text="created", changes=True)
    dead_letter = dead_letter_of(queue, suffix)
    if dead_letter is not None:
        target = dead_letter.queue.physical(dead_letter.suffix, create=False)
        yield from _set_redrive_policy(physical, target, max_receive_count(queue), found, dry_run)


def _set_redrive_policy(
    physical: PhysicalQueue, target: PhysicalQueue, limit: int, found: bool, dry_run: bool
) -> Iterator[Step]:
    if dry_run and not found:
        yield Step(queue=physical.name, text=_gets(target, limit, "would get"), changes=True)
        return
    existing = physical.attributes("RedrivePolicy").get("RedrivePolicy")
    if existing:
        # An operator's choice, or ours of an earlier day: never overwritten, only told of where it is another.
        policy = json.loads(existing)
        kept = str(policy.get("deadLetterTargetArn", "")).rpartition(":")[2], int(policy.get("maxReceiveCount", 0))
        if kept != (target.name, limit):
            text = f"keeps its redrive policy to {kept[0]} after {kept[1]} receives"
            yield Step(queue=physical.name, text=f"{text} (not {target.name} after {limit})", changes=False)
        return
    if not dry_run:
        arn = target.attributes("QueueArn")["QueueArn"]
        policy = {"deadLetterTargetArn": arn, "maxReceiveCount": limit}
        physical.set_attributes({"RedrivePolicy": json.dumps(policy)})
    yield Step(queue=physical.name, text=_gets(target, limit, "would get" if dry_run else "got"), changes=True)


def _gets(target: PhysicalQueue, limit: int, verb: str) -> str:
    return f"{verb} a redrive policy to {target.name} after {limit} receives"
