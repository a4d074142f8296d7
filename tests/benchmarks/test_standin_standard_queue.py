"""The stand-in's standard queue: visibility, handles, delays, redrive and limits."""

from __future__ import annotations

import json

import pytest

from benchmarks.standin.queue import Queue
from benchmarks.standin.store import Store
from tests.benchmarks.support import FakeClock, bodies, refusal, send


@pytest.fixture
def queue(store: Store) -> Queue:
    return store.create("orders", {"VisibilityTimeout": "30"})


def counts(queue: Queue) -> tuple[int, int, int]:
    queue.advance()
    return queue.visible, queue.in_flight, queue.delayed


def test_messages_come_in_the_order_sent_and_are_hidden_once_received(queue: Queue) -> None:
    send(queue, "a", "b", "c")

    assert bodies(queue.receive(2)) == ["a", "b"]
    assert bodies(queue.receive(10)) == ["c"]
    assert queue.receive(10) == []
    assert counts(queue) == (0, 3, 0)


def test_a_message_is_received_again_when_its_visibility_timeout_is_over(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a", "b")
    first = queue.receive(1)[0]
    handle = queue.handle_of(first)
    clock.advance(29.9)
    assert bodies(queue.receive(1)) == ["b"]

    clock.advance(0.1)
    again = queue.receive(10)

    assert bodies(again) == ["a"]
    assert again[0].receive_count == 2
    assert again[0].id == first.id
    assert queue.handle_of(again[0]) != handle
    assert queue.tally.redelivered_after_timeout == 1


def test_a_message_that_comes_back_goes_before_those_sent_after_it(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a", "b", "c", "d")
    handles = [queue.handle_of(message) for message in queue.receive(2)]

    for handle in reversed(handles):
        queue.change_visibility(handle, 0)

    assert bodies(queue.receive(10)) == ["a", "b", "c", "d"]
    assert queue.tally.redelivered_after_release == 2
    assert queue.tally.redelivered_after_timeout == 0


def test_a_visibility_change_counts_from_now(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])
    clock.advance(20)
    queue.change_visibility(handle, 30)

    clock.advance(29)
    assert queue.receive(1) == []
    clock.advance(1)
    assert bodies(queue.receive(1)) == ["a"]


def test_a_visibility_can_be_cut_short(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    queue.change_visibility(queue.handle_of(queue.receive(1)[0]), 5)

    clock.advance(5)

    assert bodies(queue.receive(1)) == ["a"]
    clock.advance(25)
    assert counts(queue) == (0, 1, 0), "the first timeout, which is over now, must not show it"


def test_a_receive_with_visibility_zero_leaves_the_message_visible(queue: Queue) -> None:
    send(queue, "a", "b")

    assert bodies(queue.receive(10, 0)) == ["a", "b"]
    assert counts(queue) == (2, 0, 0)
    assert bodies(queue.receive(10)) == ["a", "b"]


def test_a_deleted_message_never_comes_back(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])

    queue.delete(handle)
    queue.delete(handle)

    clock.advance(31)
    assert queue.receive(1) == []
    assert counts(queue) == (0, 0, 0)
    assert (queue.tally.deleted, queue.tally.stale_deletes) == (1, 1)


def test_an_expired_handle_deletes_as_long_as_nobody_received_the_message_again(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])
    clock.advance(31)
    assert counts(queue) == (1, 0, 0)

    queue.delete(handle)

    assert queue.receive(1) == []
    assert counts(queue) == (0, 0, 0)


def test_the_handle_of_an_earlier_receive_succeeds_in_deleting_nothing(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])
    clock.advance(31)
    queue.receive(1)

    queue.delete(handle)

    assert counts(queue) == (0, 1, 0)
    assert queue.tally.stale_deletes == 1


def test_a_visibility_change_is_refused_once_the_message_is_visible_again(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])
    clock.advance(31)

    assert refusal(queue, "change_visibility", handle, 30).code == "MessageNotInflight"
    queue.receive(1)
    received_again = refusal(queue, "change_visibility", handle, 30)
    assert (received_again.code, received_again.entry_code) == ("InvalidParameterValue", "ReceiptHandleIsInvalid")


def test_a_visibility_change_of_a_visible_message_can_be_made_to_succeed_without_effect(
    store: Store, queue: Queue, clock: FakeClock
) -> None:
    store.limits.accept_expired_change = True
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])
    clock.advance(31)

    queue.change_visibility(handle, 30)

    assert bodies(queue.receive(1)) == ["a"]


def test_a_visibility_change_of_a_deleted_message_is_refused(queue: Queue) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1)[0])
    queue.delete(handle)

    error = refusal(queue, "change_visibility", handle, 30)

    assert "does not exist or is not available" in error.message
    assert error.as_entry("1")["Code"] == "ReceiptHandleIsInvalid"
    assert error.as_entry("1")["SenderFault"] is True


