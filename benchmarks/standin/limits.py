"""What SQS limits, and the few rules of it that a run may want to loosen."""

from __future__ import annotations

from dataclasses import dataclass

#: A message can be held by one receive for at most 12 hours, however often it is extended.
MAXIMUM_VISIBILITY_SECONDS = 43_200

MAXIMUM_DELAY_SECONDS = 900

MAXIMUM_WAIT_SECONDS = 20

#: How long a FIFO queue remembers a deduplication id.
DEDUPLICATION_SECONDS = 300.0

BATCH_ENTRIES = 10


@dataclass
class Limits:
    """The rules that can be set at the start and changed while the server runs."""

    #: Messages in flight before a standard queue refuses short polls and leaves long polls unanswered.
    in_flight: int = 120_000
    #: The same for a FIFO queue, which says nothing and answers as if it were empty.
    fifo_in_flight: int = 120_000
    #: Seconds between two PurgeQueue calls for one queue.
    purge_seconds: float = 60.0
    #: Seconds before the name of a deleted queue can be used again.
    recreate_seconds: float = 60.0
    #: Whether changing the visibility of a message that is visible again succeeds and does nothing,
    #: instead of failing with MessageNotInflight. The service has been seen to do either.
    accept_expired_change: bool = False
