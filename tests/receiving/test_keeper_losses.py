"""What the keeper does where an extension fails, or the 12 hours end."""

from __future__ import annotations

import pytest

from django_sqs.receiving.held import State
from tests.receiving.kept import Kept
from tests.receiving.support import (
    Clock,
    FakeQueue,
    actions,
    held,
    refused,
    unreachable,
)

# --- failures


def test_an_outage_is_survived_by_looking_again(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    (message,) = kept.add("a")
    deadline = message.deadline
    kept.physical.answer("change", unreachable(), unreachable())
    kept.look(after=31)
    assert message.deadline == deadline
    assert not message.extending
    kept.look(after=5)
    kept.look(after=5)
    assert message.deadline == kept.clock.now + 60
    assert actions(caplog.records) == ["outage", "recovered"]


def test_a_message_whose_time_has_passed_is_lost_and_its_receiver_not_interrupted(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    (message,) = kept.add("a")
    message.state = State.RUNNING
    kept.look(after=60)
    assert message.lost
    assert message.state is State.RUNNING
    assert kept.extended == [], "another may have it"
    kept.look(after=1)
    assert actions(caplog.records) == ["lost"], "told once"
    assert "its visibility timeout ended" in caplog.text
    assert "with its receiver" in caplog.text


def test_a_message_whose_handle_sqs_refuses_is_lost(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    first, second, third = kept.add("a", "b", "c")
    kept.physical.answer("change", lambda: refused(1, permanent=True) + refused(2))
    kept.look(after=31)
    lost = [message for message in (first, second, third) if message.lost]
    assert len(lost) == 1
    assert "Refused: for the test" in caplog.text
    confirmed = [message for message in (first, second, third) if message.deadline == kept.clock.now + 60]
    assert len(confirmed) == 1, "the third was refused only for now"


def test_that_a_deleted_message_cannot_be_extended_is_no_news(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    (message,) = kept.add("a")
    message.state = State.SETTLING
    kept.physical.answer("change", refused(0, permanent=True))
    kept.look(after=31)
    assert message.lost
    assert caplog.records == []


def test_what_was_received_again_during_its_extension_goes_by_its_new_handle(kept: Kept) -> None:
    (message,) = kept.add("a")

    def received_again() -> object:
        message.renew(held("a", at=kept.clock.now, visibility=90))
        return refused(0, permanent=True)

    kept.physical.answer("change", received_again)
    kept.look(after=31)
    assert not message.lost
    assert not message.extending
    assert message.deadline == kept.clock.now + 90


# --- the 12 hours


def test_after_twelve_hours_a_message_is_lost(
    physical: FakeQueue, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(physical, clock)
    (message,) = kept.add("a")
    message.state = State.RUNNING
    received = clock.now
    for _ in range(2_000):
        kept.look(after=29.9)
        if message.lost:
            break
        assert message.deadline <= received + 43_200 - 60
    assert 43_000 < clock.now - received < 43_200
    (record,) = caplog.records
    assert record.message == (
        "test__jobs: lost the hold on message a: it has been held for 12 hours, which is all that SQS allows. It may be"
        " received again while it is with its receiver."
    )
    last = physical.made("change")[-1][0]
    assert last[1] >= 1


def test_toward_the_twelve_hours_no_request_is_made_that_gains_nothing(
    physical: FakeQueue, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept(physical, clock, visibility=43_200)
    (message,) = kept.add("a")
    message.state = State.RUNNING
    received = clock.now
    while not message.lost:
        kept.look(after=10)
    assert clock.now - received == pytest.approx(43_140, abs=12)
    assert len(physical.made("change")) <= 1
    assert "12 hours" in caplog.text
