"""One timer keeps every held message invisible to others."""

from __future__ import annotations

import time

import pytest

from django_sqs.receiving.held import State
from django_sqs.receiving.keeper import Keeper
from tests.receiving.kept import Kept
from tests.receiving.support import (
    Clock,
    FakeQueue,
    Gate,
    Ticks,
    eventually,
    held,
    holdings,
    ids,
    no_deaths,
    refused,
    unreachable,
)


def test_a_message_is_extended_when_half_of_its_time_has_passed(kept: Kept) -> None:
    (message,) = kept.add("a")
    kept.look(after=30)
    assert kept.extended == []
    kept.look(after=0.1)
    assert kept.physical.made("change") == [[(message.handle, 60)]]
    assert message.deadline == kept.clock.now + 60
    kept.look()
    assert kept.extended == ["a"]


def test_those_that_are_due_soon_go_along_in_the_same_request(kept: Kept) -> None:
    kept.add("old", at=kept.clock.now - 31)
    kept.add("younger", at=kept.clock.now - 16)
    kept.add("young", at=kept.clock.now - 14)
    kept.look()
    assert sorted(kept.extended) == ["old", "younger"]


def test_where_none_is_urgent_none_is_extended(kept: Kept) -> None:
    kept.add("a", "b", at=kept.clock.now - 29)
    kept.look()
    assert kept.extended == []


def test_messages_are_extended_wherever_they_are(kept: Kept) -> None:
    _, running, settling = kept.add("waiting", "running", "settling")
    running.state, settling.state = State.RUNNING, State.SETTLING
    kept.look(after=31)
    assert sorted(kept.extended) == ["running", "settling", "waiting"]


def test_ten_go_in_a_request(kept: Kept) -> None:
    kept.add(*(f"m{n}" for n in range(23)))
    kept.look(after=31)
    assert sorted(len(changes) for changes in kept.physical.made("change")) == [3, 10, 10]
    assert len(set(kept.extended)) == 23


def test_what_is_on_its_way_back_is_not_hidden_again(kept: Kept) -> None:
    (message,) = kept.add("a")
    kept.holdings.stays(message)
    kept.look(after=31)
    assert kept.extended == []
    assert not message.extending


def test_what_is_settled_is_not_extended(kept: Kept) -> None:
    (message,) = kept.add("a")
    kept.holdings.drop(message)
    kept.look(after=31)
    assert kept.extended == []


def test_what_was_deleted_before_its_run_is_neither_extended_nor_missed(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = kept.add("a")
    message.state = State.RUNNING
    message.deleted = True
    kept.look(after=31)
    kept.look(after=100)
    assert kept.extended == []
    assert caplog.records == []


def test_a_delete_before_the_run_that_crosses_an_extension_is_no_loss(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = kept.add("a")
    message.state = State.RUNNING

    def deleted_meanwhile() -> object:
        message.deleted = True
        return refused(0, permanent=True)

    kept.physical.answer("change", deleted_meanwhile)
    kept.look(after=31)
    assert caplog.records == []


def test_the_hold_counts_from_the_start_of_the_extension_and_not_from_its_answer(kept: Kept) -> None:
    (message,) = kept.add("a")
    kept.physical.answer("change", lambda: kept.clock.advance(4) and None)
    kept.look(after=31)
    assert message.deadline == kept.clock.now - 4 + 60


def test_an_extension_counts_for_the_whole_seconds_that_sqs_is_told(physical: FakeQueue, clock: Clock) -> None:
    kept = Kept(physical, clock, visibility=20_000)
    (message,) = kept.add("a", at=clock.now - 30_000.5)
    message.deadline = clock.now + 5_000
    kept.look()
    assert message.deadline == clock.now + 13_139, "43,200 - 60 - 30,000.5, rounded down"


def test_while_it_is_extended_a_message_says_so(kept: Kept) -> None:
    (message,) = kept.add("a")
    seen = []
    kept.physical.answer("change", lambda: seen.append(message.extending))
    kept.look(after=31)
    assert seen == [True]
    assert not message.extending


@pytest.mark.parametrize(("visibility", "look"), [(60, 1.0), (10, 0.5), (2, 0.1)])
def test_it_looks_every_second_and_more_often_where_time_is_short(
    physical: FakeQueue, clock: Clock, visibility: float, look: float
) -> None:
    keeper = Keeper(physical, holdings(), visibility, no_deaths)
    ticks = keeper._stopped = Ticks(3, clock)
    keeper._loop()
    assert ticks.waits == [pytest.approx(look)] * 4


def test_each_look_is_a_sign_of_life(kept: Kept) -> None:
    kept.look(after=100)
    assert kept.keeper.ticked == kept.clock.now


def test_many_extensions_that_each_wait_out_their_timeout_are_no_hang(kept: Kept) -> None:
    kept.add(*(f"m{n}" for n in range(200)))
    oldest_sign = 0.0

    def slow() -> Exception:
        nonlocal oldest_sign
        oldest_sign = max(oldest_sign, kept.clock.now - kept.keeper.ticked)
        kept.clock.advance(2)
        return unreachable()

    kept.physical.always("change", slow)
    kept.look(after=31)
    assert len(kept.physical.made("change")) == 20
    assert kept.clock.now - kept.keeper.ticked <= 8
    assert oldest_sign <= 8


def test_it_ends_when_it_is_stopped(physical: FakeQueue) -> None:
    keeper = Keeper(physical, holdings(), 2, no_deaths)
    keeper.start()
    keeper.stop()
    assert keeper.join(5)


def test_it_extends_by_itself_as_time_goes_by(physical: FakeQueue) -> None:
    kept = holdings()
    message = held("a", visibility=2)
    kept.add([message])
    message.deadline = time.monotonic() + 0.9
    keeper = Keeper(physical, kept, 2, no_deaths)
    keeper.start()
    try:
        eventually(lambda: physical.made("change"))
        eventually(lambda: message.deadline > time.monotonic() + 1)
    finally:
        keeper.stop()
    assert keeper.join(5)
    assert ids(list(kept.each_held())) == ["a"]


def test_extensions_run_side_by_side(kept: Kept) -> None:
    kept.add(*(f"m{n}" for n in range(40)))
    gates = [Gate() for _ in range(4)]
    for gate in gates:
        kept.physical.answer("change", gate)
    kept.clock.advance(31)
    kept.keeper._stopped = Ticks(1)
    kept.keeper.spawn(kept.keeper._loop)
    for gate in gates:
        assert gate.reached.wait(5), "one that hangs does not hold up the others"
    for gate in gates:
        gate.open.set()
    assert kept.keeper.join(5)
