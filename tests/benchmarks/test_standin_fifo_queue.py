"""The stand-in's FIFO queue: what a group blocks, deduplication, and expired handles."""

from __future__ import annotations

import json

import pytest

from benchmarks.standin.message import Draft
from benchmarks.standin.queue import Queue
from benchmarks.standin.store import Store
from tests.benchmarks.support import FakeClock, bodies, refusal, send


@pytest.fixture
def queue(store: Store) -> Queue:
    return store.create("orders.fifo", {"FifoQueue": "true"})


def handles(queue: Queue, limit: int) -> dict[str, str]:
    """Receive; the handle of each body."""
    return {message.body: queue.handle_of(message) for message in queue.receive(limit)}


def test_one_receive_takes_what_a_group_has_before_it_turns_to_the_next(queue: Queue) -> None:
    send(queue, "a1", group="a")
    send(queue, "b1", group="b")
    send(queue, "a2", "a3", group="a")

    assert bodies(queue.receive(10)) == ["a1", "a2", "a3", "b1"]


def test_a_message_in_flight_blocks_those_after_it_in_its_group_only(queue: Queue) -> None:
    send(queue, "a1", "a2", "a3", group="a")
    send(queue, "b1", group="b")
    first = handles(queue, 2)
    assert list(first) == ["a1", "a2"]

    assert bodies(queue.receive(10)) == ["b1"]
    queue.delete(first["a1"])
    assert queue.receive(10) == [], "a2 is still in flight"
    queue.delete(first["a2"])
    assert bodies(queue.receive(10)) == ["a3"]


def test_a_message_before_one_in_flight_is_not_blocked_by_it(queue: Queue) -> None:
    send(queue, "a1", "a2", group="a")
    send(queue, "b1", group="b")
    first = handles(queue, 2)

    queue.change_visibility(first["a1"], 0)

    assert bodies(queue.receive(3)) == ["b1", "a1"], "a2 is in flight, and the group went to the end of the line"


def test_a_message_that_comes_back_alone_blocks_what_follows_until_it_is_settled(
    queue: Queue, clock: FakeClock
) -> None:
    send(queue, "a1", "a2", "a3", group="a")
    first = handles(queue, 2)
    queue.change_visibility(first["a1"], 5)
    queue.change_visibility(first["a2"], 0)

    assert queue.receive(10) == [], "a1 is invisible: a2 must not overtake it"
    clock.advance(5)
    assert bodies(queue.receive(10)) == ["a1", "a2", "a3"]


def test_groups_are_served_in_turn(queue: Queue) -> None:
    send(queue, "a1", group="a")
    send(queue, "b1", "b2", group="b")
    send(queue, "c1", group="c")
    send(queue, "a2", group="a")

    assert bodies(queue.receive(3, 0)) == ["a1", "a2", "b1"]
    assert bodies(queue.receive(10, 0)) == ["c1", "a1", "a2", "b1", "b2"]


