"""Running one message: decode, call the receiver, judge, keep."""

from __future__ import annotations

import logging
import traceback
from typing import Any

from django_sqs import signals
from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.exceptions import AWSError, Reject, RestartLater
from django_sqs.message.base import BaseMessage
from django_sqs.queue_options import QueueOptions
from django_sqs.receiving import database
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.keeping import Keeping, KeepingFailed
from django_sqs.receiving.verdict import DONE, Verdict, back_stop, judge, retry_delay
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.sending.options import MAX_DELAY_SECS

logger = logging.getLogger("django_sqs.receiving")


class Runner:
    """Runs the messages of one queue. `run()` returns what is to be told SQS: the seconds until the message is visible
    again, or None to delete it; `NOTHING` where SQS knows already."""

    def __init__(self, queue: RegisteredQueue, physical: PhysicalQueue, suffix: str | None) -> None:
        self._queue = queue
        self._physical = physical
        self._suffix = suffix
        self._options: QueueOptions = queue.options
        self._fn = queue.receiver_function()
        self._keeping = Keeping(queue, physical, suffix)
        self.name = physical.name

    def run(self, held: HeldMessage) -> Outcome:
        """Run one message in this thread. Never raises."""
        verdict, error = DONE, None
        message: BaseMessage[Any] | None = None
        deleted = False
        database.before_message()
        try:
            self._apply_back_stop(held)
            message = self._queue.message_class.from_received(held.raw, self.name)
            message.get_body()
            if self._options.delete_on_start:
                deleted = self._delete_first(held)
            self._tell(signals.message_received, message)
            self._fn(message)
        except BaseException as raised:  # SystemExit too: a receiver must not end the process
            error = raised
            verdict = judge(raised, self._options, held.receive_count, held.age)
        outcome = self._conclude(held, message, verdict, error, deleted)
        database.after_message(failed=error is not None, close=self._options.close_database)
        return outcome

    # --- before

    def _apply_back_stop(self, held: HeldMessage) -> None:
        """One that kills its process every time must not come back for ever; where SQS has no redrive policy, we stop
        it."""
        limit = self._options.max_receives
        if limit is not None and held.receive_count > back_stop(limit) and not self._keeping.has_redrive_policy():
            raise Reject(f"received {held.receive_count} times without being settled")

    def _delete_first(self, held: HeldMessage) -> bool:
        try:
            failures = self._physical.delete_batch([held.handle])
        except AWSError as error:
            raise DeleteRefused(str(error)) from error
        if failures:
            raise DeleteRefused(str(failures[0]))
        return True

    # --- after

    def _conclude(
        self,
        held: HeldMessage,
        message: BaseMessage[Any] | None,
        verdict: Verdict,
        error: BaseException | None,
        deleted: bool,
    ) -> Outcome:
        if isinstance(error, DeleteRefused):
            self._log(
                logging.WARNING, held, "delete_refused", "was not run, since it could not be deleted first: %s", error
            )
            return retry_delay(self._options, held.receive_count, held.age)
        self._report(held, verdict, error)
        outcome: Outcome = verdict.delay
        if verdict.keep:
            outcome = self._keep(held, verdict, error)
        self._signal(message, error, outcome)
        if not deleted:
            return outcome
        if isinstance(outcome, float):
            self._send_anew(held, outcome)
        return NOTHING

    def _report(self, held: HeldMessage, verdict: Verdict, error: BaseException | None) -> None:
        if error is None:
            self._log(logging.DEBUG, held, "succeeded", "was handled")
        elif verdict.failed:
            self._log(logging.ERROR, held, "failed", "failed (receive %d)", held.receive_count, error=error)
        elif isinstance(error, RestartLater):
            self._log(logging.INFO, held, "restart_later", "is to be restarted in %.0f s", verdict.delay or 0)
        else:
            self._log(logging.WARNING, held, "rejected", "was rejected: %s", verdict.reason)

    def _keep(self, held: HeldMessage, verdict: Verdict, error: BaseException | None) -> float | None:
        told = "".join(traceback.format_exception(error)) if error is not None and verdict.failed else ""
        try:
            self._keeping.keep(held, verdict.reason, told)
        except KeepingFailed as failure:
            self._log(logging.ERROR, held, "not_kept", "could not be kept and stays in the queue: %s", failure)
            return retry_delay(self._options, held.receive_count, held.age)
        return None

    def _send_anew(self, held: HeldMessage, delay: float) -> None:
        """It was deleted before it ran: to restart it later, all that can be done is to send it again."""
        entry: dict[str, Any] = {"MessageBody": held.raw["Body"], "DelaySeconds": min(MAX_DELAY_SECS, int(delay))}
        attributes = held.raw.get("MessageAttributes")
        if attributes:
            entry["MessageAttributes"] = attributes
        try:
            _, failures = self._physical.send_batch([entry])
            reason = str(failures[0]) if failures else ""
        except AWSError as error:
            reason = str(error)
        if reason:
            self._log(logging.ERROR, held, "not_sent_anew", "could not be sent again for its restart: %s", reason)
            self._keep(held, Verdict(keep=True, reason=f"its restart could not be sent: {reason}"), None)

    def _signal(self, message: BaseMessage[Any] | None, error: BaseException | None, outcome: Outcome) -> None:
        if error is None:
            self._tell(signals.message_succeeded, message)
            return
        if not isinstance(error, RestartLater):
            self._tell(signals.message_failed, message, exception=error)
        if isinstance(outcome, float):
            self._tell(signals.message_retried, message, exception=error, delay=outcome)

    def _tell(self, signal: Any, message: BaseMessage[Any] | None, **facts: Any) -> None:
        if not signal.receivers:
            return
        for listener, response in signal.send_robust(sender=self._queue, message=message, queue=self.name, **facts):
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
        told = text % args if args else text
        extra = held.log_extra(self.name, action)
        logger.log(level, "%s: message %s %s.", self.name, held.id, told, exc_info=error, extra=extra)


class DeleteRefused(Exception):
    """SQS did not confirm the delete that has to come before the run."""


class _Nothing:
    """SQS knows already."""


NOTHING = _Nothing()
#: Seconds until it is visible again, None to delete it, or NOTHING.
Outcome = float | None | _Nothing
