"""What becomes of a message after its run: the table of failures, as one pure function."""

from __future__ import annotations

import random
from dataclasses import dataclass

from django_sqs.aws.physical_queue import MAX_VISIBILITY_SECS
from django_sqs.exceptions import Reject, RestartLater
from django_sqs.queue_options import QueueOptions

#: SQS refuses a visibility timeout that ends more than 12 hours after the receive; kept clear of by this, in seconds.
_LIMIT_MARGIN_SECS = 60


@dataclass(frozen=True)
class Verdict:
    """`keep`: it is kept (dead-letter queue or failed row) with `reason`, then deleted. `delay`: it stays in the queue,
    visible in so many seconds. Neither: it is deleted. `failed`: the run counts as a failure, and is logged with its
    traceback."""

    keep: bool = False
    delay: float | None = None
    reason: str = ""
    failed: bool = False


def judge(error: BaseException, options: QueueOptions, receive_count: int, age: float) -> Verdict:
    """The verdict on what a receiver raised. `age` is the seconds since the message was received."""
    longest = max(0.0, MAX_VISIBILITY_SECS - age - _LIMIT_MARGIN_SECS)
    if isinstance(error, RestartLater):
        delay = options.visibility if error.delay is None else error.delay
        return Verdict(delay=float(min(delay, longest)), reason=str(error))
    if isinstance(error, Reject):
        return Verdict(keep=True, reason=described(error))
    reason = described(error)
    # What was deleted before it ran was to run at most once: it cannot be retried.
    if options.error_policy != "retry" or options.delete_on_start:
        return Verdict(keep=True, reason=reason, failed=True)
    if options.max_receives is not None and receive_count >= options.max_receives:
        return Verdict(keep=True, reason=f"failed, and received {receive_count} times: {reason}", failed=True)
    return Verdict(delay=retry_delay(options, receive_count, age), reason=reason, failed=True)


def retry_delay(options: QueueOptions, receive_count: int, age: float) -> float:
    """Seconds until a failed message is visible again: 50 to 100 % of the delay, so that messages that failed together
    do not come back together."""
    longest = max(0.0, MAX_VISIBILITY_SECS - age - _LIMIT_MARGIN_SECS)
    return min(options.delay_after(receive_count) * random.uniform(0.5, 1.0), longest)


def back_stop(max_receives: int) -> int:
    """The receive count that no message may outlive, runs or not: releases raise it too, hence well above
    `max_receives`."""
    return max(20, 3 * max_receives)


def described(error: BaseException) -> str:
    """The error in one line, also where its own str() fails."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
