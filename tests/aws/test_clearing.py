"""Emptying a queue by receiving and deleting."""

from __future__ import annotations

from typing import Any

import pytest

from django_sqs import register
from django_sqs.aws.clearing import clear_queue, delete_all_queues
from django_sqs.aws.client import Connection
from django_sqs.aws.physical_queue import PhysicalQueue
from django_sqs.exceptions import AWSError, EndpointUnreachable, QueueMissing

pytestmark = pytest.mark.usefixtures("aws", "own_queues")


def test_it_deletes_all_that_is_visible_and_counts_what_is_left() -> None:
    queue = register("letters")
    queue.send_many({"body": str(number)} for number in range(33))
    queue.send(body="later", delay=600)
    assert len(queue.physical().receive(3, 0, 60)) == 3
    counted: list[int] = []
    cleared = clear_queue(queue.physical(), counted.append)
    assert (cleared.deleted, cleared.in_flight, cleared.delayed) == (30, 3, 1)
    assert sum(counted) == 30


def test_an_empty_queue_is_empty() -> None:
    cleared = clear_queue(register("letters").physical())
    assert (cleared.deleted, cleared.in_flight) == (0, 0)


def test_a_missing_queue_is_told_of(settings: Any) -> None:
    settings.SQS_CREATE_QUEUES = False
    with pytest.raises(QueueMissing):
        clear_queue(register("letters").physical())


def test_a_failure_of_one_worker_ends_them_all(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = register("letters")
    queue.send_many({"body": str(number)} for number in range(40))
    deleted = PhysicalQueue.delete_batch

    def refuse(self: PhysicalQueue, handles: Any) -> Any:
        monkeypatch.setattr(PhysicalQueue, "delete_batch", deleted)
        raise AWSError(action="DeleteMessage", detail="no")

    monkeypatch.setattr(PhysicalQueue, "delete_batch", refuse)
    with pytest.raises(AWSError, match="could not do DeleteMessage: no"):
        clear_queue(queue.physical())


def test_every_queue_at_a_server_is_deleted() -> None:
    queues = [register(name) for name in ("letters", "notes", "orders.fifo")]
    for queue in queues:
        queue.create()
    delete_all_queues(Connection.from_settings())
    assert [queue.ping() for queue in queues] == [False, False, False]
    delete_all_queues(Connection.from_settings())


def test_a_server_that_is_not_there_is_told_of() -> None:
    with pytest.raises(EndpointUnreachable):
        delete_all_queues(Connection(region="us-east-1", endpoint_url="http://127.0.0.1:9"))
