"""How messages leave. `SQS_TRANSPORT` names the class, like Django's EMAIL_BACKEND."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import ClassVar

from django.utils.module_loading import import_string

from django_sqs.aws.physical_queue import EntryFailure
from django_sqs.conf import conf
from django_sqs.exceptions import AWSError, InvalidSetting, SendFailed
from django_sqs.sending import apart
from django_sqs.sending.in_parallel import send_batches
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.packing import packed

logger = logging.getLogger("django_sqs.sending")

#: Pauses in seconds before entries that SQS throttled are sent again: together a second and a half, since a person or
#: a web request waits.
_THROTTLED_PAUSES = (0.1, 0.4, 1.0)


class BaseTransport:
    """Takes messages that are encoded and checked, and sets the `id` of each that it sent."""

    #: Does `send()` run the receivers, so that what it raises is theirs and no failure to send?
    runs_receivers: ClassVar[bool] = False
    #: May several threads call `send()` at once?
    sends_in_parallel: ClassVar[bool] = False

    def send(self, messages: Iterable[Outgoing]) -> int:
        """Send them all, those for one FIFO queue in their order. Returns their number. Raises `SendFailed` where some
        were refused and an `AWSError` where SQS could not be asked at all."""
        raise NotImplementedError


class SQSTransport(BaseTransport):
    """The real one."""

    sends_in_parallel: ClassVar[bool] = True

    def send(self, messages: Iterable[Outgoing]) -> int:
        return send_batches(packed(messages), _send_batch)


def _send_batch(batch: Sequence[Outgoing]) -> None:
    """One batch; what SQS throttled of it is tried again first. Raises `SendFailed` for the rest that it refused."""
    refused: list[tuple[Outgoing, str]] = []
    ready = apart.store(batch, refused)
    throttled = _attempt(ready, refused) if ready else []
    for pause in _THROTTLED_PAUSES:
        # A message of a FIFO queue that goes later than those after it is out of order: for the caller to judge.
        if not throttled or batch[0].destination.full_name.endswith(".fifo"):
            break
        time.sleep(pause * random.uniform(0.5, 1.0))
        try:
            throttled = _attempt([outgoing for outgoing, _ in throttled], refused)
        except AWSError as error:
            throttled = [(outgoing, str(error)) for outgoing, _ in throttled]
            break
    failed = refused + throttled
    if failed:
        apart.take_back([outgoing for outgoing, _ in refused])
        _raise_failed(batch, failed)


def _attempt(batch: Sequence[Outgoing], refused: list[tuple[Outgoing, str]]) -> list[tuple[Outgoing, str]]:
    """Send once. Adds to `refused`, and returns those that were throttled."""
    destination = batch[0].destination
    physical = destination.physical()
    sent, failures = physical.send_batch([outgoing.wire_entry for outgoing in batch])
    for index, message_id in sent.items():
        batch[index].message.id = message_id
        logger.debug(
            "Sent %s to %s.",
            message_id,
            physical.name,
            extra={"queue": physical.name, "message_id": message_id, "receive_count": 0, "action": "sent"},
        )
    refused += [_told(batch, failure) for failure in failures if not failure.throttled]
    return [_told(batch, failure) for failure in failures if failure.throttled]


def _told(batch: Sequence[Outgoing], failure: EntryFailure) -> tuple[Outgoing, str]:
    return batch[failure.index], str(failure)


def _raise_failed(batch: Sequence[Outgoing], failed: Sequence[tuple[Outgoing, str]]) -> None:
    lost = {id(outgoing) for outgoing, _ in failed}
    raise SendFailed(
        queue=batch[0].destination.full_name,
        count=len(failed),
        total=len(batch),
        reasons="; ".join(sorted({reason for _, reason in failed})),
        sent=[outgoing.message for outgoing in batch if id(outgoing) not in lost],
        failed=[(outgoing.message, reason) for outgoing, reason in failed],
    )


# What tests put in the place of the transport of the settings; the last one is in force, in all threads.
_overrides: list[BaseTransport] = []


def override_transport(transport: BaseTransport) -> None:
    """Use this transport, whatever SQS_TRANSPORT says, until `restore_transport()` is called for it."""
    _overrides.append(transport)


def restore_transport(transport: BaseTransport) -> None:
    """Undo `override_transport()`."""
    _overrides.remove(transport)


def get_transport() -> BaseTransport:
    """The transport that SQS_TRANSPORT names."""
    return _overrides[-1] if _overrides else _make(conf.SQS_TRANSPORT)


@lru_cache
def _make(path: str) -> BaseTransport:
    expected = 'the dotted path of a transport class, such as "django_sqs.testing.OutboxTransport"'
    try:
        found = import_string(path)
    except (ImportError, TypeError, ValueError) as error:  # the latter two are import_module()'s on paths like ".x"
        raise InvalidSetting(name="SQS_TRANSPORT", shown=repr(path), expected=expected) from error
    if not isinstance(found, type) or not issubclass(found, BaseTransport):
        raise InvalidSetting(name="SQS_TRANSPORT", shown=repr(path), expected=expected)
    return found()
