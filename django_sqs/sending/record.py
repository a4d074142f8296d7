"""What is known of a long send, for the error that ends it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from django_sqs.exceptions import SendFailed
from django_sqs.sending.outgoing import Outgoing

#: So many messages, and so many bytes of them, are remembered: a stream may have millions.
MAX_MESSAGES = 1_000
MAX_BYTES = 10 * 1_048_576


class Record:
    """The latest messages of a send, with the ids that they had before."""

    def __init__(self) -> None:
        self._latest: deque[tuple[Outgoing, str | None]] = deque()
        self._size = 0

    def of(self, messages: Iterable[Outgoing]) -> Iterator[Outgoing]:
        """The same messages, remembered as they pass."""
        for outgoing in messages:
            self._latest.append((outgoing, outgoing.message.id))
            self._size += outgoing.size
            while len(self._latest) > MAX_MESSAGES or self._size > MAX_BYTES:
                self._size -= self._latest.popleft()[0].size
            yield outgoing

    def completed(self, error: SendFailed) -> SendFailed:
        """The error of one batch, with what other batches have sent before."""
        told = {id(message) for message in error.sent} | {id(message) for message, _ in error.failed}
        before = [
            outgoing
            for outgoing, id_before in self._latest
            if outgoing.message.id not in (None, id_before) and id(outgoing.message) not in told
        ]
        sent = [*(outgoing.message for outgoing in before), *error.sent]
        return SendFailed(
            queue=error.queue,
            count=len(error.failed),
            total=len(sent) + len(error.failed),
            reasons="; ".join(sorted({reason for _, reason in error.failed})),
            sent=sent,
            failed=error.failed,
        )
