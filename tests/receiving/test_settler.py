"""What becomes of messages is told SQS in batches, tried again, and remembered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.settler import MAX_REQUESTS, NOTHING, Outcome, Settler
from tests.receiving.support import (
    Clock,
    FakeQueue,
    Gate,
    actions,
    eventually,
    held,
    ids,
    never,
    no_deaths,
    refused,
    unreachable,
)


class Settled:
    """A settler, and the holdings whose messages it settles."""

    def __init__(self, physical: FakeQueue, fifo: bool = False) -> None:
        self.physical = physical
        self.holdings = Holdings(8, lambda message: self.settler.release(message), fifo=fifo)
        self.settler = Settler(physical, self.holdings, no_deaths)

    def running(self, *names: str, visibility: float = 60, lost: bool = False, **more: Any) -> list[HeldMessage]:
        """Messages with their receivers."""
        self.holdings.add([held(name, visibility=visibility, **more) for name in names])
        taken = [message for _ in names for message in self.holdings.take(wait=False)]
        for message in taken:
            message.lost = lost
        return taken

    def settle(self, messages: Sequence[HeldMessage], outcome: Outcome) -> None:
        for message in messages:
            self.settler.settle(message, outcome)

    def run(self) -> None:
        """Settle all that is to be settled."""
        self.settler.hurry()
        self.settler.stop()
        self.settler.start()
        assert self.settler.join(10)


@pytest.fixture
def settling(physical: FakeQueue) -> Iterator[Callable[..., Settled]]:
    """Makes settlers, and ends them."""
    made: list[Settled] = []

    def make(**options: Any) -> Settled:
        made.append(Settled(physical, **options))
        return made[-1]

    yield make
    physical.calm()
    for settled in made:
        settled.settler.hurry()
        settled.settler.stop()
        assert settled.settler.join(5)


@pytest.fixture
def settled(settling: Callable[..., Settled]) -> Settled:
    return settling()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What failed is tried again at once."""
    monkeypatch.setattr("django_sqs.receiving.settler._RETRY_SECS", (0.001, 0.002))


def handles(messages: Sequence[HeldMessage]) -> list[str]:
    return [message.handle for message in messages]


# --- what becomes of a message


def test_what_is_done_with_is_deleted_and_then_no_longer_held(settled: Settled) -> None:
    messages = settled.running("a", "b")
    settled.settle(messages, None)
    assert settled.holdings.held(State.RUNNING) == messages, "they are held until the delete is confirmed"
    settled.run()
    assert settled.physical.made("delete") == [handles(messages)]
    assert settled.holdings.empty
    assert {message.state for message in messages} == {State.SETTLED}


def test_what_stays_is_made_visible_in_the_time_given(settled: Settled) -> None:
    first, second = settled.running("a", "b")
    settled.settler.settle(first, 30.0)
    settled.settler.settle(second, 0.0)
    settled.run()
    assert settled.physical.calls == [("change", [(first.handle, 30.0), (second.handle, 0.0)])]
    assert settled.holdings.empty


def test_what_sqs_knows_already_is_told_nothing(settled: Settled) -> None:
    settled.settle(settled.running("a"), NOTHING)
    assert settled.holdings.empty
    settled.run()
    assert settled.physical.calls == []


def test_a_lost_message_that_is_done_with_is_deleted_all_the_same_and_remembered(settled: Settled) -> None:
    (message,) = settled.running("a", lost=True)
    settled.settle([message], None)
    settled.run()
    assert settled.physical.made("delete") == [[message.handle]]
    assert settled.holdings.was_done(message), "SQS accepts the handle, and then may not delete it"


def test_the_visibility_of_a_lost_message_is_left_alone(settled: Settled) -> None:
    settled.settle(settled.running("a", lost=True), 30.0)
    settled.run()
    assert settled.physical.calls == [], "it may be that of whoever has it now"
    assert settled.holdings.empty


def test_a_confirmed_delete_is_no_longer_remembered(settled: Settled) -> None:
    (message,) = settled.running("a")
    settled.holdings.remember(message)
    settled.settle([message], None)
    settled.run()
    assert not settled.holdings.was_done(message)


def test_that_something_was_settled_is_progress(settled: Settled) -> None:
    assert not settled.settler.progressed()
    settled.settle(settled.running("a"), None)
    settled.settle(settled.running("b"), 1.0)
    settled.run()
    assert settled.settler.progressed()
    assert not settled.settler.progressed()


@pytest.mark.parametrize("outcome", [None, 1.0])
def test_each_kind_of_settlement_is_progress_and_a_failure_is_none(
    settled: Settled, physical: FakeQueue, outcome: Outcome, soon: None
) -> None:
    seen = []
    for action in ("delete", "change"):
        physical.answer(action, unreachable(), lambda: seen.append(settled.settler.progressed()))
    settled.settle(settled.running("a"), outcome)
    settled.run()
    assert seen == [False]
    assert settled.settler.progressed()


