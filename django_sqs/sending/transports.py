"""How messages leave. `SQS_TRANSPORT` names the class, like Django's EMAIL_BACKEND."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import lru_cache

from django.utils.module_loading import import_string

from django_sqs.conf import conf
from django_sqs.exceptions import InvalidSetting, SendFailed
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.packing import packed

logger = logging.getLogger("django_sqs.sending")


class BaseTransport:
    """Takes messages that are encoded and checked, and sets the `id` of each that it sent."""

    def send(self, messages: Iterable[Outgoing]) -> int:
        """Send them all, in order. Returns their number. Raises `SendFailed` where some were refused and an `AWSError` where
        SQS could not be asked at all."""
        raise NotImplementedError


class SQSTransport(BaseTransport):
    """The real one."""

    def send(self, messages: Iterable[Outgoing]) -> int:
        count = 0
        for batch in packed(messages):
            self._send_batch(batch)
            count += len(batch)
        return count

    def _send_batch(self, batch: list[Outgoing]) -> None:
        destination = batch[0].destination
        sent, failures = destination.physical().send_batch([outgoing.entry for outgoing in batch])
        for index, message_id in sent.items():
            batch[index].message.id = message_id
            logger.debug(
                "Sent %s to %s.",
                message_id,
                destination.full_name,
                extra={"queue": destination.full_name, "message_id": message_id, "action": "sent"},
            )
        if failures:
            raise SendFailed(
                queue=destination.full_name,
                count=len(failures),
                total=len(batch),
                reasons="; ".join(sorted({str(failure) for failure in failures})),
                sent=[batch[index].message for index in sorted(sent)],
                failed=[(batch[failure.index].message, str(failure)) for failure in failures],
            )


def get_transport() -> BaseTransport:
    """The transport that SQS_TRANSPORT names."""
    return _make(conf.SQS_TRANSPORT)


@lru_cache
def _make(path: str) -> BaseTransport:
    expected = 'the dotted path of a transport class, such as "django_sqs.testing.OutboxTransport"'
    try:
        transport = import_string(path)()
    except ImportError as error:
        raise InvalidSetting(name="SQS_TRANSPORT", shown=repr(path), expected=expected) from error
    if not isinstance(transport, BaseTransport):
        raise InvalidSetting(name="SQS_TRANSPORT", shown=repr(path), expected=expected)
    return transport
