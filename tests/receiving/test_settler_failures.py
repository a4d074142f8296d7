"""What SQS does not confirm is tried again, given up, or remembered."""

from __future__ import annotations

import pytest

from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.settlement import Outcome
from tests.receiving.settled import Settled, handles
from tests.receiving.support import (
    Clock,
    actions,
    eventually,
    held,
    ids,
    never,
    refused,
    unreachable,
)

# --- deletes that fail


@pytest.mark.usefixtures("soon")
def test_a_delete_that_fails_is_tried_again_while_it_is_held(
    settled: Settled, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = settled.running("a", "b")
    still_held: list[list[str]] = []

    def look() -> object:
        still_held.append(sorted(ids(settled.holdings.held(State.RUNNING))))
        return unreachable()

    settled.physical.answer("delete", unreachable(), refused(1), look)
    settled.settle([first, second], None)
    settled.run()
    assert still_held == [["b"]]
    assert settled.physical.made("delete") == [handles([first, second])] * 2 + [[second.handle]] * 2
    assert settled.holdings.empty
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


def test_a_retry_waits_for_its_time(settled: Settled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.settler._RETRY_SECS", (60.0, 60.0))
    settled.physical.always("delete", unreachable())
    settled.settle(settled.running("a"), None)
    settled.settler.hurry()
    settled.settler.start()
    eventually(lambda: settled.physical.made("delete"))
    never(lambda: len(settled.physical.made("delete")) > 1, 0.05)
    # It is not waited for at the end of the test.
    settled.settler._later.clear()


@pytest.mark.parametrize(("outcome", "other"), [(None, 5.0), (5.0, None)])
def test_what_is_tried_again_joins_those_of_its_kind(
    settled: Settled, clock: Clock, outcome: Outcome, other: Outcome
) -> None:
    first, second = settled.running("a", "b", at=clock.now)
    settled.settler.hurry()
    for action in ("delete", "change"):
        settled.physical.answer(action, unreachable())
    settled.settler.settle(first, outcome)
    batch = settled.settler._next_batch()
    assert batch is not None
    (settled.settler._delete if outcome is None else settled.settler._change)(batch)
    settled.settler.settle(second, other)
    clock.advance(1)
    batches = [settled.settler._next_batch() for _ in range(2)]
    assert sorted([one.message.id for one in batch or []] for batch in batches) == [["a"], ["b"]]


@pytest.mark.usefixtures("soon")
def test_an_outage_of_visibility_changes_is_told_too(settled: Settled, caplog: pytest.LogCaptureFixture) -> None:
    settled.physical.answer("change", *(unreachable() for _ in range(3)))
    settled.settle(settled.running("a"), 5.0)
    settled.run()
    assert actions(caplog.records) == ["outage", "recovered"]