# --- FIFO


def test_where_one_stays_its_successors_are_released_with_it_last_first(
    physical: FakeQueue, settling: Callable[..., Settled]
) -> None:
    settled = settling(fifo=True)
    successors = [held(name, group="g") for name in ("b", "c", "d")]
    (first,) = settled.running("a", group="g")
    settled.holdings.add(successors)
    settled.settle([first], 30.0)
    settled.run()
    assert physical.calls == [
        ("change", [*((successor.handle, 0.0) for successor in reversed(successors)), (first.handle, 30.0)])
    ]
    assert settled.holdings.empty


def test_where_one_was_lost_its_successors_are_released(physical: FakeQueue, settling: Callable[..., Settled]) -> None:
    settled = settling(fifo=True)
    (first,) = settled.running("a", group="g", lost=True)
    successor = held("b", group="g")
    settled.holdings.add([successor])
    settled.settle([first], 30.0)
    settled.run()
    assert physical.calls == [("change", [(successor.handle, 0.0)])]
    assert settled.holdings.empty


def test_the_next_of_a_group_is_ready_when_the_delete_before_it_is_confirmed(
    physical: FakeQueue, settling: Callable[..., Settled]
) -> None:
    settled = settling(fifo=True)
    (first,) = settled.running("a", group="g")
    settled.holdings.add([held("b", group="g")])
    physical.answer("delete", lambda: ready.append(settled.holdings.quiet))
    ready: list[bool] = []
    settled.settle([first], None)
    settled.holdings.finish([first])
    settled.run()
    assert ready == [True]
    assert not settled.holdings.quiet
    assert ids(settled.holdings.take(wait=False)) == ["b"]


def test_where_a_delete_is_given_up_the_successors_are_released(
    physical: FakeQueue, settling: Callable[..., Settled]
) -> None:
    settled = settling(fifo=True)
    (first,) = settled.running("a", group="g")
    successor = held("b", group="g")
    settled.holdings.add([successor])
    physical.answer("delete", refused(0, permanent=True))
    settled.settle([first], None)
    settled.run()
    assert physical.made("change") == [[(successor.handle, 0.0)]]
    assert settled.holdings.empty


# --- deletes that fail


