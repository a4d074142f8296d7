"""Several batches at a time: how many, in which order, and what follows from a failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import pytest

from django_sqs.exceptions import EndpointUnreachable, SendFailed
from django_sqs.message import Message
from django_sqs.sending.in_parallel import MAX_REQUESTS, Batch, send_batches
from django_sqs.sending.options import SendOptions
from django_sqs.sending.outgoing import Outgoing


@dataclass(frozen=True)
class To:
    """A destination."""

    full_name: str


def batch(body: str, queue: str = "letters", size: int = 1) -> Batch:
    return [
        Outgoing(
            destination=To(queue),  # type: ignore[arg-type]
            message=Message(body=body),
            body=body,
            size=1,
            options=SendOptions(),
            entry={},
        )
        for _ in range(size)
    ]


def numbered(count: int, queue: str = "letters") -> list[Batch]:
    return [batch(str(number), queue) for number in range(count)]


class Post:
    """Sends: notes what was begun and what was done, and holds up or fails what it is told to."""

    def __init__(self, **failures: BaseException) -> None:
        self.failures = failures
        self.begun: list[str] = []
        self.done: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.most = 0
        #: Batches under way have to wait for this.
        self.open = threading.Event()
        self.open.set()
        self._lock = threading.Lock()

    def send(self, batch: Batch) -> None:
        body = batch[0].body
        with self._lock:
            self.begun.append(body)
            self.most = max(self.most, len(self.begun) - len(self.done))
            self.threads.add(threading.current_thread())
        assert self.open.wait(10)
        with self._lock:
            self.done.append(body)
        if body in self.failures:
            raise self.failures[body]


def eventually(condition: Callable[[], Any]) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not come true")


def in_background(batches: Iterable[Batch], post: Post) -> threading.Thread:
    thread = threading.Thread(target=send_batches, args=(batches, post.send))
    thread.start()
    return thread


def refused(*bodies: str, queue: str = "letters", sent: tuple[str, ...] = ()) -> SendFailed:
    return SendFailed(
        queue=queue,
        count=len(bodies),
        total=len(bodies) + len(sent),
        reasons="no",
        sent=[Message(body=body) for body in sent],
        failed=[(Message(body=body), f"no {body}") for body in bodies],
    )


def test_their_messages_are_counted() -> None:
    post = Post()
    assert send_batches([batch("a", size=10), batch("b", size=10), batch("c", size=3)], post.send) == 23
    assert sorted(post.done) == ["a", "b", "c"]
    assert send_batches([], post.send) == 0


def test_one_batch_needs_no_thread() -> None:
    post = Post()
    assert send_batches(numbered(1), post.send) == 1
    assert post.threads == {threading.current_thread()}


def test_the_first_goes_alone_and_then_as_many_as_are_allowed() -> None:
    post = Post()
    read: list[int] = []

    def batches() -> Iterator[Batch]:
        for number in range(30):
            read.append(number)
            yield batch(str(number))
            if not number:
                assert post.done == ["0"], "the second is read when the first is done"
                post.open.clear()

    sending = in_background(batches(), post)
    eventually(lambda: len(post.begun) == 1 + MAX_REQUESTS)
    assert post.done == ["0"]
    assert len(read) <= 1 + MAX_REQUESTS, "what cannot be sent yet is not read"
    post.open.set()
    sending.join(10)
    assert sorted(post.done, key=int) == [str(number) for number in range(30)]
    assert post.most == MAX_REQUESTS
    assert not any(thread.is_alive() for thread in post.threads)


def test_those_of_a_fifo_queue_go_one_after_the_other() -> None:
    post = Post()
    assert send_batches(numbered(20, "orders.fifo"), post.send) == 20
    assert post.done == [str(number) for number in range(20)]
    assert post.most == 1


def test_other_queues_do_not_wait_for_a_fifo_queue_to_be_done() -> None:
    post = Post()

    def batches() -> Iterator[Batch]:
        yield batch("a")
        post.open.clear()
        yield from (batch("b", "orders.fifo"), batch("c", "returns.fifo"), batch("d"), batch("e"))

    sending = in_background(batches(), post)
    eventually(lambda: len(post.begun) == 5)
    assert post.done == ["a"]
    post.open.set()
    sending.join(10)
    assert sorted(post.done) == list("abcde")


def test_once_the_first_has_failed_nothing_more_is_read() -> None:
    post = Post(a=refused("a"))
    batches = iter([batch("a"), batch("b")])
    with pytest.raises(SendFailed, match="1 of 1"):
        send_batches(batches, post.send)
    assert next(batches)[0].body == "b"


def test_after_a_failure_what_was_read_is_sent_and_the_rest_not_read() -> None:
    post = Post(**{"3": refused("3")})
    batches = iter(numbered(200))
    with pytest.raises(SendFailed, match="1 of 1"):
        send_batches(batches, post.send)
    following = next(batches)[0].body
    assert sorted(post.done, key=int) == [str(number) for number in range(int(following))]


def test_what_was_read_before_a_failure_on_its_fifo_queue_is_told_of() -> None:
    post = Post(b=refused("b", queue="orders.fifo"))

    def batches() -> Iterator[Batch]:
        yield batch("a", "orders.fifo")
        post.open.clear()
        yield batch("b", "orders.fifo")
        eventually(lambda: "b" in post.begun)
        threading.Timer(0.1, post.open.set).start()
        yield batch("c", "orders.fifo", size=2)

    with pytest.raises(SendFailed, match=r"3 of 3 messages for 'orders.fifo' .*no b; not tried") as raised:
        send_batches(batches(), post.send)
    assert [message.body for message, _ in raised.value.failed] == ["b", "c", "c"]
    assert post.done == ["a", "b"]


def test_failures_in_part_are_raised_as_one() -> None:
    post = Post(b=refused("b1", "b2", sent=("b3",)), c=refused("c1", queue="others", sent=("c2",)))
    gate = threading.Barrier(2)

    def send(batch: Batch) -> None:
        if batch[0].body != "a":
            gate.wait(10)
        post.send(batch)

    with pytest.raises(SendFailed, match=r"3 of 5 messages for 'letters, others'.*: no b1; no b2; no c1\.") as raised:
        send_batches([batch("a"), batch("b"), batch("c", "others")], send)
    assert [message.body for message in raised.value.sent] == ["b3", "c2"]
    assert [message.body for message, _ in raised.value.failed] == ["b1", "b2", "c1"]


def test_of_failures_of_different_kinds_the_earliest_is_raised() -> None:
    lost = EndpointUnreachable(action="SendMessage", queue="q", detail="gone", endpoint="there")
    gate = threading.Barrier(2)
    post = Post(b=lost, c=refused("c"))

    def send(batch: Batch) -> None:
        if batch[0].body != "a":
            gate.wait(10)
        post.send(batch)

    with pytest.raises(EndpointUnreachable):
        send_batches([batch("a"), batch("b"), batch("c")], send)


def test_what_making_the_batches_raises_comes_after_those_under_way() -> None:
    post = Post()

    def batches() -> Iterator[Batch]:
        yield from numbered(5)
        raise KeyError("no more")

    with pytest.raises(KeyError, match="no more"):
        send_batches(batches(), post.send)
    assert sorted(post.done) == list("01234")


def test_a_failure_to_send_is_not_hidden_by_one_to_make_the_batches() -> None:
    post = Post(b=refused("b"))

    def batches() -> Iterator[Batch]:
        yield batch("a")
        yield batch("b")
        eventually(lambda: "b" in post.done)
        raise KeyError("no more")

    with pytest.raises((SendFailed, KeyError)) as raised:
        send_batches(batches(), post.send)
    assert isinstance(raised.value, SendFailed)


def test_an_interrupt_is_passed_on() -> None:
    post = Post(b=refused("b"))

    def batches() -> Iterator[Batch]:
        yield batch("a")
        post.open.clear()
        yield batch("b")
        threading.Timer(0.1, post.open.set).start()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_batches(batches(), post.send)
    assert post.done == ["a", "b"]


def test_where_no_thread_can_be_started_it_goes_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    post = Post()
    assert send_batches(numbered(12), post.send) == 12
    assert post.done == [str(number) for number in range(12)]
    assert post.threads == {threading.current_thread()}


def test_where_few_threads_can_be_started_those_do_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real, started = threading.Thread.start, []

    def start(self: threading.Thread) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(self)
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)
    post = Post()
    assert send_batches(numbered(50), post.send) == 50
    assert sorted(post.done, key=int) == [str(number) for number in range(50)]
    assert post.threads <= {threading.current_thread(), *started}


def test_the_context_of_the_sender_is_that_of_the_threads() -> None:
    variable: ContextVar[str] = ContextVar("variable")
    variable.set("of the sender")
    seen: list[str] = []
    send_batches(numbered(5), lambda batch: seen.append(variable.get("none")))
    assert seen == ["of the sender"] * 5
