"""One process at work: what it is made of, what it does, what it says."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import pytest

from django_sqs.aws import client
from django_sqs.message import Message
from django_sqs.receiving import receiver as receiver_module
from django_sqs.receiving.async_handlers import AsyncHandlers
from django_sqs.receiving.handlers import Handlers
from django_sqs.receiving.receiver import DRAINED
from tests.receiving.support import FakeQueue, actions, eventually, held, raw

if TYPE_CHECKING:
    pass
from tests.receiving.process import Starting

# --- at work


def test_messages_are_received_run_and_deleted_until_it_is_told_to_drain(
    making: Starting, physical: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[str] = []
    process = making(lambda message: got.append(message.id), concurrency=2)
    physical.answer("receive", [raw("a"), raw("b")], [raw("c")])
    with caplog.at_level(logging.INFO, "django_sqs"):
        process.start()
        eventually(lambda: process.deleted == ["a", "b", "c"])
        process.order("drain 5")
        assert process.ended() == DRAINED
    assert sorted(got) == ["a", "b", "c"]
    assert actions(caplog.records) == ["started", "drained"]
    assert process.receiver.holdings.empty


def test_coroutines_have_an_event_loop_and_their_timeout_is_its(making: Starting, physical: FakeQueue) -> None:
    got: list[str | None] = []

    async def receive(message: Message) -> None:
        await asyncio.sleep(0)
        got.append(message.id)

    process = making(receive, timeout=5)
    assert isinstance(process.receiver.handlers, AsyncHandlers)
    assert process.receiver.watchdog is None
    physical.answer("receive", [raw("a"), raw("b")])
    process.start()
    eventually(lambda: process.deleted == ["a", "b"])
    process.order("drain 5")
    assert process.ended() == DRAINED
    assert sorted(map(str, got)) == ["a", "b"]


def test_batches_are_gathered(making: Starting, physical: FakeQueue) -> None:
    got: list[int] = []
    process = making(lambda messages: got.append(len(messages)), batch=3, batch_window=60)
    physical.answer("receive", [raw("a")], [raw("b")], [raw("c")])
    process.start()
    eventually(lambda: process.deleted == ["a", "b", "c"])
    assert got == [3]


def test_a_fifo_queue_runs_one_of_a_group_at_a_time(making: Starting, physical: FakeQueue) -> None:
    running: list[str] = []
    most: list[int] = []

    def receive(message: Message) -> None:
        running.append(str(message.group_id))
        most.append(running.count(str(message.group_id)))
        time.sleep(0.005)
        running.remove(str(message.group_id))

    process = making(receive, name="jobs.fifo", concurrency=4)
    physical.answer("receive", [raw(f"{group}{number}", group=group) for number in range(3) for group in "ab"])
    process.start()
    eventually(lambda: len(process.deleted) == 6)
    assert max(most) == 1


def test_what_was_handled_and_comes_back_is_deleted_without_being_run(making: Starting, physical: FakeQueue) -> None:
    got: list[str] = []
    process = making(lambda message: got.append(message.id))
    process.receiver.holdings.remember(held("a"))
    physical.answer("receive", [raw("a")])
    process.start()
    eventually(lambda: process.deleted == ["a"])
    assert got == []


# --- what it is made of


def test_polls_and_settlements_have_clients_of_their_own(making: Starting, tunings: list[client.Tuning]) -> None:
    making(visibility_timeout=30, poll_period=7, concurrency=4)
    assert tunings == [client.settling(30, 20), client.polling(7, 8)]


def test_a_poll_waits_no_longer_than_sqs_allows(making: Starting, tunings: list[client.Tuning]) -> None:
    making(poll_period=100)
    assert tunings[-1] == client.polling(20, 8)


def test_the_visibility_timeout_is_a_whole_number_of_seconds_and_two_at_least(
    making: Starting, physical: FakeQueue
) -> None:
    for option, timeout in ((1.5, 2), (7.9, 7)):
        process = making(visibility_timeout=option).start()
        eventually(lambda: physical.made("receive"))
        assert physical.made("receive")[-1][2] == timeout
        process.close()
        physical.calls.clear()


def test_only_where_threads_have_a_timeout_there_is_a_watchdog(making: Starting) -> None:
    process = making()
    assert isinstance(process.receiver.handlers, Handlers)
    assert process.receiver.watchdog is None
    assert [part.name for part in process.receiver._parts] == ["keeper", "settler", "handler", "poller"]
    names = [part.name for part in making(timeout=5).receiver._parts]
    assert names == ["keeper", "settler", "watchdog", "handler", "poller"]


# --- what it says


def test_it_gives_signs_of_life_and_of_progress(making: Starting, physical: FakeQueue) -> None:
    process = making().start()
    eventually(lambda: "alive" in process.said)
    assert "progress" not in process.said
    physical.answer("receive", [raw("a")])
    eventually(lambda: "progress" in process.said)


def test_a_keeper_that_does_not_tick_any_more_is_no_life(making: Starting) -> None:
    process = making()
    process.receiver.keeper.ticked = 0.0
    # The keeper looks once a second; what is asked for here comes before that.
    process.receiver._give_sign_of_life()
    assert process.said == []
    process.receiver.keeper.ticked = time.monotonic()
    process.receiver._give_sign_of_life()
    assert process.said == ["alive"]


def test_it_tells_when_its_queue_is_empty(
    making: Starting, physical: FakeQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_module, "_UNTIL_EMPTY_WAIT_SECS", 0.03)
    process = making(job={"until_empty": True}, poll_period=10).start()
    eventually(lambda: "empty 1" in process.said)
    assert {wait for _, wait, _ in physical.made("receive")} == {0.03}, "it does not wait long for what is not there"
    physical.answer("receive", [raw("a")])
    eventually(lambda: "empty 0" in process.said)


def test_otherwise_nobody_asks_whether_the_queue_is_empty(making: Starting, physical: FakeQueue) -> None:
    making().start()
    eventually(lambda: len(physical.made("receive")) > 1)
    assert physical.made("attributes") == []


def test_with_a_limit_the_supervisor_is_asked_before_each_poll(making: Starting, physical: FakeQueue) -> None:
    process = making(job={"limited": True}, concurrency=5)
    physical.answer("receive", [raw("a"), raw("b")])
    process.start()
    eventually(lambda: process.said[:1] == ["want 5"] or "want 5" in process.said)
    assert physical.made("receive") == []
    process.order("grant 2")
    eventually(lambda: "got 2 2" in process.said)
    assert physical.made("receive")[0][0] == 2