@pytest.mark.usefixtures("soon")
def test_a_delete_that_fails_is_tried_again_while_it_is_held(
    settled: Settled, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = settled.running("a", "b")
    settled.physical.answer("delete", unreachable(), refused(1), unreachable())
    settled.settle([first, second], None)
    settled.run()
    assert settled.physical.made("delete") == [handles([first, second])] * 2 + [[second.handle]] * 2
    assert settled.holdings.empty
    assert not settled.holdings.was_done(first)
    assert not settled.holdings.was_done(second)
    assert actions(caplog.records) == ["outage", "recovered", "outage", "recovered"]


@pytest.mark.usefixtures("soon")
def test_what_failed_together_is_tried_again_together(settled: Settled) -> None:
    messages = settled.running(*"abcdefgh")
    settled.physical.answer("delete", unreachable(), refused(0, 1, 2, 3))
    settled.settle(messages, None)
    settled.run()
    assert list(map(len, settled.physical.made("delete"))) == [8, 8, 4]


def test_a_message_whose_delete_fails_is_remembered_while_it_is_tried_again(settled: Settled) -> None:
    (message,) = settled.running("a")
    settled.physical.always("delete", unreachable())
    settled.settle([message], None)
    settled.settler.hurry()
    settled.settler.start()
    eventually(lambda: settled.physical.made("delete"))
    eventually(lambda: settled.holdings.was_done(message))
    assert not settled.holdings.empty


def test_a_delete_that_sqs_refuses_for_good_is_given_up_and_remembered(
    settled: Settled, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = settled.running("a", "b")
    settled.physical.answer("delete", refused(0, permanent=True))
    settled.settle([first, second], None)
    settled.run()
    assert settled.physical.made("delete") == [handles([first, second])]
    assert settled.holdings.was_done(first)
    assert not settled.holdings.was_done(second)
    assert settled.holdings.empty
    (record,) = caplog.records
    assert "message a was handled but could not be deleted (Refused: for the test)" in record.message


@pytest.mark.parametrize("lost", [True, False])
def test_a_delete_that_fails_is_given_up_once_another_may_have_the_message(
    settled: Settled, lost: bool, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = settled.running("a", lost=lost)
    if not lost:
        message.deadline = 0.0
    settled.physical.always("delete", unreachable())
    settled.settle([message], None)
    settled.run()
    assert len(settled.physical.made("delete")) == 1
    assert settled.holdings.was_done(message)
    assert settled.holdings.empty
    assert actions(caplog.records) == ["outage", "delete_failed"]


def test_a_message_received_again_during_its_delete_is_deleted_by_its_new_handle(settled: Settled) -> None:
    (message,) = settled.running("a")
    old = message.handle
    again = held("a")
    settled.physical.answer("delete", lambda: settled.holdings.add([again]) and None)
    settled.settle([message], None)
    settled.run()
    assert settled.physical.made("delete") == [[old], [again.handle]]
    assert settled.holdings.empty


# --- changes that fail


@pytest.mark.usefixtures("soon")
def test_a_change_that_was_not_made_is_tried_again(settled: Settled) -> None:
    first, second = settled.running("a", "b")
    settled.physical.answer("change", unreachable(), refused(1))
    settled.settle([first, second], 5.0)
    settled.run()
    both = [(first.handle, 5.0), (second.handle, 5.0)]
    assert settled.physical.made("change") == [both, both, both[1:]]
    assert settled.holdings.empty


def test_a_change_whose_answer_was_lost_is_not_made_twice(settled: Settled) -> None:
    settled.physical.answer("change", unreachable(maybe_done=True))
    settled.settle(settled.running("a"), 5.0)
    settled.run()
    assert len(settled.physical.made("change")) == 1
    assert settled.holdings.empty


@pytest.mark.parametrize("why", ["permanent", "lost", "deadline"])
def test_a_change_is_given_up_where_the_message_is_visible_anyhow(settled: Settled, why: str) -> None:
    (message,) = settled.running("a")
    settled.settle([message], 5.0)
    if why == "lost":
        message.lost = True
    elif why == "deadline":
        message.deadline = 0.0
    settled.physical.answer("change", refused(0, permanent=why == "permanent"))
    settled.run()
    assert len(settled.physical.made("change")) == 1
    assert settled.holdings.empty


def test_a_message_received_again_after_it_was_given_back_is_not_touched_by_its_old_handle(settled: Settled) -> None:
    (old,) = settled.running("a")
    settled.settle([old], 5.0)
    settled.holdings.add([held("a")])
    assert old.superseded
    settled.run()
    assert settled.physical.calls == []
    assert old.state is State.SETTLED
    assert ids(settled.holdings.held(State.WAITING)) == ["a"]


def test_a_message_is_given_back_only_after_its_extension_has_ended(settled: Settled) -> None:
    first, second = settled.running("a", "b")
    first.extending = True
    settled.settle([first, second], 5.0)
    settled.settler.hurry()
    settled.settler.start()
    eventually(lambda: settled.physical.made("change"))
    never(lambda: len(settled.physical.made("change")) > 1, 0.05)
    first.extending = False
    eventually(lambda: settled.holdings.empty)
    assert settled.physical.made("change") == [[(second.handle, 5.0)], [(first.handle, 5.0)]]


def test_what_is_given_back_is_marked_so_with_the_lock_that_the_keeper_looks_with(settled: Settled) -> None:
    (message,) = settled.running("a")
    with settled.holdings.lock:
        settled.settler.spawn(lambda: settled.settler.give_back(message, 0.0))
        never(lambda: message.returning, 0.02)
    eventually(lambda: message.returning)


# --- waits between tries


def waits(settled: Settled, clock: Clock, message: HeldMessage, tries: int) -> list[float]:
    """The seconds before each next try of a delete that fails."""
    seen = []
    for _ in range(tries):
        settled.settler.settle(message, None)
        batch = settled.settler._next_batch()
        assert batch is not None
        settled.settler._delete(batch)
        ((due, _, _),) = settled.settler._later
        seen.append(due - clock.now)
        settled.settler._later.clear()
    return seen


@pytest.mark.usefixtures("no_jitter")
def test_each_wait_is_twice_as_long_as_the_one_before_up_to_five_seconds(settled: Settled, clock: Clock) -> None:
    (message,) = settled.running("a", at=clock.now)
    settled.settler.hurry()
    settled.physical.always("delete", unreachable())
    assert waits(settled, clock, message, 7) == [pytest.approx(w) for w in (0.2, 0.4, 0.8, 1.6, 3.2, 5, 5)]


def test_what_fails_for_hours_is_still_tried_again(settled: Settled, clock: Clock) -> None:
    (message,) = settled.running("a", at=clock.now, visibility=43_000)
    settled.settler.hurry()
    settled.physical.always("delete", unreachable())
    message.attempts = 5_000
    (wait,) = waits(settled, clock, message, 1)
    assert 2.5 <= wait <= 5


def test_waits_differ_so_that_processes_do_not_come_back_together(settled: Settled, clock: Clock) -> None:
    settled.settler.hurry()
    settled.physical.always("delete", unreachable())
    seen = set()
    for number in range(20):
        (message,) = settled.running(f"m{number}", at=clock.now)
        (wait,) = waits(settled, clock, message, 1)
        assert 0.1 <= wait <= 0.2
        seen.add(wait)
        settled.holdings.drop(message)
        settled.holdings.running = 0
    assert len(seen) > 5


# --- batches


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
