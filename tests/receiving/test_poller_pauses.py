"""When the poller has to wait: in an outage, and at the message limit."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.receiving.polling import Allowance, Polling, hungry
from tests.receiving.support import (
    FakeQueue,
    actions,
    eventually,
    ids,
    raw,
    unreachable,
)

# --- failures


@pytest.mark.usefixtures("no_jitter")
def test_an_outage_is_waited_out_and_told_once(
    physical: FakeQueue, paused: Callable[[Polling], list[float]], caplog: pytest.LogCaptureFixture
) -> None:
    polling = Polling(physical)
    pauses = paused(polling)
    polling.run(unreachable(), unreachable(), [raw("a")])
    assert pauses == [pytest.approx(0.5), pytest.approx(0.5)]
    assert actions(caplog.records) == ["outage", "recovered"]
    assert polling.polls == [1, 0], "a poll that failed says nothing of the queue"
    assert ids(list(polling.holdings.each_held())) == ["a"]


def test_during_an_outage_there_is_one_poll_at_a_time(physical: FakeQueue) -> None:
    polling = Polling(physical, handlers=200)
    physical.always("receive", unreachable())
    hungry(polling)
    polling.start()
    eventually(lambda: physical.made("receive"))
    eventually(lambda: polling.holdings.window.asked == 0)
    with polling.holdings.lock:
        assert not polling.holdings.window.hot
        assert polling.holdings.may_ask() == 0, "the poll that failed keeps its place while it waits"
    polling.end()


def test_a_pause_ends_at_once_when_polling_ends(physical: FakeQueue) -> None:
    polling = Polling(physical, period=3_600)
    polling.start()
    eventually(lambda: polling.polls)
    polling.end()
    assert polling.holdings.empty


# --- the message limit


def test_only_what_is_granted_is_asked_for_and_what_came_is_told(physical: FakeQueue) -> None:
    quota = Allowance(4)
    polling = Polling(physical, quota=quota)
    polling.run([raw("a"), raw("b")])
    assert quota.asked == [10, 8]
    assert [count for count, _, _ in physical.made("receive")] == [4, 8]
    assert quota.settled == [(4, 2), (8, 0)]
    assert polling.holdings.window.asked == 0


def test_what_a_failed_poll_had_reserved_is_given_back(
    physical: FakeQueue, paused: Callable[[Polling], list[float]]
) -> None:
    quota = Allowance()
    polling = Polling(physical, quota=quota)
    paused(polling)
    polling.run(unreachable())
    assert quota.settled == [(10, 0), (10, 0)]


def test_where_nothing_is_granted_it_is_asked_again_soon(
    physical: FakeQueue, paused: Callable[[Polling], list[float]]
) -> None:
    quota = Allowance(0, 0)
    polling = Polling(physical, quota=quota)
    pauses = paused(polling)
    polling.run()
    assert quota.asked == [10, 10, 10]
    assert pauses == [pytest.approx(0.2)] * 2
    assert not polling.holdings.window.hot, "nothing came"
    assert len(physical.made("receive")) == 1
    assert polling.polls == [0]


def test_messages_are_held_before_it_is_told_that_they_came(physical: FakeQueue) -> None:
    """Or the supervisor could end a receiver whose last messages nobody is there to run."""
    quota = Allowance()
    polling = Polling(physical, quota=quota)
    seen: list[bool] = []
    quota.settle = lambda reserved, received: seen.append(polling.holdings.quiet)  # type: ignore[method-assign]
    polling.run([raw("a")])
    assert seen[0] is False


def test_it_ends_when_polling_ends_without_having_polled(physical: FakeQueue) -> None:
    polling = Polling(physical)
    polling.holdings.end_polls()
    polling.poller._loop()
    assert physical.calls == []
