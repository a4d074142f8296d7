"""The actions of SQS on messages: send, receive, delete, change visibility, single and in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.standin import errors, parameters
from benchmarks.standin.counters import ActionCounter, Counters
from benchmarks.standin.limits import BATCH_ENTRIES, MAXIMUM_VISIBILITY_SECONDS, MAXIMUM_WAIT_SECONDS
from benchmarks.standin.message import Draft, Message, attributes_md5, size_of
from benchmarks.standin.parameters import JSON
from benchmarks.standin.queue import Queue
from benchmarks.standin.store import Store

_SENDER = "AIDASTANDINSENDER0000"

#: What a fault may do to one entry of a batch: fail it, or say that it was done and not do it.
EntryVerdict = errors.SQSError | bool
EntryJudge = Callable[[str, str], EntryVerdict]


@dataclass(frozen=True)
class LongPoll:
    """A receive that found nothing and may wait: try ``attempt`` again until ``seconds`` are over."""

    queue: Queue
    seconds: float
    attempt: Callable[[], JSON | None]


def _act_on_all(action: str, queue_name: str) -> EntryVerdict:
    return True


class MessageActions:
    """The actions whose entries are messages or receipt handles."""

    def __init__(self, store: Store, counters: Counters) -> None:
        self.store = store
        self.counters = counters
        #: Asked for each entry of a batch, with the action and the queue's name: True to act on it,
        #: False to answer with success and do nothing, an error to fail it.
        self.judge: EntryJudge = _act_on_all

    def table(self) -> dict[str, Callable[[JSON], JSON | LongPoll]]:
        return {
            "ChangeMessageVisibility": self.change_message_visibility,
            "ChangeMessageVisibilityBatch": self.change_message_visibility_batch,
            "DeleteMessage": self.delete_message,
            "DeleteMessageBatch": self.delete_message_batch,
            "ReceiveMessage": self.receive_message,
            "SendMessage": self.send_message,
            "SendMessageBatch": self.send_message_batch,
        }

    def _queue(self, request: JSON) -> Queue:
        return self.store.by_url(parameters.text(request, "QueueUrl"))

    # Sending.

    def send_message(self, request: JSON) -> JSON:
        queue = self._queue(request)
        draft = parameters.draft(request)
        parameters.check(draft, queue.attributes.maximum_bytes)
        self.counters.action("SendMessage").entries += 1
        return self._send(queue, draft)

    def send_message_batch(self, request: JSON) -> JSON:
        queue = self._queue(request)
        entries = parameters.entries(request, "SendMessage")
        drafts = {entry["Id"]: _draft_or_error(entry) for entry in entries}
        good = [draft for draft in drafts.values() if isinstance(draft, Draft)]
        parameters.check_batch_size(sum(map(size_of, good)))
        if queue.fifo:
            _check_fifo_batch(queue, good)
        return self._batch(
            "SendMessageBatch", queue, entries, lambda entry: self._send_entry(queue, drafts[entry["Id"]])
        )

    def _send_entry(self, queue: Queue, draft: Draft | errors.SQSError) -> JSON:
        if isinstance(draft, errors.SQSError):
            raise draft
        parameters.check(draft, queue.attributes.maximum_bytes)
        return self._send(queue, draft)

    def _send(self, queue: Queue, draft: Draft) -> JSON:
        message = queue.send(draft)
        answer = {"MessageId": message.id, "MD5OfMessageBody": message.md5}
        if message.attributes:
            answer["MD5OfMessageAttributes"] = attributes_md5(message.attributes)
        if message.sequence_number is not None:
            answer["SequenceNumber"] = message.sequence_number
        return answer

    # Receiving.

    def receive_message(self, request: JSON) -> JSON | LongPoll:
        queue = self._queue(request)
        limit = parameters.number(request, "MaxNumberOfMessages", 1, BATCH_ENTRIES, 1)
        visibility = parameters.number(request, "VisibilityTimeout", 0, MAXIMUM_VISIBILITY_SECONDS, None)
        wait = parameters.number(request, "WaitTimeSeconds", 0, MAXIMUM_WAIT_SECONDS, queue.attributes.wait)
        system = parameters.names(request, "MessageSystemAttributeNames") + parameters.names(request, "AttributeNames")
        names = parameters.names(request, "MessageAttributeNames")
        assert limit is not None
        assert wait is not None
        counter = self.counters.action("ReceiveMessage")

        def attempt() -> JSON | None:
            messages = queue.receive(limit, visibility, waiting=wait > 0)
            if not messages:
                return None
            counter.entries += len(messages)
            return {"Messages": [_received(queue, message, system, names) for message in messages]}

        answer = attempt()
        if answer is not None:
            return answer
        if wait:
            return LongPoll(queue, wait, attempt)
        counter.empty += 1
        return {}

    # Settling.

    def delete_message(self, request: JSON) -> JSON:
        self._queue(request).delete(parameters.text(request, "ReceiptHandle"))
        self.counters.action("DeleteMessage").entries += 1
        return {}

    def delete_message_batch(self, request: JSON) -> JSON:
        queue = self._queue(request)
        entries = parameters.entries(request, "DeleteMessage")
        return self._batch("DeleteMessageBatch", queue, entries, partial(_delete_entry, queue))

    def change_message_visibility(self, request: JSON) -> JSON:
        _change_entry(self._queue(request), request)
        self.counters.action("ChangeMessageVisibility").entries += 1
        return {}

    def change_message_visibility_batch(self, request: JSON) -> JSON:
        queue = self._queue(request)
        entries = parameters.entries(request, "ChangeMessageVisibility")
        return self._batch("ChangeMessageVisibilityBatch", queue, entries, partial(_change_entry, queue))

    def _batch(self, action: str, queue: Queue, entries: list[JSON], act: Callable[[JSON], JSON]) -> JSON:
        """Act on each entry by itself; one that is refused leaves the others alone."""
        counter: ActionCounter = self.counters.action(action)
        counter.entries += len(entries)
        done: list[JSON] = []
        failed: list[JSON] = []
        for entry in entries:
            try:
                verdict = self.judge(action, queue.name)
                if isinstance(verdict, errors.SQSError):
                    raise verdict
                done.append({"Id": entry["Id"], **(act(entry) if verdict else {})})
            except errors.SQSError as error:
                failed.append(error.as_entry(entry["Id"]))
        counter.failed_entries += len(failed)
        # The service leaves an empty list out, and clients must bear it.
        return {key: value for key, value in (("Successful", done), ("Failed", failed)) if value}


def _draft_or_error(entry: JSON) -> Draft | errors.SQSError:
    try:
        return parameters.draft(entry)
    except errors.SQSError as error:
        return error


def _check_fifo_batch(queue: Queue, drafts: list[Draft]) -> None:
    """Refuse a whole batch for what one entry lacks: here SQS does not fail the entry alone."""
    for draft in drafts:
        if not draft.group_id:
            raise errors.SQSError("InvalidParameterValue", errors.missing("MessageGroupId").message)
        if not draft.deduplication_id and not queue.attributes.content_deduplication:
            raise errors.SQSError(
                "InvalidParameterValue",
                "The queue should either have ContentBasedDeduplication enabled or "
                "MessageDeduplicationId provided explicitly",
            )


def _delete_entry(queue: Queue, entry: JSON) -> JSON:
    queue.delete(parameters.text(entry, "ReceiptHandle"))
    return {}


def _change_entry(queue: Queue, entry: JSON) -> JSON:
    handle = parameters.text(entry, "ReceiptHandle")
    seconds = parameters.number(entry, "VisibilityTimeout", 0, MAXIMUM_VISIBILITY_SECONDS, None)
    if seconds is None:
        raise errors.missing("VisibilityTimeout")
    queue.change_visibility(handle, seconds)
    return {}


def _received(queue: Queue, message: Message, system: list[str], names: list[str]) -> JSON:
    """One message as ReceiveMessage returns it."""
    answer: JSON = {
        "MessageId": message.id,
        "ReceiptHandle": queue.handle_of(message),
        "MD5OfBody": message.md5,
        "Body": message.body,
    }
    if system:
        values = _system_attributes(message)
        answer["Attributes"] = values if "All" in system else {name: values[name] for name in system if name in values}
    if names:
        answer.update(parameters.selected(message.attributes, names))
    return answer


def _system_attributes(message: Message) -> dict[str, Any]:
    """Everything SQS tells about a message; times are milliseconds since the epoch, as texts."""
    values = {
        "SenderId": _SENDER,
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
        "SequenceNumber": message.sequence_number,
        "AWSTraceHeader": message.trace_header,
        "DeadLetterQueueSourceArn": message.source_arn,
    }
    return {name: value for name, value in values.items() if value is not None}
