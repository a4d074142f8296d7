"""What becomes of messages is told SQS, and then they are let go of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.settlement import NOTHING, Outcome
from django_sqs.receiving.settler import Settler
from tests.receiving.settled import Settled, handles
from tests.receiving.support import (
    FakeQueue,
    held,
    ids,
    no_deaths,
    refused,
    unreachable,
)

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


def test_a_confirmed_delete_is_remembered_in_case_it_was_none(settled: Settled) -> None:
    (message,) = settled.running("a")
    settled.settle([message], None)
    assert not settled.holdings.was_done(message)
    settled.run()
    assert settled.holdings.was_done(message)


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
    assert all(message.returning for message in [first, *successors]), "or the keeper would hide them again"
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


def test_what_follows_a_delete_is_done_for_those_whose_delete_was_confirmed_and_nothing_waits_for_it(
    physical: FakeQueue,
) -> None:
    gone: list[list[str]] = []
    kept = Holdings(8, lambda message: None)

    def follow(messages: Sequence[HeldMessage]) -> None:
        gone.append(ids(messages))
        assert {message.state for message in messages} == {State.SETTLED}

    settler = Settler(physical, kept, no_deaths, follow)
    kept.add([held(name) for name in "abc"])
    for message in [message for _ in "abc" for message in kept.take(wait=False)]:
        settler.delete(message)
    physical.answer("delete", refused(1, permanent=True))
    settler.hurry()
    settler.stop()
    settler.start()
    assert settler.join(5)
    assert gone == [["a", "c"]]
