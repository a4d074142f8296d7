"""What a clear counts, and how it ends, against a queue that does what SQS does only now and then."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from django_sqs.aws import clearing
from django_sqs.aws.clearing import Cleared, clear_queue
from django_sqs.aws.physical_queue import EntryFailure
from django_sqs.exceptions import AccessDenied


class FakeQueue:
    """A queue that hands out these batches of message ids."""

    def __init__(self, *batches: list[str]) -> None:
        self.batches = list(batches)
        self.lock = threading.Lock()
        self.undeletable: set[str] = set()
        self.deleted: list[str] = []

    def url(self) -> str:
        return "http://queue"

    def receive(self, count: int, wait: float, visibility_timeout: float) -> list[dict[str, Any]]:
        with self.lock:
            batch = self.batches.pop(0) if self.batches else []
        return [{"MessageId": one, "ReceiptHandle": f"handle of {one}"} for one in batch]

    def delete_batch(self, handles: list[str]) -> list[EntryFailure]:
        ids = [handle.removeprefix("handle of ") for handle in handles]
        with self.lock:
            self.deleted += [one for one in ids if one not in self.undeletable]
        return [
            EntryFailure(index=index, code="x", message="", permanent=False)
            for index, one in enumerate(ids)
            if one in self.undeletable
        ]

    def attributes(self, *names: str) -> dict[str, str]:
        return {"ApproximateNumberOfMessagesNotVisible": "4", "ApproximateNumberOfMessagesDelayed": "5"}


def clear(queue: Any, progress: Any = None) -> Cleared:
    return clear_queue(queue, progress)


def test_progress_is_told_by_batches_that_add_up() -> None:
    queue = FakeQueue(["a", "b"], ["c"], ["d", "e", "f"])
    counts: list[int] = []
    assert clear(queue, counts.append) == Cleared(deleted=6, in_flight=4, delayed=5)
    assert sorted(queue.deleted) == list("abcdef")
    assert sorted(counts) == [1, 2, 3]


def test_a_message_that_comes_twice_is_counted_once() -> None:
    queue = FakeQueue(["a", "b"], ["b", "c"], ["a"])
    assert clear(queue).deleted == 3
    assert sorted(queue.deleted) == list("aabbc")


def test_only_so_many_ids_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clearing, "_REMEMBERED", 3)
    seen = clearing._Seen()
    assert [seen.count_new([one]) for one in "abcd"] == [1, 1, 1, 1]
    assert list(seen._ids) == list("bcd")
    assert seen.count_new(list("bcd")) == 0


def test_what_could_not_be_deleted_is_not_counted() -> None:
    queue = FakeQueue(["a", "b", "c"])
    queue.undeletable = {"b"}
    assert clear(queue).deleted == 2


def test_a_failure_ends_it_without_emptying_the_queue_first() -> None:
    denied = threading.Event()

    class Long(FakeQueue):
        def receive(self, *args: Any) -> list[dict[str, Any]]:
            if not denied.is_set():
                denied.set()
                raise AccessDenied(action="ReceiveMessage", queue="q", detail="no")
            return super().receive(*args)

    queue = Long(*[[f"m{number}"] for number in range(200_000)])
    with pytest.raises(AccessDenied):
        clear(queue)
    assert queue.batches
