"""The actions of SQS on queues and attributes: from the parameters of a request to its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.standin import errors, parameters
from benchmarks.standin.message import new_id
from benchmarks.standin.message_actions import LongPoll, MessageActions
from benchmarks.standin.parameters import JSON
from benchmarks.standin.store import ACCOUNT, Store

Answer = JSON | LongPoll


class Actions:
    """Every action by its name, over one store."""

    def __init__(self, store: Store, messages: MessageActions) -> None:
        self.store = store
        #: How clients reach this server; it is the first part of every queue URL.
        self.base_url = "http://127.0.0.1"
        self._move_tasks: dict[str, list[JSON]] = {}
        self._table: dict[str, Callable[[JSON], Answer]] = {
            "CreateQueue": self.create_queue,
            "DeleteQueue": self.delete_queue,
            "GetQueueAttributes": self.get_queue_attributes,
            "GetQueueUrl": self.get_queue_url,
            "ListDeadLetterSourceQueues": self.list_dead_letter_source_queues,
            "ListMessageMoveTasks": self.list_message_move_tasks,
            "ListQueueTags": self.list_queue_tags,
            "ListQueues": self.list_queues,
            "PurgeQueue": self.purge_queue,
            "SetQueueAttributes": self.set_queue_attributes,
            "StartMessageMoveTask": self.start_message_move_task,
            "TagQueue": self.tag_queue,
            "UntagQueue": self.untag_queue,
            **messages.table(),
        }

    def names(self) -> list[str]:
        """Every action that perform() knows."""
        return sorted(self._table)

    def perform(self, action: str, request: JSON) -> Answer:
        """Carry out one action; raises SQSError where it is refused."""
        handler = self._table.get(action)
        if handler is None:
            raise errors.SQSError("InvalidAction", f"The stand-in does not know the action {action}.")
        return handler(request)

    def _url(self, name: str) -> str:
        return f"{self.base_url}/{ACCOUNT}/{name}"

    def create_queue(self, request: JSON) -> JSON:
        name = parameters.text(request, "QueueName")
        attributes = parameters.mapping(request, "Attributes")
        self.store.create(name, attributes, parameters.mapping(request, "tags"))
        return {"QueueUrl": self._url(name)}

    def get_queue_url(self, request: JSON) -> JSON:
        return {"QueueUrl": self._url(self.store.by_name(parameters.text(request, "QueueName")).name)}

    def list_queues(self, request: JSON) -> JSON:
        prefix = request.get("QueueNamePrefix") or ""
        names = sorted(name for name in self.store.queues if name.startswith(prefix))
        return self._page("QueueUrls", names, request)

    def list_dead_letter_source_queues(self, request: JSON) -> JSON:
        queue = self.store.by_url(parameters.text(request, "QueueUrl"))
        # In this one answer of the service the name starts with a small letter.
        return self._page("queueUrls", sorted(source.name for source in self.store.sources_of(queue)), request)

    def _page(self, key: str, names: list[str], request: JSON) -> JSON:
        """One page of queue URLs. SQS pages only where MaxResults was given."""
        start = int(request.get("NextToken") or 0)
        size = parameters.number(request, "MaxResults", 1, 1000, None)
        page = names[start : start + (size or 1000)]
        answer: JSON = {key: [self._url(name) for name in page]} if page or key == "queueUrls" else {}
        if size is not None and start + size < len(names):
            answer["NextToken"] = str(start + size)
        return answer

    def delete_queue(self, request: JSON) -> JSON:
        self.store.delete(self.store.by_url(parameters.text(request, "QueueUrl")))
        return {}

    def purge_queue(self, request: JSON) -> JSON:
        self.store.purge(self.store.by_url(parameters.text(request, "QueueUrl")))
        return {}

    def get_queue_attributes(self, request: JSON) -> JSON:
        queue = self.store.by_url(parameters.text(request, "QueueUrl"))
        values = self.store.describe(queue, parameters.names(request, "AttributeNames"))
        return {"Attributes": values} if values else {}

    def set_queue_attributes(self, request: JSON) -> JSON:
        queue = self.store.by_url(parameters.text(request, "QueueUrl"))
        attributes = parameters.mapping(request, "Attributes")
        if not attributes:
            raise errors.missing("Attribute.Name")
        self.store.set_attributes(queue, attributes)
        return {}

    def tag_queue(self, request: JSON) -> JSON:
        queue = self.store.by_url(parameters.text(request, "QueueUrl"))
        queue.tags.update(parameters.mapping(request, "Tags"))
        return {}

    def untag_queue(self, request: JSON) -> JSON:
        queue = self.store.by_url(parameters.text(request, "QueueUrl"))
        for name in parameters.names(request, "TagKeys"):
            queue.tags.pop(name, None)
        return {}

    def list_queue_tags(self, request: JSON) -> JSON:
        queue = self.store.by_url(parameters.text(request, "QueueUrl"))
        return {"Tags": queue.tags} if queue.tags else {}

    def start_message_move_task(self, request: JSON) -> JSON:
        """Move the messages of a dead-letter queue at once: the task is over when it is answered."""
        arn = parameters.text(request, "SourceArn")
        source = self.store.by_arn(arn)
        if source is None:
            raise _no_resource("The resource that you specified for the SourceArn parameter doesn't exist.")
        if not self.store.sources_of(source):
            raise errors.SQSError("InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.")
        destination = None
        if destination_arn := request.get("DestinationArn"):
            destination = self.store.by_arn(destination_arn)
            if destination is None:
                raise _no_resource("The resource that you specified for the DestinationArn parameter doesn't exist.")
        started_at = self.store.clock()
        moved = self.store.move_all(source, destination)
        task: dict[str, Any] = {
            "Status": "COMPLETED",
            "SourceArn": arn,
            "ApproximateNumberOfMessagesMoved": moved,
            "ApproximateNumberOfMessagesToMove": moved,
            "StartedTimestamp": int(started_at * 1000),
        }
        if destination_arn:
            task["DestinationArn"] = destination_arn
        self._move_tasks.setdefault(arn, []).insert(0, task)
        return {"TaskHandle": new_id()}

    def list_message_move_tasks(self, request: JSON) -> JSON:
        arn = parameters.text(request, "SourceArn")
        count = parameters.number(request, "MaxResults", 1, 10, 1)
        return {"Results": self._move_tasks.get(arn, [])[:count]}

    def forget_move_tasks(self) -> None:
        self._move_tasks.clear()


def _no_resource(message: str) -> errors.SQSError:
    return errors.SQSError("ResourceNotFoundException", message)
