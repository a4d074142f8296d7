"""Keeping what is sent while a test runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, overload

from django.test.utils import TestContextDecorator

from django_sqs.sending.on_commit import flush_ended_blocks
from django_sqs.sending.transports import override_transport, restore_transport
from django_sqs.testing.outbox import OutboxTransport, SentMessage

DecoratedT = TypeVar("DecoratedT", bound=Callable[..., Any])


class Capture(TestContextDecorator):
    """See `capture()`."""

    def __init__(self, attr_name: str | None = None, kwarg_name: str | None = None) -> None:
        super().__init__(attr_name=attr_name, kwarg_name=kwarg_name)
        self._transports: list[OutboxTransport] = []

    def __enter__(self) -> list[SentMessage]:  # type: ignore[override]  # the stubs know of Apps only
        return self.enable()

    def enable(self) -> list[SentMessage]:
        """Start; returns the list."""
        transport = OutboxTransport()
        transport.outbox = []
        self._transports.append(transport)
        override_transport(transport)
        return transport.outbox

    def disable(self) -> None:
        """Stop."""
        flush_ended_blocks()
        restore_transport(self._transports.pop())


@overload
def capture(decorated: DecoratedT, /) -> DecoratedT: ...
@overload
def capture(*, attr_name: str | None = None, kwarg_name: str | None = None) -> Capture: ...
def capture(decorated: Any = None, /, *, attr_name: str | None = None, kwarg_name: str | None = None) -> Any:
    """Keep what is sent, by any thread, instead of sending: `with capture() as sent:` gives a list of `SentMessage`s.

    It decorates functions, plain and async, and unittest's classes too, as Django's own tools do: a function gets the
    list as the keyword argument `kwarg_name`, the tests of a class as the attribute `attr_name`.

    A message is in the list from the moment when it would have gone out: one sent within `atomic()` when the block has
    committed, and never if it was rolled back. The blocks that `TestCase` opens do not count: within it, the outermost
    block of the code under test is the transaction. (One with savepoint=False, whose end is told to nobody, is looked
    for by `run_receivers()` and at the end of the capture.) Of nested captures the inner one has the messages.
    """
    made = Capture(attr_name, kwarg_name)
    return made if decorated is None else made(decorated)
