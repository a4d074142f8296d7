"""One queue as AWS knows it: the calls, in batches, with every entry's failure reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_sqs.aws.client import CALLING, Connection, Tuning, get_client
from django_sqs.aws.errors import THROTTLING, translated, translation
from django_sqs.exceptions import QueueMissing

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

#: SQS takes and gives at most this many messages a request.
BATCH = 10
#: The longest visibility timeout, and the longest a message can be held since it was received: 12 hours, in seconds.
MAX_VISIBILITY_SECS = 43_200
#: The longest wait of a long poll, in seconds.
MAX_WAIT_SECS = 20

# A queue's address never changes while it exists, so one answer serves the whole process.
_urls: dict[tuple[Connection, str], str] = {}


def forget_addresses() -> None:
    """Ask for every queue's address anew: for tests, whose servers forget their queues."""
    _urls.clear()


@dataclass(frozen=True)
class EntryFailure:
    """Why one entry of a batch was refused."""

    index: int
    code: str
    message: str
    #: The entry itself is wrong (SQS's SenderFault), it is no use to try again.
    permanent: bool

    @property
    def throttled(self) -> bool:
        return self.code in THROTTLING

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.message else self.code


class PhysicalQueue:
    """A queue at AWS by its full name. Every method raises a subclass of `AWSError` where the whole call fails.

    `create_attributes` is called for the attributes to create the queue with when it turns out to be missing; where it
    is None a missing queue is an error.
    """

    def __init__(
        self,
        name: str,
        connection: Connection,
        tuning: Tuning = CALLING,
        create_attributes: Callable[[], Mapping[str, str]] | None = None,
    ) -> None:
        self.name = name
        self.connection = connection
        self.tuning = tuning
        self.create_attributes = create_attributes

    def __repr__(self) -> str:
        return f"<PhysicalQueue {self.name}>"

    @property
    def client(self) -> SQSClient:
        return get_client(self.connection, self.tuning)

    # --- the queue itself

    def url(self) -> str:
        """Its address (sqs:GetQueueUrl, once a process). Creates the queue where that is allowed."""
        url = _urls.get((self.connection, self.name))
        if url is None:
            try:
                with self._translated("GetQueueUrl"):
                    url = _address(self.client.get_queue_url(QueueName=self.name))
            except QueueMissing:
                if self.create_attributes is None:
                    raise
                return self.create(self.create_attributes())
            _urls[self.connection, self.name] = url
        return url

    def exists(self) -> bool:
        """Is it there? (sqs:GetQueueUrl, always asked.)"""
        _urls.pop((self.connection, self.name), None)
        try:
            with self._translated("GetQueueUrl"):
                _urls[self.connection, self.name] = _address(self.client.get_queue_url(QueueName=self.name))
        except QueueMissing:
            return False
        return True

    def create(self, attributes: Mapping[str, str]) -> str:
        """Create it (sqs:CreateQueue) and return its address."""
        with self._translated("CreateQueue"):
            wanted: Any = dict(attributes)
            url = _address(self.client.create_queue(QueueName=self.name, Attributes=wanted))
        _urls[self.connection, self.name] = url
        return url

    def delete_queue(self) -> None:
        """Delete the queue and all that is in it (sqs:DeleteQueue)."""
        self._call("DeleteQueue", lambda url: self.client.delete_queue(QueueUrl=url))
        _urls.pop((self.connection, self.name), None)

    def attributes(self, *names: str) -> dict[str, str]:
        """The queue's attributes (sqs:GetQueueAttributes)."""
        wanted: Any = list(names) or ["All"]
        answer = self._call(
            "GetQueueAttributes", lambda url: self.client.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)
        )
        return dict(answer.get("Attributes", {}))

    def set_attributes(self, attributes: Mapping[str, str]) -> None:
        """Change attributes of the queue (sqs:SetQueueAttributes)."""
        wanted: Any = dict(attributes)
        self._call("SetQueueAttributes", lambda url: self.client.set_queue_attributes(QueueUrl=url, Attributes=wanted))

    def purge(self) -> None:
        """Delete all messages (sqs:PurgeQueue): takes up to 60 seconds, and SQS allows it once in 60."""
        self._call("PurgeQueue", lambda url: self.client.purge_queue(QueueUrl=url))

    # --- its messages

    def send_batch(self, entries: Sequence[Mapping[str, Any]]) -> tuple[dict[int, str], list[EntryFailure]]:
        """Send up to ten messages (sqs:SendMessage). Returns the message ids by index of those that went, and the
        failures."""
        numbered: Any = [{"Id": str(index), **entry} for index, entry in enumerate(entries)]
        answer = self._call("SendMessage", lambda url: self.client.send_message_batch(QueueUrl=url, Entries=numbered))
        failures = _failures(answer, len(entries))
        lost = {failure.index for failure in failures}
        confirmed = _by_index(answer, "Successful", len(entries))
        return {index: str(confirmed[index].get("MessageId", "")) for index in confirmed if index not in lost}, failures

    def receive(self, count: int, wait: float, visibility_timeout: float) -> list[dict[str, Any]]:
        """Up to `count` messages (sqs:ReceiveMessage), waiting up to `wait` whole seconds for the first."""
        answer = self._call(
            "ReceiveMessage",
            lambda url: self.client.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=min(count, BATCH),
                WaitTimeSeconds=min(int(wait), MAX_WAIT_SECS),
                VisibilityTimeout=int(visibility_timeout),
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            ),
        )
        # Half a message could be neither run nor deleted. It comes back when its visibility timeout ends.
        return [raw for raw in answer.get("Messages", ()) if raw.get("MessageId") and raw.get("ReceiptHandle")]

    def delete_batch(self, handles: Sequence[str]) -> list[EntryFailure]:
        """Delete up to ten received messages (sqs:DeleteMessage). Returns the failures."""
        answer = self._call(
            "DeleteMessage",
            lambda url: self.client.delete_message_batch(
                QueueUrl=url,
                Entries=[{"Id": str(index), "ReceiptHandle": handle} for index, handle in enumerate(handles)],
            ),
        )
        return _failures(answer, len(handles))

    def change_visibility_batch(self, changes: Sequence[tuple[str, float]]) -> list[EntryFailure]:
        """Make up to ten received messages, given as (handle, seconds), visible in that time from now
        (sqs:ChangeMessageVisibility). Returns the failures."""
        answer = self._call(
            "ChangeMessageVisibility",
            lambda url: self.client.change_message_visibility_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": int(seconds)}
                    for index, (handle, seconds) in enumerate(changes)
                ],
            ),
        )
        return _failures(answer, len(changes))

    # --- how calls are made

    def _translated(self, action: str) -> Any:
        return translated(action, self.name, self.connection.endpoint_url)

    def _call(self, action: str, ask: Callable[[str], Any]) -> Any:
        try:
            return self._ask(action, ask)
        except QueueMissing:
            # Deleted since we asked for its address. Look again, which creates it where that is allowed.
            _urls.pop((self.connection, self.name), None)
            if self.create_attributes is None:
                raise
            return self._ask(action, ask)

    def _ask(self, action: str, ask: Callable[[str], Any]) -> Any:
        url = self.url()
        try:
            return ask(url)
        except Exception as error:
            # Not the context manager: this is called for every request, and that would cost a percent of it.
            raise translation(error, action, self.name, self.connection.endpoint_url) from error