def test_a_group_is_in_order_again_after_its_timeout(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a1", "a2", "a3", group="a")
    queue.receive(2)
    clock.advance(30)

    assert bodies(queue.receive(10)) == ["a1", "a2", "a3"]


def test_new_messages_wait_behind_those_in_flight(queue: Queue) -> None:
    send(queue, "a1", group="a")
    first = handles(queue, 1)
    send(queue, "a2", group="a")

    assert queue.receive(10) == []
    assert (queue.visible, queue.in_flight) == (1, 1), "SQS counts what is only blocked as available"
    queue.delete(first["a1"])
    assert bodies(queue.receive(10)) == ["a2"]


def test_an_expired_handle_cannot_delete_nor_extend(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a1", group="a")
    handle = handles(queue, 1)["a1"]
    clock.advance(30)

    for error in (refusal(queue, "delete", handle), refusal(queue, "change_visibility", handle, 30)):
        assert error.code == "InvalidParameterValue"
        assert error.entry_code == "ReceiptHandleIsInvalid"
        assert error.message.startswith(f"Value {handle} for parameter ReceiptHandle is invalid.")
        assert error.message.endswith("Reason: The receipt handle has expired.")
    assert bodies(queue.receive(1)) == ["a1"]
    assert refusal(queue, "delete", handle).code == "InvalidParameterValue", "received again by another"
    assert queue.in_flight == 1


def test_deleting_twice_succeeds(queue: Queue) -> None:
    send(queue, "a1", group="a")
    handle = handles(queue, 1)["a1"]

    queue.delete(handle)
    queue.delete(handle)

    assert queue.tally.deleted == 1


def test_the_delay_of_the_queue_keeps_the_order(store: Store, clock: FakeClock) -> None:
    queue = store.create("late.fifo", {"FifoQueue": "true", "DelaySeconds": "10"})
    send(queue, "a1", group="a")
    clock.advance(5)
    send(queue, "a2", group="a")

    assert queue.receive(10) == []
    clock.advance(5)
    assert bodies(queue.receive(10)) == ["a1"]
    clock.advance(5)
    assert queue.receive(10) == [], "a1 is in flight"


def test_a_message_cannot_have_a_delay_of_its_own(queue: Queue) -> None:
    error = refusal(queue, "send", Draft("a", delay=2, group_id="a", deduplication_id="1"))

    assert error.message == (
        "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter "
        "that is not valid for this queue type."
    )
    queue.send(Draft("a", delay=0, group_id="a", deduplication_id="1"))


def test_a_group_is_required_and_so_is_a_deduplication_id(queue: Queue) -> None:
    assert refusal(queue, "send", Draft("a", deduplication_id="1")).code == "MissingParameter"
    assert "ContentBasedDeduplication" in refusal(queue, "send", Draft("a", group_id="a")).message


def test_a_deduplication_id_is_remembered_for_five_minutes_even_after_a_delete(queue: Queue, clock: FakeClock) -> None:
    first = queue.send(Draft("x", group_id="a", deduplication_id="1"))
    queue.delete(handles(queue, 1)["x"])
    clock.advance(299)

    again = queue.send(Draft("y", group_id="b", deduplication_id="1"))

    assert (again.id, again.sequence_number) == (first.id, first.sequence_number)
    assert queue.receive(10) == []
    assert queue.tally.deduplicated == 1
    clock.advance(1)
    assert queue.send(Draft("y", group_id="b", deduplication_id="1")).id != first.id
    assert bodies(queue.receive(10)) == ["y"]


def test_content_makes_the_deduplication_id_where_the_queue_says_so(store: Store) -> None:
    queue = store.create("content.fifo", {"FifoQueue": "true", "ContentBasedDeduplication": "true"})
    for body in ("x", "x", "y"):
        queue.send(Draft(body, group_id="a"))
    queue.send(Draft("x", group_id="a", deduplication_id="own"))

    assert bodies(queue.receive(10)) == ["x", "y", "x"]


def test_deduplication_can_be_by_group(store: Store) -> None:
    queue = store.create("scoped.fifo", {"FifoQueue": "true", "DeduplicationScope": "messageGroup"})
    for group in ("a", "b", "a"):
        queue.send(Draft(group, group_id=group, deduplication_id="1"))

    assert bodies(queue.receive(10)) == ["a", "b"]


def test_sequence_numbers_grow(queue: Queue) -> None:
    numbers = [queue.send(Draft(body, group_id="a", deduplication_id=body)).sequence_number for body in "abc"]

    assert all(number is not None and len(number) == 20 for number in numbers)
    assert numbers == sorted(numbers, key=lambda number: int(number or 0))


def test_too_many_messages_in_flight_look_like_an_empty_queue(store: Store, queue: Queue) -> None:
    store.limits.fifo_in_flight = 2
    send(queue, "a1", "a2", "a3", group="a")
    send(queue, "b1", group="b")
    first = handles(queue, 10)
    assert list(first) == ["a1", "a2"]

    assert queue.receive(10) == []
    queue.delete(first["a1"])
    assert bodies(queue.receive(10)) == ["b1"]


def test_messages_received_too_often_leave_and_the_group_goes_on(store: Store, clock: FakeClock) -> None:
    dead = store.create("dead.fifo", {"FifoQueue": "true"})
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    queue = store.create("work.fifo", {"FifoQueue": "true", "RedrivePolicy": policy})
    send(queue, "a1", "a2", group="a")
    queue.receive(2)
    clock.advance(30)
    send(queue, "a3", "a4", group="a")

    assert bodies(queue.receive(1)) == ["a3"], "one answer must not hold a message twice"
    assert bodies(dead.receive(10)) == ["a1", "a2"]
    assert queue.receive(10) == [], "a3 blocks a4"


def test_a_purge_frees_the_groups(store: Store, queue: Queue) -> None:
    send(queue, "a1", "a2", group="a")
    queue.receive(1)

    store.purge(queue)
    send(queue, "a9", group="a")

    assert bodies(queue.receive(10)) == ["a9"]


def test_a_deep_group_is_drained_in_order(queue: Queue) -> None:
    send(queue, *map(str, range(20_000)), group="a")
    seen: list[str] = []

    while received := queue.receive(10):
        seen += bodies(received)
        for message in received:
            queue.delete(queue.handle_of(message))

    assert seen == list(map(str, range(20_000)))
