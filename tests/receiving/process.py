"""A receiver whose parts are real; only SQS is in memory."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django_sqs.message import Message
from django_sqs.receiving.channel import Channel
from django_sqs.receiving.receiver import Job, Receiver
from django_sqs.registered_queue import RegisteredQueue
from tests.receiving.support import FakeQueue

if TYPE_CHECKING:
    pass


class Serving:
    """A receiver that runs, and the supervisor's end of its channel."""

    def __init__(self, queue: RegisteredQueue, physical: FakeQueue, **job: Any) -> None:
        self.physical = physical
        self.ours, self._theirs = socket.socketpair()
        self.ours.settimeout(5)
        self.receiver = Receiver(queue, Job(queue=queue.name, **job), Channel(self._theirs))
        self.status: int | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._said = ""

    def _run(self) -> None:
        self.status = self.receiver.run()

    def start(self) -> Serving:
        self._thread.start()
        return self

    def order(self, line: str) -> None:
        self.ours.sendall(line.encode() + b"\n")

    @property
    def said(self) -> list[str]:
        """What it has told the supervisor so far."""
        self.ours.setblocking(False)
        try:
            while part := self.ours.recv(10_000):
                self._said += part.decode()
        except BlockingIOError:
            pass
        return self._said.splitlines()

    def ended(self, seconds: float = 5) -> int:
        """Its exit status."""
        self._thread.join(seconds)
        assert self.status is not None, "it did not end"
        return self.status

    def close(self) -> None:
        """Whatever the test has done, nothing runs on."""
        self.physical.calm()
        self.receiver.holdings.close()
        for part in self.receiver._parts:
            part.stop()
        if self._thread.ident is not None:
            self.order_quietly("stop")
            self._thread.join(5)
        self.ours.close()
        self._theirs.close()

    def order_quietly(self, line: str) -> None:
        with contextlib.suppress(OSError):
            self.order(line)

    @property
    def released(self) -> list[str]:
        """The ids of what was made visible at once."""
        changes = [change for batch in self.physical.made("change") for change in batch]
        return [handle.partition("#")[0] for handle, seconds in changes if seconds == 0]

    @property
    def deleted(self) -> list[str]:
        return sorted(handle.partition("#")[0] for batch in self.physical.made("delete") for handle in batch)


Starting = Callable[..., Serving]


class Blocking:
    """A receiver function that waits until it is let go, or does what the message says."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.open = threading.Event()

    def __call__(self, message: Message) -> None:
        assert message.id is not None
        self.started.append(message.id)
        if message.body != "quick":
            assert self.open.wait(10)
