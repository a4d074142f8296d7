"""What the tests of sending share: transports that tell what went through them, and counts of requests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from django_sqs import send
from django_sqs.aws.client import CALLING, Connection, get_client
from django_sqs.exceptions import SendFailed
from django_sqs.sending.outgoing import Outgoing
from django_sqs.sending.transports import BaseTransport, override_transport, restore_transport


class Recorder(BaseTransport):
    """Keeps the bodies of each call, and raises what it was told to."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        #: What to raise for a call that has this body in it.
        self.failures: dict[str, BaseException] = {}
        #: Bodies that are refused while the others of their batch go.
        self.refused: set[str] = set()

    @property
    def bodies(self) -> list[str]:
        return [body for call in self.calls for body in call]

    def send(self, messages: Iterable[Outgoing]) -> int:
        batch = list(messages)
        if not batch:
            return 0
        self.calls.append([outgoing.body for outgoing in batch])
        for outgoing in batch:
            if outgoing.body in self.failures:
                raise self.failures[outgoing.body]
        failed = [outgoing.message for outgoing in batch if outgoing.body in self.refused]
        for outgoing in batch:
            if outgoing.body not in self.refused:
                outgoing.message.id = f"id of {outgoing.body}"
        if failed:
            raise SendFailed(
                queue=batch[0].destination.full_name,
                count=len(failed),
                total=len(batch),
                reasons="refused",
                sent=[outgoing.message for outgoing in batch if outgoing.body not in self.refused],
                failed=[(message, "refused") for message in failed],
            )
        return len(batch)


@contextmanager
def recorded() -> Iterator[Recorder]:
    """Within it, nothing goes to SQS."""
    recorder = Recorder()
    override_transport(recorder)
    try:
        yield recorder
    finally:
        restore_transport(recorder)


def count_requests() -> list[str]:
    """A list that grows by the name of each request to SQS that the senders' client makes from now on."""
    requests: list[str] = []

    def note(model: Any, **kwargs: Any) -> None:
        requests.append(model.name)

    get_client(Connection.from_settings(), CALLING).meta.events.register("before-call.sqs.*", note)
    return requests


class Boom(Exception):
    """What goes wrong in the code under test."""


def boom() -> None:
    raise Boom


@contextmanager
def rolled_back(using: str | None = None) -> Iterator[None]:
    """A block of `atomic()` that ends with an exception."""
    try:
        with transaction.atomic(using=using):
            yield
            raise Boom
    except Boom:
        pass


def send_in_transaction(*bodies: str, queue: str = "letters", then: Any = None) -> None:
    """Send these in one transaction, and call `then` when it commits, before they go."""
    with transaction.atomic():
        for body in bodies:
            send(queue, body=body)
        if then is not None:
            transaction.on_commit(then)
