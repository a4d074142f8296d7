"""Running messages: decode, call the receiver, settle by what came of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.db import DatabaseError, connections

from django_sqs import BatchFailed, Reject, RestartLater, signals
from django_sqs.exceptions import ReceiverTimeout, WrongArgument
from django_sqs.message import JSONMessage, Message
from django_sqs.receiving import database
from django_sqs.receiving.conclusion import BodyUnavailable, Conclusions, DeleteRefused, Ignored
from django_sqs.receiving.held import HeldMessage
from django_sqs.receiving.runner import Runner, failed_of_batch
from django_sqs.receiving.settler import NOTHING, Outcome
from tests.receiving.conftest import Registering
from tests.receiving.support import FakeQueue, Outcomes, holdings, refused, unreachable
from tests.receiving.support import held as held_message


class Running:
    """A runner of the messages of a queue, with what was concluded of each."""

    def __init__(self, registered: Registering, physical: FakeQueue, fn: Any, **options: Any) -> None:
        self.holdings = holdings(8)
        self.settler = Outcomes(physical, self.holdings)
        queue = registered(fn, **options)
        self.runner = Runner(queue, physical, None, self.holdings, self.settler)
        #: What the receiver raised, by message id.
        self.errors: dict[str, BaseException | None] = {}
        self._conclusions = self.runner.conclusions
        self.runner.conclusions = Noting(self)

    def run(self, *messages: HeldMessage) -> None:
        self.runner.run(messages)

    def arun(self, *messages: HeldMessage) -> None:
        """Run them as a slot does, in an event loop."""

        async def slot() -> None:
            async with ThreadSensitiveContext() as context:
                await self.runner.arun(messages, context)

        asyncio.run(slot())

    @property
    def outcomes(self) -> dict[str, Outcome]:
        return self.settler.noted


class Noting(Conclusions):
    """Notes what is concluded from, and where."""

    def __init__(self, running: Running) -> None:
        self.__dict__.update(running._conclusions.__dict__)
        self._running = running
        self.threads: list[int] = []

    def conclude(self, held: HeldMessage, error: BaseException | None) -> Outcome:
        self._running.errors[held.id] = error
        self.threads.append(threading.get_ident())
        return super().conclude(held, error)


Start = Callable[..., Running]


@pytest.fixture
def start(registered: Registering, physical: FakeQueue, settings: Any) -> Start:
    """Makes a runner for a receiver. What fails is only logged."""
    settings.SQS_KEEP_FAILED = False
    return lambda fn, **options: Running(registered, physical, fn, **options)


@pytest.fixture
def tidied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """How connections were looked after: (failed, close)."""
    calls: list[tuple[bool, bool]] = []
    monkeypatch.setattr(database, "after_message", lambda failed, close: calls.append((failed, close)))
    return calls


# --- plain receivers


def test_the_receiver_is_called_with_the_decoded_message(start: Start) -> None:
    got: list[JSONMessage] = []
    running = start(got.append, message_class=JSONMessage)
    running.run(held_message("a", body='{"id": 7}', count=2))
    (message,) = got
    assert (message.body, message.id, message.receive_count, message.queue_name) == ({"id": 7}, "a", 2, "test__jobs")
    assert running.outcomes == {"a": None}


@pytest.mark.parametrize("error", [ValueError("boom"), SystemExit(3), KeyboardInterrupt(), asyncio.CancelledError()])
def test_whatever_a_receiver_raises_is_the_failure_of_its_message(start: Start, error: BaseException) -> None:
    def fail(message: Message) -> None:
        raise error

    running = start(fail)
    running.run(held_message("a"))
    assert running.errors == {"a": error}
    assert running.outcomes == {"a": None}


def test_what_a_plain_receiver_returns_does_not_matter(start: Start) -> None:
    running = start(lambda message: [message])
    running.run(held_message("a"))
    assert running.errors == {"a": None}


@pytest.mark.parametrize("body", ["{broken", "[" * 100_000])
def test_a_body_that_cannot_be_decoded_is_rejected_and_its_receiver_not_called(start: Start, body: str) -> None:
    got: list[object] = []
    running = start(got.append, message_class=JSONMessage)
    running.run(held_message("a", body=body))
    assert got == []
    assert isinstance(running.errors["a"], Reject)


class Hostile(Message):
    def decode(self, raw_body: str) -> str:
        raise MemoryError("a body of this class takes too much")


class Misbehaving(Message):
    @property
    def ignored(self) -> bool:
        raise LookupError("a fault in the class")


@pytest.mark.parametrize("message_class", [Hostile, Misbehaving])
def test_whatever_a_message_class_raises_no_retry_will_mend_it(start: Start, message_class: type[Message]) -> None:
    running = start(lambda message: None, message_class=message_class, on_error="retry")
    running.run(held_message("a"))
    assert isinstance(running.errors["a"], Reject)
    assert running.outcomes == {"a": None}


class Elsewhere(Message):
    def decode(self, raw_body: str) -> str:
        raise unreachable()


def test_a_body_that_is_elsewhere_and_cannot_be_had_now_leaves_the_message_in_the_queue(start: Start) -> None:
    running = start(lambda message: None, message_class=Elsewhere)
    running.run(held_message("a"))
    assert isinstance(running.errors["a"], BodyUnavailable)
    assert isinstance(running.outcomes["a"], float)


class Uninteresting(Message):
    ignored = True


def test_a_message_that_needs_no_receiver_is_deleted_without_one(start: Start) -> None:
    got: list[object] = []
    running = start(got.append, message_class=Uninteresting)
    running.run(held_message("a"))
    assert got == []
    assert isinstance(running.errors["a"], Ignored)
    assert running.outcomes == {"a": None}


def test_what_another_has_decided_on_is_not_settled_again(start: Start) -> None:
    running = start(lambda message: None)
    message = held_message("a")
    message.judged = True
    running.run(message)
    assert running.outcomes == {}


def test_a_restart_stays(start: Start) -> None:
    def later(message: Message) -> None:
        raise RestartLater(5)

    running = start(later)
    running.run(held_message("a"))
    assert running.outcomes == {"a": 5.0}


# --- listeners


@pytest.fixture
def received() -> Iterator[list[str]]:
    """The threads in which listeners of message_received were called."""
    threads: list[str] = []

    def listen(**facts: Any) -> None:
        threads.append(threading.current_thread().name)

    signals.message_received.connect(listen)
    yield threads
    signals.message_received.disconnect(listen)


def test_listeners_are_told_before_the_receiver_is_called(start: Start, received: list[str]) -> None:
    seen: list[int] = []
    running = start(lambda message: seen.append(len(received)))
    running.run(held_message("a"))
    assert seen == [1]


def test_listeners_are_told_of_nothing_where_the_receiver_is_not_called(start: Start, received: list[str]) -> None:
    start(lambda message: None, message_class=JSONMessage).run(held_message("a", body="{broken"))
    assert received == []


def test_a_coroutine_s_listeners_may_block(start: Start, received: list[str]) -> None:
    async def receive(message: Message) -> None:
        pass

    running = start(receive)
    running.arun(held_message("a"))
    assert received == [name for name in received if name != threading.current_thread().name]
    assert len(received) == 1


# --- delete_on_start


def test_it_is_deleted_immediately_before_it_runs(start: Start, physical: FakeQueue) -> None:
    seen: list[int] = []
    running = start(lambda message: seen.append(len(physical.made("delete"))), delete_on_start=True)
    message = held_message("a")
    running.run(message)
    assert seen == [1]
    assert physical.made("delete") == [[message.handle]]
    assert message.deleted
    assert running.outcomes == {"a": NOTHING}


@pytest.mark.parametrize("failure", [unreachable(), refused(0)])
def test_where_the_delete_is_not_confirmed_it_is_not_run(start: Start, physical: FakeQueue, failure: Any) -> None:
    got: list[object] = []
    physical.answer("delete", failure)
    running = start(got.append, delete_on_start=True)
    message = held_message("a")
    running.run(message)
    assert got == []
    assert isinstance(running.errors["a"], DeleteRefused)
    assert not message.deleted
    assert isinstance(running.outcomes["a"], float), "it stays"


def test_what_cannot_be_decoded_is_not_deleted_before(start: Start, physical: FakeQueue) -> None:
    running = start(lambda message: None, message_class=JSONMessage, delete_on_start=True)
    running.run(held_message("a", body="{broken"))
    assert physical.made("delete") == []
    assert running.outcomes == {"a": None}, "but kept and deleted"


# --- the back-stop


def test_one_that_kills_its_process_every_time_does_not_come_back_for_ever(start: Start) -> None:
    got: list[object] = []
    running = start(got.append, max_receives=2)
    running.run(held_message("a", count=20))
    assert len(got) == 1
    running.run(held_message("b", count=21))
    assert len(got) == 1
    assert "received 21 times without being settled" in str(running.errors["b"])


def test_where_sqs_has_a_redrive_policy_the_back_stop_is_left_to_it(start: Start, physical: FakeQueue) -> None:
    physical.answer("attributes", {"RedrivePolicy": '{"deadLetterTargetArn": "arn:aws:sqs:r:1:dead"}'})
    got: list[object] = []
    start(got.append, max_receives=2).run(held_message("a", count=100))
    assert len(got) == 1


def test_without_max_receives_a_message_may_come_back_as_often_as_it_likes(start: Start, physical: FakeQueue) -> None:
    got: list[object] = []
    start(got.append).run(held_message("a", count=500))
    assert len(got) == 1
    assert physical.calls == []


# --- batches


def test_a_batch_receiver_is_called_with_a_list(start: Start) -> None:
    got: list[list[Message]] = []
    running = start(got.append, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert [[message.id for message in messages] for messages in got] == [["a", "b"]]
    assert running.outcomes == {"a": None, "b": None}


def test_what_cannot_be_decoded_is_left_out_of_its_batch(start: Start) -> None:
    got: list[list[JSONMessage]] = []
    running = start(got.append, batch=10, message_class=JSONMessage)
    running.run(held_message("a", body="1"), held_message("b", body="{"), held_message("c", body="3"))
    assert [[message.body for message in messages] for messages in got] == [[1, 3]]
    assert [running.errors["a"], running.errors["c"]] == [None, None]
    assert isinstance(running.errors["b"], Reject)


def test_a_batch_in_which_nothing_can_be_decoded_has_no_call(start: Start) -> None:
    got: list[object] = []
    running = start(got.append, batch=10, message_class=JSONMessage)
    running.run(held_message("a", body="{"))
    assert got == []
    assert list(running.outcomes) == ["a"]


def test_a_batch_receiver_may_return_those_that_failed(start: Start) -> None:
    running = start(lambda messages: [messages[1]], batch=10, on_error="retry")
    running.run(held_message("a"), held_message("b"), held_message("c"))
    assert [running.errors["a"], running.errors["c"]] == [None, None]
    assert isinstance(running.errors["b"], BatchFailed)
    assert isinstance(running.outcomes["b"], float)


@pytest.mark.parametrize("returned", [[], (), set()])
def test_a_batch_receiver_that_returns_nothing_that_failed_has_succeeded(start: Start, returned: object) -> None:
    running = start(lambda messages: returned, batch=10)
    running.run(held_message("a"))
    assert running.errors == {"a": None}


def test_a_batch_receiver_may_raise_those_that_failed_with_their_cause(start: Start) -> None:
    cause = RuntimeError("these are bad")

    def fail(messages: list[Message]) -> None:
        raise BatchFailed([messages[0]]) from cause

    running = start(fail, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.errors == {"a": cause, "b": None}


def test_a_batch_may_be_restarted_in_part(start: Start) -> None:
    def later(messages: list[Message]) -> None:
        raise BatchFailed(messages[1:]) from RestartLater(5)

    running = start(later, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.outcomes == {"a": None, "b": 5.0}


def test_any_other_error_of_a_batch_receiver_is_that_of_all(start: Start) -> None:
    error = ValueError("boom")

    def fail(messages: list[Message]) -> None:
        raise error

    running = start(fail, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.errors == {"a": error, "b": error}


def named_one_by_one(messages: list[Message]) -> Iterator[Message]:
    yield messages[1]


def test_a_batch_receiver_may_yield_those_that_failed(start: Start) -> None:
    running = start(named_one_by_one, batch=10)
    running.run(held_message("a"), held_message("b"))
    assert running.errors["a"] is None
    assert str(running.errors["b"]) == "1 messages of the batch failed"


def failing_midway(messages: list[Message]) -> Iterator[Message]:
    yield messages[0]
    raise ValueError("boom")


def test_a_batch_receiver_that_fails_while_it_yields_has_failed_and_its_handler_lives(start: Start) -> None:
    running = start(failing_midway, batch=10, on_error="retry")
    running.run(held_message("a"), held_message("b"))
    assert [str(error) for error in running.errors.values()] == ["boom", "boom"]
    assert all(isinstance(outcome, float) for outcome in running.outcomes.values())


@pytest.mark.parametrize("returned", [True, 3, "a", b"a", [object()], [None]])
def test_a_batch_receiver_that_returns_anything_else_has_failed(start: Start, returned: object) -> None:
    running = start(lambda messages: returned, batch=10, on_error="retry")
    running.run(held_message("a"), held_message("b"))
    assert all(isinstance(error, WrongArgument) for error in running.errors.values())


def test_that_part_of_a_batch_failed_means_nothing_to_a_receiver_of_single_messages(start: Start) -> None:
    error = BatchFailed([])

    def fail(message: Message) -> None:
        raise error

    running = start(fail)
    running.run(held_message("a"))
    assert running.errors == {"a": error}


def test_messages_are_told_apart_by_what_they_are_and_not_by_what_is_in_them() -> None:
    first, second = Message(body="same"), Message(body="same")
    failed, cause = failed_of_batch([first, second], [second], None)
    assert failed == {id(second)}
    assert isinstance(cause, BatchFailed)


# --- coroutines


def test_a_coroutine_is_awaited(start: Start) -> None:
    got: list[str] = []

    async def receive(message: Message) -> None:
        await asyncio.sleep(0)
        got.append(message.body)

    running = start(receive)
    running.arun(held_message("a"))
    assert got == ["hello"]
    assert running.outcomes == {"a": None}


async def exit_(message: Message) -> None:
    raise SystemExit("a receiver must not end the process")


async def interrupt(message: Message) -> None:
    raise KeyboardInterrupt


async def cancel_itself(message: Message) -> None:
    raise asyncio.CancelledError


async def time_out_itself(message: Message) -> None:
    raise TimeoutError("its own")


async def too_few_arguments() -> None:
    """Cannot be called with a message."""


@pytest.mark.parametrize("timeout", [None, 60])
@pytest.mark.parametrize(
    ("fn", "error"),
    [
        (exit_, SystemExit),
        (interrupt, KeyboardInterrupt),
        (cancel_itself, asyncio.CancelledError),
        (time_out_itself, TimeoutError),
        (too_few_arguments, TypeError),
    ],
)
def test_whatever_a_coroutine_raises_is_the_failure_of_its_message_and_the_loop_goes_on(
    start: Start, fn: Any, error: type[BaseException], timeout: float | None
) -> None:
    running = start(fn, timeout=timeout)
    running.arun(held_message("a"))
    assert isinstance(running.errors["a"], error)
    assert not isinstance(running.errors["a"], ReceiverTimeout)


def test_a_coroutine_past_its_timeout_is_cancelled_and_has_failed(start: Start) -> None:
    cancelled: list[bool] = []

    async def hang(message: Message) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    running = start(hang, timeout=0.1)
    running.arun(held_message("a"))
    assert cancelled == [True]
    assert isinstance(running.errors["a"], ReceiverTimeout)


def test_a_coroutine_that_ends_all_the_same_when_it_is_cancelled_has_ended(start: Start) -> None:
    async def stubborn(message: Message) -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    running = start(stubborn, timeout=0.1)
    running.arun(held_message("a"))
    assert running.errors == {"a": None}


def test_what_a_coroutine_raises_when_it_is_cancelled_is_why_it_failed(start: Start) -> None:
    async def untidy(message: Message) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("nothing could be put in order")

    running = start(untidy, timeout=0.1)
    running.arun(held_message("a"))
    assert isinstance(running.errors["a"], RuntimeError)


def test_where_the_loop_ends_its_receivers_have_not_failed(start: Start) -> None:
    async def hang(message: Message) -> None:
        await asyncio.sleep(60)

    running = start(hang)

    async def main() -> None:
        async with ThreadSensitiveContext() as context:
            slot = asyncio.ensure_future(running.runner.arun([held_message("a")], context))
            await asyncio.sleep(0.01)
            slot.cancel()
            with pytest.raises(asyncio.CancelledError):
                await slot

    asyncio.run(main())
    assert running.errors == {}
    assert running.outcomes == {}


def test_a_batch_of_coroutines_returns_those_that_failed(start: Start) -> None:
    async def receive(messages: list[Message]) -> list[Message]:
        return messages[1:]

    running = start(receive, batch=10)
    running.arun(held_message("a"), held_message("b"))
    assert running.errors["a"] is None
    assert isinstance(running.errors["b"], BatchFailed)


def threads_of(running: Running) -> list[int]:
    conclusions = running.runner.conclusions
    assert isinstance(conclusions, Noting)
    return conclusions.threads


async def succeed(message: Message) -> None:
    pass


async def fail(message: Message) -> None:
    raise ValueError("boom")


@pytest.mark.parametrize(("fn", "in_the_loop"), [(succeed, True), (fail, False)])
def test_only_what_cannot_block_is_concluded_in_the_loop_s_own_thread(
    start: Start, fn: Callable[..., Awaitable[None]], in_the_loop: bool
) -> None:
    running = start(fn)
    running.arun(held_message("a"))
    (thread,) = threads_of(running)
    assert (thread == threading.get_ident()) is in_the_loop


@pytest.mark.parametrize(
    ("options", "in_the_loop"), [({}, True), ({"delete_on_start": True}, False), ({"max_receives": 5}, False)]
)
def test_what_may_ask_aws_before_the_call_does_not_do_so_in_the_loop_s_own_thread(
    start: Start, options: dict[str, Any], in_the_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start(succeed, **options)
    threads: list[int] = []
    prepared = running.runner._prepared

    def noting(taken: Any) -> Any:
        threads.append(threading.get_ident())
        return prepared(taken)

    monkeypatch.setattr(running.runner, "_prepared", noting)
    running.arun(held_message("a"))
    assert (threads == [threading.get_ident()]) is in_the_loop


class Fetching(Message):
    _fetches = True


def test_a_body_that_is_elsewhere_is_not_fetched_in_the_loop_s_own_thread(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def decode(self: Fetching, raw_body: str) -> str:
        threads.append(threading.get_ident())
        return raw_body

    monkeypatch.setattr(Fetching, "decode", decode)
    running = start(succeed, message_class=Fetching)
    running.arun(held_message("a"))
    assert threads
    assert threading.get_ident() not in threads


# --- connections


@pytest.mark.parametrize("close", [True, False])
def test_connections_are_looked_after_when_the_message_is_settled(
    start: Start, tidied: list[tuple[bool, bool]], close: bool
) -> None:
    running = start(lambda message: None, close_database=close)
    running.run(held_message("a"))
    assert tidied == [(False, close)]


def test_connections_are_looked_after_more_closely_where_one_failed(
    start: Start, tidied: list[tuple[bool, bool]]
) -> None:
    start(lambda messages: messages[:1], batch=2).run(held_message("a"), held_message("b"))
    assert tidied == [(True, False)]


def test_a_slot_that_never_used_its_thread_has_no_connections_to_look_after(
    start: Start, tidied: list[tuple[bool, bool]]
) -> None:
    async def receive(message: Message) -> None:
        if message.id == "b":
            await sync_to_async(lambda: None)()

    start(receive).arun(held_message("a"))
    assert tidied == []
    start(receive).arun(held_message("b"))
    assert tidied == [(False, False)]


@pytest.mark.usefixtures("database_file")
@pytest.mark.parametrize(("handled", "kept"), [(True, True), (False, False)])
def test_a_query_that_failed_closes_the_connection_unless_the_receiver_has_handled_it(
    start: Start, handled: bool, kept: bool
) -> None:
    open_after: list[bool] = []

    def query(message: Message) -> None:
        try:
            with connections["file"].cursor() as cursor:
                cursor.execute("SELECT nonsense")
        except DatabaseError:
            if not handled:
                raise

    def handler() -> None:
        start(query).run(held_message("a"))
        open_after.append(connections["file"].connection is not None)
        database.close_all()

    thread = threading.Thread(target=handler)
    thread.start()
    thread.join(10)
    assert open_after == [kept]


def test_the_runner_says_whose_messages_it_runs(start: Start) -> None:
    assert start(lambda message: None).runner.name == "test__jobs"
