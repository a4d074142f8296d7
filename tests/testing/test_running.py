"""run_receivers() runs what waits: in a captured list, or in a queue at a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from django_sqs import BatchFailed, receiver, register, send
from django_sqs.exceptions import NoReceiver, UnknownQueue, WrongArgument
from django_sqs.message import Message
from django_sqs.registry import Queues
from django_sqs.testing import SentMessage, capture, run_receivers
from tests.testing.conftest import Ran


@pytest.mark.usefixtures("own_queues")
class TestWhatItIsGiven:
    def test_may_be_a_name_a_queue_or_a_receiver(self) -> None:
        @receiver("letters")
        def take(message: Message) -> None: ...

        with capture():
            for queue in ("letters", take, take.registered_queue):
                take(body="a")
                assert run_receivers(queue) == 1

    @pytest.mark.parametrize("thing", [None, 5, len, ["letters"]])
    def test_is_refused_when_it_is_nothing_of_the_kind(self, thing: Any) -> None:
        with pytest.raises(WrongArgument, match=r"run_receivers\(\) got"):
            run_receivers(thing)

    def test_must_be_registered(self) -> None:
        with pytest.raises(UnknownQueue, match="'nowhere'"):
            run_receivers("nowhere")

    def test_must_have_a_receiver(self) -> None:
        register("letters")
        with pytest.raises(NoReceiver, match="'letters'"):
            run_receivers("letters")

    @pytest.mark.parametrize("limit", [0, -1, 2.0, "3", True])
    def test_must_not_have_an_odd_limit(self, limit: Any, ran: Ran) -> None:
        with pytest.raises(WrongArgument, match="limit="):
            run_receivers("letters", limit=limit)

    def test_must_not_have_an_odd_suffix(self, ran: Ran) -> None:
        suffix: Any = 5
        with capture(), pytest.raises(WrongArgument, match="suffix=5"):
            run_receivers("letters", suffix)


class TestInACapture:
    @pytest.fixture(autouse=True)
    def _sent(self, ran: Ran) -> Iterator[None]:
        with capture() as self.sent:
            yield

    sent: list[SentMessage]

    def states(self) -> list[str]:
        return [message.state for message in self.sent]

    def test_each_message_is_run_once_in_this_thread_and_stays_in_the_list(self, ran: Ran) -> None:
        for body in "abc":
            send("letters", body=body)
        assert run_receivers("letters") == 3
        assert run_receivers("letters") == 0
        assert ran.bodies == ["a", "b", "c"]
        assert ran.threads == {threading.get_ident()}
        assert self.states() == ["succeeded"] * 3

    def test_only_the_queue_and_the_suffix_that_were_asked_for_are_run(self, ran: Ran) -> None:
        register("others", lambda message: None)
        send("others", body="a")
        send("letters", body="b")
        send("letters", body="c", suffix="big")
        assert run_receivers("letters", "big") == 1
        assert ran.bodies == ["c"]
        assert self.states() == ["waiting", "waiting", "succeeded"]

    def test_no_more_than_the_limit_are_run(self, ran: Ran) -> None:
        for body in "abc":
            send("letters", body=body)
        assert run_receivers("letters", limit=2) == 2
        assert run_receivers("letters", limit=2) == 1

    def test_what_a_receiver_sends_to_its_queue_is_run_too(self, own_queues: Queues) -> None:
        @receiver("steps")
        def step(message: Message) -> None:
            if message.body != "0":
                step(body=str(int(message.body) - 1))

        step(body="3")
        assert run_receivers(step) == 4

    def test_delays_are_not_waited_for_unless_a_receiver_asked_for_them(self, own_queues: Queues) -> None:
        @receiver("ticks")
        def tick(message: Message) -> None:
            tick(body="tick", delay=60)

        tick(body="tick", delay=60)
        assert run_receivers(tick) == 1
        assert run_receivers(tick) == 1

    def test_a_receiver_that_never_ends_is_told_of(self, own_queues: Queues, monkeypatch: pytest.MonkeyPatch) -> None:
        from django_sqs.testing import running

        monkeypatch.setattr(running, "MAX_RUNS_OF_A_CALL", 50)

        @receiver("ticks")
        def tick(message: Message) -> None:
            tick(body="tick")

        tick(body="tick")
        with pytest.raises(AssertionError, match="send to itself"):
            run_receivers(tick)

    def test_a_failure_is_raised_when_its_message_is_settled(self, ran: Ran) -> None:
        for body in ("a", "fails", "b"):
            send("letters", body=body)
        with pytest.raises(ZeroDivisionError, match="failed"):
            run_receivers("letters")
        assert self.states() == ["succeeded", "failed", "waiting"]
        assert run_receivers("letters") == 1

    def test_failures_can_be_passed_over(self, ran: Ran, caplog: pytest.LogCaptureFixture) -> None:
        for body in ("fails", "b"):
            send("letters", body=body)
        assert run_receivers("letters", raise_errors=False) == 2
        assert self.states() == ["failed", "succeeded"]
        assert isinstance(self.sent[0].error, ZeroDivisionError)
        assert "ZeroDivisionError" in caplog.text

    def test_a_failed_message_of_a_queue_that_retries_waits_again(self, own_queues: Queues) -> None:
        counts: list[int] = []

        @receiver("retried", on_error="retry", max_receives=2)
        def retried(message: Message) -> None:
            counts.append(message.receive_count)
            raise ZeroDivisionError

        retried(body="a")
        assert run_receivers(retried, raise_errors=False) == 0
        assert self.states() == ["waiting"]
        assert run_receivers(retried, raise_errors=False) == 1
        assert self.states() == ["failed"]
        assert counts == [1, 2]

    def test_rejecting_is_no_failure(self, ran: Ran) -> None:
        send("letters", body="rejects")
        assert run_receivers("letters") == 1
        assert self.states() == ["rejected"]
        assert str(self.sent[0].error) == "no"

    def test_what_restarts_later_waits_for_the_next_call(self, ran: Ran) -> None:
        send("letters", body="restarts")
        assert run_receivers("letters") == 0
        assert self.states() == ["waiting"]
        assert run_receivers("letters") == 0
        assert ran.bodies == ["restarts", "restarts"]

    def test_a_batch_receiver_gets_batches(self, own_queues: Queues) -> None:
        batches: list[list[str]] = []

        @receiver("batches", batch=3)
        def take(messages: list[Message]) -> list[Message] | None:
            batches.append([message.body for message in messages])
            return [message for message in messages if message.body == "fails"]

        take.send_many([{"body": body} for body in ("a", "fails", "b", "c")])
        with pytest.raises(BatchFailed):
            run_receivers(take)
        assert self.states() == ["succeeded", "failed", "succeeded", "waiting"]
        assert run_receivers(take, limit=2) == 1
        assert batches == [["a", "fails", "b"], ["c"]]

    def test_an_asynchronous_receiver_is_run(self, own_queues: Queues) -> None:
        got: list[str] = []

        @receiver("letters_async")
        async def take(message: Message) -> None:
            got.append(message.body)

        take(body="a")
        assert run_receivers(take) == 1
        assert got == ["a"]