@pytest.mark.parametrize("handle", ["", "INVALID", "AQEBx-0-1-tail", "AQEB-a-b-c"])
def test_a_handle_that_was_never_given_out_is_refused(queue: Queue, handle: str) -> None:
    assert refusal(queue, "delete", handle).code == "ReceiptHandleIsInvalid"
    assert refusal(queue, "change_visibility", handle, 1).code == "ReceiptHandleIsInvalid"


def test_a_handle_of_another_queue_is_refused(store: Store, queue: Queue) -> None:
    other = store.create("other", {})
    send(other, "a")
    handle = other.handle_of(other.receive(1)[0])

    assert refusal(queue, "delete", handle).code == "ReceiptHandleIsInvalid"


def test_no_receive_holds_a_message_for_more_than_12_hours(queue: Queue, clock: FakeClock) -> None:
    send(queue, "a")
    handle = queue.handle_of(queue.receive(1, 43_200)[0])
    clock.advance(43_000)

    error = refusal(queue, "change_visibility", handle, 201)
    assert error.code == "InvalidParameterValue"
    assert "beyond the limit" in error.message
    queue.change_visibility(handle, 200)

    clock.advance(201)
    assert refusal(queue, "delete", handle).message.endswith("The receipt handle has expired.")


def test_a_delay_of_the_message_goes_before_that_of_the_queue(store: Store, clock: FakeClock) -> None:
    queue = store.create("late", {"DelaySeconds": "10"})
    send(queue, "queue's")
    send(queue, "none", delay=0)
    send(queue, "own", delay=20)
    assert counts(queue) == (1, 0, 2)

    assert bodies(queue.receive(10)) == ["none"]
    clock.advance(10)
    assert bodies(queue.receive(10)) == ["queue's"]
    clock.advance(10)
    assert bodies(queue.receive(10)) == ["own"]
    assert queue.tally.redelivered_after_timeout == 0


def test_the_receive_beyond_the_limit_moves_the_message_to_the_dead_letter_queue(
    store: Store, clock: FakeClock
) -> None:
    dead = store.create("dead", {})
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": "2"})
    queue = store.create("work", {"RedrivePolicy": policy, "VisibilityTimeout": "1"})
    send(queue, "poison", "good")
    sent_at = clock.now
    for _ in range(2):
        message = queue.receive(1)[0]
        assert message.body == "poison"
        clock.advance(1)
    assert counts(dead) == (0, 0, 0), "not before somebody asks for it once more"

    assert bodies(queue.receive(10)) == ["good"]

    moved = dead.receive(1)[0]
    assert (moved.body, moved.id, moved.receive_count) == ("poison", message.id, 3)
    assert (moved.sent_at, moved.source_arn) == (sent_at, queue.arn)
    assert queue.tally.dead_lettered == 1


def test_a_message_outlives_a_dead_letter_queue_that_was_deleted(store: Store, clock: FakeClock) -> None:
    dead = store.create("dead", {})
    policy = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 1})
    queue = store.create("work", {"RedrivePolicy": policy, "VisibilityTimeout": "1"})
    store.delete(dead)
    send(queue, "a")
    queue.receive(1)
    clock.advance(1)

    assert bodies(queue.receive(1)) == ["a"]


def test_too_many_messages_in_flight_refuse_short_polls_and_silence_long_ones(store: Store, queue: Queue) -> None:
    store.limits.in_flight = 3
    send(queue, "a", "b", "c", "d")

    taken = queue.receive(10)

    assert bodies(taken) == ["a", "b", "c"], "no more than the limit allows"
    assert refusal(queue, "receive", 1).code == "OverLimit"
    assert queue.receive(1, waiting=True) == []
    queue.delete(queue.handle_of(taken[0]))
    assert bodies(queue.receive(1)) == ["d"]


def test_messages_older_than_the_retention_period_are_gone(store: Store, clock: FakeClock) -> None:
    queue = store.create("short", {"MessageRetentionPeriod": "60"})
    send(queue, "old")
    clock.advance(59)
    send(queue, "new")
    clock.advance(1)

    assert bodies(queue.receive(10)) == ["new"]
    assert queue.tally.retired == 1


def test_a_purge_takes_messages_in_every_state(store: Store, queue: Queue, clock: FakeClock) -> None:
    send(queue, "in flight", "visible")
    send(queue, "delayed", delay=5)
    handle = queue.handle_of(queue.receive(1)[0])

    store.purge(queue)
    send(queue, "after")

    clock.advance(60)
    assert bodies(queue.receive(10)) == ["after"]
    queue.delete(handle)
    assert counts(queue) == (0, 1, 0)


def test_messages_extended_a_thousand_times_leave_no_trace(queue: Queue, clock: FakeClock) -> None:
    assert queue.next_change() is None
    send(queue, *map(str, range(10)))
    handles = [queue.handle_of(message) for message in queue.receive(10)]
    assert queue.next_change() == clock.now + 30

    for _ in range(1000):
        clock.advance(1)
        for handle in handles:
            queue.change_visibility(handle, 3600)

    assert len(queue._hidden) < 2_000
    clock.advance(3599)
    assert counts(queue) == (0, 10, 0)
    clock.advance(1)
    assert counts(queue) == (10, 0, 0)
