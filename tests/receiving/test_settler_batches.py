"""Settlements share requests, and wait only as long as others may come."""

from __future__ import annotations

import logging

import pytest

from django_sqs.receiving.held import State
from django_sqs.receiving.settler import MAX_REQUESTS
from tests.receiving.settled import Settled, handles
from tests.receiving.support import (
    Clock,
    Gate,
    eventually,
    never,
    unreachable,
)


def test_settlements_gather_while_others_run(settled: Settled, clock: Clock) -> None:
    messages = settled.running("a", "b", "c")
    settled.settle(messages[:2], None)
    assert settled.settler._deletes, "another runs"
    clock.advance(0.049)
    with settled.settler._wanted:
        assert not settled.settler._ripe(settled.settler._deletes)
    clock.advance(0.002)
    assert [one.message.id for one in settled.settler._next_batch() or []] == ["a", "b"]


def test_ten_are_a_batch_and_go_at_once(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.settler._GATHER_SECS", 60)
    settled.settler.start()
    settled.settle(settled.running(*"abcdefgh"), None)
    never(lambda: settled.physical.calls, 0.02)
    settled.settle(settled.running(*"ijkl"), None)
    eventually(lambda: settled.physical.calls)
    never(lambda: len(settled.physical.calls) > 1, 0.02)
    assert len(settled.physical.made("delete")[0]) == 10


def test_the_last_one_goes_at_once(settled: Settled, clock: Clock) -> None:
    (message,) = settled.running("a")
    settled.settle([message], None)
    settled.holdings.finish([message])
    assert len(settled.settler._next_batch() or []) == 1


def test_a_handler_that_has_finished_last_wakes_the_settler(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.settler._GATHER_SECS", 60)
    settled.settler.start()
    (message,) = settled.running("a")
    settled.settle([message], None)
    settled.settler.nudge()
    never(lambda: settled.physical.calls, 0.02)
    settled.holdings.finish([message])
    settled.settler.nudge()
    eventually(lambda: settled.holdings.empty)


def test_a_drain_gathers_no_longer(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.settler._GATHER_SECS", 60)
    settled.settler.start()
    messages = settled.running("a", "b")
    settled.settle(messages[:1], None)
    never(lambda: settled.physical.calls, 0.02)
    settled.settler.hurry()
    eventually(lambda: settled.physical.calls)


def test_gathering_ends_by_itself_after_a_moment(settled: Settled) -> None:
    settled.settler.start()
    messages = settled.running("a", "b")
    settled.settle(messages[:1], None)
    eventually(lambda: settled.physical.calls)


def test_requests_run_side_by_side_where_there_is_much_to_settle(settled: Settled) -> None:
    gates = [Gate() for _ in range(MAX_REQUESTS)]
    settled.physical.answer("delete", *gates)
    settled.settler.start()
    names = [f"m{n}" for n in range(10 * (MAX_REQUESTS + 3))]
    messages = settled.running(*names)
    for start in range(0, len(messages), 10):
        settled.settle(messages[start : start + 10], None)
        if start < 10 * MAX_REQUESTS:
            assert gates[start // 10].reached.wait(5)
    assert len(settled.physical.made("delete")) == MAX_REQUESTS, "and never more"
    for gate in gates:
        gate.open.set()
    eventually(lambda: settled.holdings.empty)
    assert sorted(handle for batch in settled.physical.made("delete") for handle in batch) == sorted(handles(messages))


def test_deletes_do_not_hold_up_visibility_changes_for_ever(
    settled: Settled, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sqs.receiving.settler.MAX_REQUESTS", 0)
    first = settled.running("first")
    settled.settle(first, 5.0)
    clock.advance(0.01)
    settled.settle(settled.running(*(f"m{n}" for n in range(20))), None)
    clock.advance(1)
    batch = settled.settler._next_batch()
    assert batch is not None
    assert batch[0].message is first[0], "the one that has waited longest"


def test_it_ends_when_nothing_is_left_to_settle(settled: Settled, soon: None) -> None:
    settled.physical.answer("delete", unreachable(), unreachable())
    settled.settle(settled.running("a"), None)
    settled.run()
    assert settled.holdings.empty


def test_an_outage_is_told_once(settled: Settled, soon: None, caplog: pytest.LogCaptureFixture) -> None:
    settled.physical.answer("delete", *(unreachable() for _ in range(5)))
    settled.settle(settled.running("a"), None)
    settled.run()
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


def test_it_ends_when_it_is_told_to_though_it_waits_for_something_to_do(settled: Settled) -> None:
    settled.settler.start()
    eventually(lambda: settled.settler._idle)
    settled.settler.stop()
    assert settled.settler.join(5)


def test_what_still_gathers_when_it_is_to_end_is_settled(settled: Settled) -> None:
    messages = settled.running("a", "b")
    settled.settle(messages[:1], None)
    settled.settler.stop()
    settled.settler.start()
    assert settled.settler.join(5)
    assert len(settled.physical.made("delete")) == 1


def test_a_few_settlements_need_one_thread(settled: Settled) -> None:
    settled.settler.start()
    for name in "abcdefg":
        settled.settle(settled.running(name), None)
        eventually(lambda: settled.holdings.held(State.RUNNING) == [])
    assert len(settled.settler._threads) == 1