def _address(answer: Mapping[str, Any]) -> str:
    url = answer["QueueUrl"]
    if not isinstance(url, str) or not url:
        raise ValueError(f"QueueUrl is {url!r}")
    return url


def _failures(answer: Mapping[str, Any], total: int) -> list[EntryFailure]:
    refused = _by_index(answer, "Failed", total)
    failures = [
        EntryFailure(
            index=index,
            code=str(entry.get("Code", "")),
            message=str(entry.get("Message", "")),
            permanent=bool(entry.get("SenderFault", False)),
        )
        for index, entry in refused.items()
    ]
    # An entry that is in neither list was not confirmed: never take silence for success.
    told = refused.keys() | _by_index(answer, "Successful", total).keys()
    failures += [
        EntryFailure(index=index, code="NotConfirmed", message="SQS did not mention this entry", permanent=False)
        for index in range(total)
        if index not in told
    ]
    return failures


def _by_index(answer: Mapping[str, Any], kind: str, total: int) -> dict[int, Mapping[str, Any]]:
    """The entries of a batch's answer by the number that we gave them; those that we did not send are left out."""
    numbers = {str(index): index for index in range(total)}
    entries = {numbers.get(entry.get("Id", "")): entry for entry in answer.get(kind, ())}
    return {index: entry for index, entry in entries.items() if index is not None}
