"""Which queues a command is about."""

from __future__ import annotations

from collections.abc import Sequence

from django_sqs.exceptions import UnknownSuffix
from django_sqs.registered_queue import QueueDestination
from django_sqs.registry import queues


def select(names: Sequence[str] = (), suffix: str | None = None) -> list[QueueDestination]:
    """The named queues, or all that are registered, with each suffix that is known; an empty `suffix`: only without
    one.

    A `suffix` that is given picks, of all queues, those which were registered with it; named queues are taken with it
    in any case. Raises `UnknownQueue` and, where no queue has the suffix, `UnknownSuffix`.
    """
    chosen = [queues[name] for name in dict.fromkeys(names)] if names else list(queues.values())
    if suffix is None:
        return [QueueDestination(queue, known) for queue in chosen for known in queue.known_suffixes()]
    if names or not suffix:
        return [QueueDestination(queue, suffix or None) for queue in chosen]
    found = [QueueDestination(queue, suffix) for queue in chosen if suffix in queue.known_suffixes()]
    if chosen and not found:
        known = sorted({name for queue in chosen for name in queue.known_suffixes() if name})
        raise UnknownSuffix(suffix=suffix, known=", ".join(known) or "none")
    return found
