"""How a receiver process ends: in order, in a hurry, or broken."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from django_sqs.message import Message
from django_sqs.receiving.receiver import BROKEN, CUT_SHORT, DRAINED, TIMED_OUT
from tests.receiving.support import FakeQueue, Gate, actions, eventually, never, raw

if TYPE_CHECKING:
    pass
from tests.receiving.process import Blocking, Starting

# --- draining


def test_a_drain_releases_what_has_not_started_and_finishes_what_runs(
    making: Starting, physical: FakeQueue, blocking: Blocking
) -> None:
    process = making(blocking, concurrency=1)
    physical.answer("receive", [raw("a"), raw("b"), raw("c")])
    process.start()
    eventually(lambda: blocking.started == ["a"])
    process.order("drain 30")
    eventually(lambda: sorted(process.released) == ["b", "c"])
    never(lambda: process.status is not None, 0.05)
    blocking.open.set()
    assert process.ended() == DRAINED
    assert process.deleted == ["a"]
    assert blocking.started == ["a"]


def test_a_poll_in_flight_is_awaited_and_what_it_brings_is_released(making: Starting, physical: FakeQueue) -> None:
    got: list[object] = []
    process = making(got.append)
    poll = Gate([raw("late")])
    physical.answer("receive", poll)
    process.start()
    assert poll.reached.wait(5)
    process.order("drain 30")
    never(lambda: process.status is not None, 0.05)
    poll.open.set()
    assert process.ended() == DRAINED
    assert process.released == ["late"]
    assert got == []
    assert len(physical.made("receive")) == 1, "no new polls"


def test_what_still_runs_near_the_deadline_is_released_and_nobody_waits_for_it(
    making: Starting, physical: FakeQueue, blocking: Blocking, caplog: pytest.LogCaptureFixture
) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: blocking.started)
    started = time.monotonic()
    process.order("drain 0.5")
    assert process.ended() == CUT_SHORT
    assert 0.25 < time.monotonic() - started < 0.6
    assert process.released == ["a"]
    assert actions(caplog.records) == ["cut_short"]
    blocking.open.set()
    never(lambda: process.deleted, 0.05)


def test_the_grace_of_the_job_is_that_of_a_drain_that_names_none(
    making: Starting, physical: FakeQueue, blocking: Blocking
) -> None:
    process = making(blocking, job={"grace": 0.3})
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: blocking.started)
    process.ours.close()
    assert process.ended() == CUT_SHORT


def test_a_receiver_whose_supervisor_is_gone_drains(
    making: Starting, physical: FakeQueue, blocking: Blocking, caplog: pytest.LogCaptureFixture
) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: blocking.started)
    process.ours.close()
    eventually(lambda: "orphaned" in actions(caplog.records))
    blocking.open.set()
    assert process.ended() == DRAINED
    assert process.deleted == ["a"]


def test_an_order_to_stop_releases_what_runs_at_once(making: Starting, physical: FakeQueue, blocking: Blocking) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a"), raw("b")])
    process.start()
    eventually(lambda: blocking.started)
    process.order("stop")
    assert process.ended() == CUT_SHORT
    assert sorted(process.released) == ["a", "b"]


def test_a_drain_is_cut_short_by_an_order_to_stop(making: Starting, physical: FakeQueue, blocking: Blocking) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: blocking.started)
    process.order("drain 60")
    eventually(lambda: process.receiver.holdings.closed)
    process.order("stop")
    assert process.ended() == CUT_SHORT
    assert process.released == ["a"]


def test_what_is_decided_already_is_not_cut_short(making: Starting, physical: FakeQueue, blocking: Blocking) -> None:
    process = making(blocking)
    delete = Gate([])
    physical.answer("receive", [raw("a", body="quick")])
    physical.answer("delete", delete)
    process.start()
    assert delete.reached.wait(5)
    process.order("stop")
    never(lambda: process.status is not None, 0.05)
    delete.open.set()
    assert process.ended() == DRAINED
    assert process.released == []


def test_where_sqs_does_not_confirm_in_time_that_is_a_cut(making: Starting, physical: FakeQueue) -> None:
    process = making()
    delete = Gate([])
    physical.answer("receive", [raw("a")])
    physical.answer("delete", delete)
    process.start()
    assert delete.reached.wait(5)
    process.order("stop")
    assert process.ended() == CUT_SHORT
    delete.open.set()


def test_a_drain_gives_signs_of_life(making: Starting, physical: FakeQueue, blocking: Blocking) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: blocking.started)
    process.order("drain 30")
    eventually(lambda: process.receiver.holdings.closed)
    before = len(process.said)
    eventually(lambda: len(process.said) > before + 3)


# --- finishing


def test_when_the_limit_is_reached_what_is_held_is_run_and_nothing_more_received(
    making: Starting, physical: FakeQueue, blocking: Blocking
) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a"), raw("b")])
    process.start()
    eventually(lambda: blocking.started)
    process.order("finish")
    eventually(lambda: process.receiver.holdings.ending)
    polls = len(physical.made("receive"))
    blocking.open.set()
    assert process.ended() == DRAINED
    assert process.deleted == ["a", "b"]
    assert process.released == []
    assert len(physical.made("receive")) <= polls + 1


def test_a_signal_while_it_finishes_drains(making: Starting, physical: FakeQueue, blocking: Blocking) -> None:
    process = making(blocking)
    physical.answer("receive", [raw("a"), raw("b")])
    process.start()
    eventually(lambda: blocking.started == ["a"])
    process.order("finish")
    eventually(lambda: process.receiver.holdings.ending)
    process.order("finish")
    process.order("drain 30")
    eventually(lambda: process.released == ["b"])
    blocking.open.set()
    assert process.ended() == DRAINED


# --- timeouts


def test_a_receiver_past_its_timeout_ends_the_process_which_leaves_its_neighbours_their_time(
    making: Starting, physical: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    open_ = threading.Event()
    neighbour = threading.Event()
    started: list[str] = []

    def receive(message: Message) -> None:
        started.append(message.body)
        if message.body == "stuck":
            open_.wait(10)
        elif message.body == "neighbour":
            neighbour.wait(10)

    process = making(receive, timeout=0.6, concurrency=2)
    physical.answer("receive", [raw("a", body="stuck")])
    process.start()
    eventually(lambda: started)
    # The neighbour starts later, so that its own time is not over when that of the other is.
    time.sleep(0.3)
    physical.answer("receive", [raw("b", body="neighbour"), raw("c"), raw("d")])
    eventually(lambda: len(started) == 2)
    eventually(lambda: "a" in process.deleted)
    neighbour.set()
    try:
        assert process.ended() == TIMED_OUT
    finally:
        open_.set()
    assert process.deleted == ["a", "b"], "the one that is stuck has failed and is done with"
    assert sorted(process.released) == ["c", "d"]
    assert actions(caplog.records).count("timed_out") == 2, "of the process, and of the message"


# --- when a part dies


@pytest.mark.parametrize("order", [None, "drain 30", "finish"])
def test_when_a_part_dies_the_process_ends_for_a_new_one(
    making: Starting, physical: FakeQueue, blocking: Blocking, order: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError("a fault of the engine")

    process = making(blocking)
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: blocking.started)
    if order is not None:
        process.order(order)
        eventually(lambda: process.receiver.holdings.ending)
    process.receiver.settler.spawn(fail)
    assert process.ended() == BROKEN
    assert "died" in actions(caplog.records)
