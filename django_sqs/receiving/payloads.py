"""Bodies of messages that are objects in S3: deleted after their messages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from django_sqs.message.s3_payload import S3PayloadMessage
from django_sqs.receiving.held import HeldMessage
from django_sqs.registered_queue import RegisteredQueue

logger = logging.getLogger("django_sqs.receiving")


def deleter(queue: RegisteredQueue) -> Callable[[Sequence[HeldMessage]], None]:
    """What is to be called with messages of the queue whose delete is confirmed, at most ten. It never raises."""
    cls = queue.message_class
    if not issubclass(cls, S3PayloadMessage) or not cls.delete_object:
        return lambda gone: None

    def delete(gone: Sequence[HeldMessage]) -> None:
        try:
            # Read anew, since a receiver may have changed its message. One that was not handled is kept with its
            # pointer, or sent on with it; of one that was lost another may have a copy.
            handled = [cls.from_received(held.raw) for held in gone if held.succeeded and not held.lost]
            pointers = [message.pointer for message in handled if message.pointer is not None]
            cls.store().delete(pointers)
        except Exception as error:
            logger.error(
                "%s: the objects of messages that were handled could not be deleted.",
                queue.name,
                exc_info=error,
                extra={"queue": queue.name, "message_id": None, "receive_count": 0, "action": "payloads_left"},
            )

    return delete
