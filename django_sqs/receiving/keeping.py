"""Where a message goes that is given up, so that it is never just gone: the dead-letter queue, else a row, else the
log."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any

from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.conf import conf
from django_sqs.exceptions import AccessDenied, AWSError, DjangoSQSError, FailedTableMissing
from django_sqs.message.attributes import MAX_ATTRIBUTES
from django_sqs.receiving import database
from django_sqs.receiving.held import HeldMessage
from django_sqs.registered_queue import RegisteredQueue

logger = logging.getLogger("django_sqs.receiving")

#: The attribute of a dead letter that tells why, and its longest value in bytes.
REASON_ATTRIBUTE = "django_sqs_reason"
_MAX_REASON_BYTES = 1024
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class KeepingFailed(Exception):
    """A message could be kept nowhere; it must stay in its queue."""


class Keeping:
    """Keeps the messages of one queue that are given up."""

    def __init__(self, queue: RegisteredQueue, physical: PhysicalQueue, suffix: str | None) -> None:
        self._queue = queue
        self._physical = physical
        self._suffix = suffix
        self._native: PhysicalQueue | None = None
        self._looked = False

    def keep(self, held: HeldMessage, reason: str, traceback: str) -> None:
        """Keep it. Raises `KeepingFailed` where that could not be done."""
        refused = ""
        try:
            target = self._dead_letter_queue()
            if target is not None:
                self._send(target, held, reason)
                return
        except DjangoSQSError as error:
            refused = str(error)
            logger.error(
                "%s: the dead-letter queue did not take message %s: %s",
                self._physical.name,
                held.id,
                refused,
                extra=held.log_extra(self._physical.name, "dead_letter_failed"),
            )
        if conf.SQS_KEEP_FAILED:
            try:
                _write_row(self._physical.name, held, reason, traceback)
            except Exception as error:
                raise KeepingFailed(f"{type(error).__name__}: {error}") from error
        elif refused:
            raise KeepingFailed(f"the dead-letter queue did not take it ({refused}), and SQS_KEEP_FAILED is False")

    def has_redrive_policy(self) -> bool:
        """Does SQS itself move messages of this queue away when they were received too often? False where that cannot
        be found out."""
        try:
            self._look_up()
        except AWSError as error:
            self._log_unknown(error)
        return self._native is not None

    def _dead_letter_queue(self) -> PhysicalQueue | None:
        name = self._queue.options.dead_letter
        if name:
            from django_sqs.registry import queues

            return queues[name].physical(self._suffix if self._suffix in queues[name].known_suffixes() else None)
        try:
            self._look_up()
        except AccessDenied as error:
            # Lasting, as a rule: who may not ask has no dead-letter queue. After any other failure it is not known, and
            # the message must not be gone because of that.
            self._log_unknown(error)
        return self._native

    def _look_up(self) -> None:
        """The dead-letter queue of the redrive policy; asked for until it is known."""
        if self._looked:
            return
        told = self._physical.attributes("RedrivePolicy").get("RedrivePolicy")
        try:
            policy = json.loads(told or "{}")
        except ValueError:  # not SQS, which refuses a policy that is no JSON
            policy = {}
        name = str(policy.get("deadLetterTargetArn", "")).rpartition(":")[2]
        self._native = PhysicalQueue(name, self._physical.connection) if name else None
        self._looked = True

    def _log_unknown(self, error: AWSError) -> None:
        logger.warning(
            "%s: whether it has a dead-letter queue could not be found out: %s",
            self._physical.name,
            error,
            extra={"queue": self._physical.name, "action": "redrive_policy_unknown"},
        )

    def _send(self, target: PhysicalQueue, held: HeldMessage, reason: str) -> None:
        attributes = dict(held.raw.get("MessageAttributes", {}))
        if len(attributes) < MAX_ATTRIBUTES or REASON_ATTRIBUTE in attributes:
            attributes[REASON_ATTRIBUTE] = {"DataType": "String", "StringValue": sanitised(reason)}
        entry: dict[str, Any] = {"MessageBody": held.raw["Body"], "MessageAttributes": attributes}
        if target.name.endswith(".fifo"):
            # A fresh id: with the old one SQS would take this for a copy, and drop it in silence for five minutes.
            entry["MessageDeduplicationId"] = f"{held.id}-{held.receive_count}"
            entry["MessageGroupId"] = held.group or held.id
        _, failures = target.send_batch([entry])
        if failures:
            raise AWSError(action="SendMessage", detail=str(failures[0]))


def sanitised(reason: str) -> str:
    """The reason as a message attribute may stand: no characters that SQS refuses, at most 1 KiB, not empty."""
    text = _UNPRINTABLE.sub("?", reason).encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
    return text or "no reason given"


def _write_row(queue: str, held: HeldMessage, reason: str, traceback: str) -> None:
    from django.db import router
    from django.utils import timezone

    from django_sqs.models import FailedMessage

    connection = database.without_leftovers(router.db_for_write(FailedMessage))
    FailedMessage.objects.update_or_create(
        queue=queue,
        message_id=held.id,
        defaults={
            "body": held.raw.get("Body", ""),
            "attributes": {
                **held.raw.get("Attributes", {}),
                "MessageAttributes": {
                    name: _plain(value) for name, value in held.raw.get("MessageAttributes", {}).items()
                },
            },
            "reason": _storable(reason),
            "traceback": _storable(traceback),
            "receive_count": held.receive_count,
            "failed_at": timezone.now(),
        },
    )
    if not connection.in_atomic_block and not connection.get_autocommit():
        connection.commit()


def _storable(text: str) -> str:
    """Without what an exception's text may hold and a database refuses: lone surrogates, and for PostgreSQL NUL."""
    return text.replace("\0", "?").encode(errors="replace").decode()


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    import base64

    return {k: base64.b64encode(v).decode() if isinstance(v, bytes) else v for k, v in value.items()}


def check_table() -> None:
    """Raises `FailedTableMissing` where failed messages are to be kept in a table that is not there."""
    if not conf.SQS_KEEP_FAILED:
        return
    from django.db import connections, router

    from django_sqs.models import FailedMessage

    using = router.db_for_write(FailedMessage)
    table = FailedMessage._meta.db_table
    if table not in connections[using].introspection.table_names():
        raise FailedTableMissing(table=table, using=using)
