"""What follows from a run: report it, keep what is given up, tell the listeners."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from django_sqs import signals
from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.exceptions import AWSError, ReceiverTimeout, RestartLater
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.keeping import Keeping, KeepingFailed
from django_sqs.receiving.settlement import NOTHING, Outcome
from django_sqs.receiving.verdict import Verdict, judge, retry_delay
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.sending.delays import hop

logger = logging.getLogger("django_sqs.receiving")


class DeleteRefused(Exception):
    """SQS did not confirm the delete that has to come before the run."""


class BodyUnavailable(Exception):
    """The body is elsewhere and cannot be had now: the message stays, and is run when it can be."""


class Ignored(Exception):
    """The message is to be deleted without calling the receiver."""


class Conclusions:
    """Draws them for the messages of one queue, from any thread."""

    def __init__(self, queue: RegisteredQueue, physical: PhysicalQueue, keeping: Keeping) -> None:
        self._queue = queue
        self._options = queue.options
        self._physical = physical
        self._keeping = keeping
        self.name = physical.name

    def is_quick(self, error: BaseException | None) -> bool:
        """Is nothing to be done that could block?"""
        return error is None and not signals.message_succeeded.receivers

    def conclude(self, held: HeldMessage, error: BaseException | None) -> Outcome:
        """Conclude from what the receiver raised, or from None that it returned. Never raises: where it fails, the
        message stays."""
        try:
            if error is None:
                return self._succeeded(held)
            return self._conclude(held, error)
        except Exception as failure:
            self._log(logging.ERROR, held, "not_concluded", "stays in the queue: what to do failed", error=failure)
            return NOTHING if held.deleted else retry_delay(self._options, held.receive_count, held.age)

    def _succeeded(self, held: HeldMessage) -> Outcome:
        held.succeeded = True
        self._log(logging.DEBUG, held, "succeeded", "was handled")
        self._tell(signals.message_succeeded, held)
        # Where its body is elsewhere it is deleted once more, which does no harm: what follows a delete then follows
        # this one.
        return NOTHING if held.deleted and not self._queue.message_class._fetches else None

    def _conclude(self, held: HeldMessage, error: BaseException) -> Outcome:
        if isinstance(error, DeleteRefused):
            self._log(logging.WARNING, held, "delete_refused", "was not run, since it could not be deleted: %s", error)
            return retry_delay(self._options, held.receive_count, held.age)
        if isinstance(error, BodyUnavailable):
            self._log(logging.WARNING, held, "body_unavailable", "was not run, since its body is not there: %s", error)
            return retry_delay(self._options, held.receive_count, held.age)
        if isinstance(error, Ignored):
            self._log(logging.INFO, held, "ignored", "needs no receiver and is deleted")
            return None
        verdict = judge(error, self._options, held.receive_count, held.age)
        self._report(held, verdict, error)
        outcome: Outcome = verdict.delay
        if verdict.keep:
            outcome = self._keep(held, verdict, error)
        self._signal(held, error, outcome)
        if not held.deleted:
            return outcome
        if isinstance(outcome, float):
            self.send_anew(held, outcome)
        return NOTHING

    @property
    def has_start_listeners(self) -> bool:
        """Does anybody listen to what `started()` tells?"""
        return bool(signals.message_received.receivers)

    def started(self, held: HeldMessage) -> None:
        """The receiver is about to be called."""
        self._tell(signals.message_received, held)

    def _report(self, held: HeldMessage, verdict: Verdict, error: BaseException) -> None:
        if isinstance(error, ReceiverTimeout):
            self._log(logging.ERROR, held, "timed_out", "failed (receive %d): %s", held.receive_count, error)
        elif verdict.failed:
            self._log(logging.ERROR, held, "failed", "failed (receive %d)", held.receive_count, error=error)
        elif isinstance(error, RestartLater):
            self._log(logging.INFO, held, "restart_later", "is to be restarted in %.0f s", verdict.delay or 0)
        else:
            self._log(logging.WARNING, held, "rejected", "was rejected: %s", verdict.reason)

    def _keep(self, held: HeldMessage, verdict: Verdict, error: BaseException | None) -> float | None:
        told = ""
        if isinstance(error, ReceiverTimeout):
            told = error.stack
        elif error is not None and verdict.failed:
            told = "".join(traceback.format_exception(error))
        try:
            self._keeping.keep(held, verdict.reason, told)
        except KeepingFailed as failure:
            self._log(logging.ERROR, held, "not_kept", "could not be kept and stays in the queue: %s", failure)
            return retry_delay(self._options, held.receive_count, held.age)
        return None

    def send_anew(self, held: HeldMessage, delay: float, what: str = "its restart") -> None:
        """It was deleted before it ran: to run it later, all that can be done is to send it again. Where that fails it
        is kept."""
        entry = held.entry()
        if self._queue.is_fifo:
            # A fresh id: with the old one SQS would drop it in silence.
            entry["MessageDeduplicationId"] = f"{held.id}-{held.receive_count}"
        else:
            entry["DelaySeconds"] = hop(delay)
        try:
            _, failures = self._physical.send_batch([entry])
            reason = str(failures[0]) if failures else ""
        except AWSError as error:
            reason = str(error)
        if reason:
            self._log(logging.ERROR, held, "not_sent_anew", "could not be sent again: %s", reason)
            self._keep(held, Verdict(keep=True, reason=f"{what} could not be sent: {reason}"), None)

    # --- telling

    def _signal(self, held: HeldMessage, error: BaseException, outcome: Outcome) -> None:
        if not isinstance(error, RestartLater):
            self._tell(signals.message_failed, held, exception=error)
        if isinstance(outcome, float):
            self._tell(signals.message_retried, held, exception=error, delay=outcome)

    def _tell(self, signal: Any, held: HeldMessage, **facts: Any) -> None:
        if not signal.receivers:
            return
        answers = signal.send_robust(sender=self._queue, message=held.message, queue=self.name, **facts)
        for listener, response in answers:
            if isinstance(response, Exception):
                logger.error(
                    "%s: a listener of a signal failed: %r",
                    self.name,
                    listener,
                    exc_info=response,
                    extra={"queue": self.name, "action": "listener_failed"},
                )

    def _log(
        self, level: int, held: HeldMessage, action: str, text: str, *args: Any, error: BaseException | None = None
    ) -> None:
        if not logger.isEnabledFor(level):
            return
        told = text % args if args else text
        extra = held.log_extra(self.name, action)
        logger.log(level, "%s: message %s %s.", self.name, held.id, told, exc_info=error, extra=extra)
