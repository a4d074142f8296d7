"""What supervisor and receiver say to each other, and what becomes of it when either is gone or does not read."""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from django_sqs.receiving.channel import Channel, ChannelQuota, LineReader, Order
from tests.receiving.support import eventually


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The supervisor's end and the receiver's."""
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def ours(pair: tuple[socket.socket, socket.socket]) -> socket.socket:
    return pair[0]


@pytest.fixture
def channel(pair: tuple[socket.socket, socket.socket]) -> Channel:
    return Channel(pair[1])


@pytest.fixture
def wakeup() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The end that a signal writes to, and the one that is read."""
    writer, reader = socket.socketpair()
    reader.setblocking(False)
    with writer, reader:
        yield writer, reader


def fill(sock: socket.socket) -> None:
    """Send until nothing more goes in: the other side does not read."""
    sock.setblocking(False)
    try:
        while True:
            sock.send(b"x" * 999 + b"\n")
    except BlockingIOError:
        pass
    try:
        while True:
            sock.send(b"\n")
    except BlockingIOError:
        pass


def read_all(sock: socket.socket) -> str:
    """What stands in the socket now."""
    sock.setblocking(False)
    data = b""
    try:
        while part := sock.recv(65_536):
            data += part
    except BlockingIOError:
        pass
    return data.decode()


# --- lines


def test_lines_come_as_words_however_they_are_cut(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.setblocking(False)
    reader = LineReader(theirs)
    assert list(reader.lines()) == []
    ours.send(b"drain 5.0\nst")
    assert list(reader.lines()) == [["drain", "5.0"]]
    ours.send(b"op")
    assert list(reader.lines()) == []
    ours.send(b"\ngrant 3\n")
    assert list(reader.lines()) == [["stop"], ["grant", "3"]]
    assert not reader.ended


def test_the_end_of_the_stream_is_told_apart_from_silence(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    theirs.setblocking(False)
    reader = LineReader(theirs)
    ours.send(b"stop\n")
    ours.close()
    assert list(reader.lines()) == [["stop"]]
    assert not reader.ended
    assert list(reader.lines()) == []
    assert reader.ended


def test_a_connection_that_breaks_is_an_end(pair: tuple[socket.socket, socket.socket]) -> None:
    _, theirs = pair
    reader = LineReader(theirs)
    theirs.close()
    assert list(reader.lines()) == []
    assert reader.ended


# --- orders


@pytest.mark.parametrize(
    ("line", "order"),
    [
        (b"drain 12.5\n", Order("drain", 12.5)),
        (b"stop\n", Order("stop")),
        (b"finish\n", Order("finish")),
        (b"drain 25\nstop\n", Order("stop")),
        (b"drain 25\ngrant 3\n", Order("drain", 25)),
        (b"whatever this is\n", None),
    ],
)
def test_orders_are_obeyed_and_the_last_one_counts(
    ours: socket.socket, channel: Channel, line: bytes, order: Order | None
) -> None:
    ours.send(line)
    assert channel.wait(5) == order


def test_without_an_order_the_wait_ends_by_itself(channel: Channel) -> None:
    assert channel.wait(0.001) is None


def test_a_supervisor_that_is_gone_leaves_an_orphan_which_is_told_once(ours: socket.socket, channel: Channel) -> None:
    ours.close()
    assert channel.wait(5) == Order("orphaned")
    assert channel.wait(0.001) is None, "or the drain would never wait"


def test_a_last_order_counts_more_than_that_the_supervisor_is_gone(ours: socket.socket, channel: Channel) -> None:
    ours.send(b"stop\n")
    ours.close()
    assert channel.wait(5) == Order("stop")
    assert channel.wait(5) == Order("orphaned")


# --- signals


def test_any_number_of_sigterms_is_one_drain(
    pair: tuple[socket.socket, socket.socket], wakeup: tuple[socket.socket, socket.socket]
) -> None:
    channel = Channel(pair[1], wakeup[1])
    wakeup[0].send(bytes([signal.SIGTERM] * 3))
    assert channel.wait(5) == Order("drain")
    assert channel.wait(0.001) is None


def test_other_signals_that_python_handles_are_no_order(
    pair: tuple[socket.socket, socket.socket], wakeup: tuple[socket.socket, socket.socket]
) -> None:
    channel = Channel(pair[1], wakeup[1])
    wakeup[0].send(bytes([signal.SIGCHLD, signal.SIGUSR1]))
    assert channel.wait(5) is None
    wakeup[0].send(bytes([signal.SIGCHLD, signal.SIGTERM]))
    assert channel.wait(5) == Order("drain")


def test_a_sigterm_is_heard_after_the_supervisor_is_gone(
    pair: tuple[socket.socket, socket.socket], wakeup: tuple[socket.socket, socket.socket]
) -> None:
    channel = Channel(pair[1], wakeup[1])
    pair[0].close()
    assert channel.wait(5) == Order("orphaned")
    wakeup[0].send(bytes([signal.SIGTERM]))
    assert channel.wait(5) == Order("drain")


# --- saying


def test_what_is_said_arrives_in_lines(ours: socket.socket, channel: Channel) -> None:
    channel.say("alive")
    channel.say("empty 1")
    assert ours.recv(100) == b"alive\nempty 1\n"


def test_a_supervisor_that_does_not_read_holds_nothing_up(ours: socket.socket, channel: Channel) -> None:
    fill(channel._socket)
    channel.say("alive")
    assert "alive" not in read_all(ours)


def test_a_supervisor_that_is_gone_makes_no_error(ours: socket.socket, channel: Channel) -> None:
    ours.close()
    channel.say("alive")


# --- the message limit


class Asking(threading.Thread):
    """A poll thread that asks whether it may ask for messages."""

    def __init__(self, quota: ChannelQuota, count: int) -> None:
        super().__init__(daemon=True)
        self._quota = quota
        self._count = count
        self.granted: int | None = None
        self.start()

    def run(self) -> None:
        self.granted = self._quota.reserve(self._count)


def test_the_supervisor_grants_how_many_messages_may_be_asked_for(ours: socket.socket, channel: Channel) -> None:
    asking = Asking(ChannelQuota(channel), 10)
    assert ours.recv(100) == b"want 10\n"
    ours.send(b"grant 7\n")
    assert channel.wait(5) is None
    asking.join(5)
    assert asking.granted == 7


def test_two_that_ask_at_the_same_time_get_an_answer_each(ours: socket.socket, channel: Channel) -> None:
    quota = ChannelQuota(channel)
    threads = [Asking(quota, 3), Asking(quota, 3)]
    for _ in threads:
        assert ours.recv(100) == b"want 3\n", "the second asks when the first has its answer"
        ours.send(b"grant 3\n")
        channel.wait(5)
    eventually(lambda: not any(thread.is_alive() for thread in threads))
    assert [thread.granted for thread in threads] == [3, 3]


def test_a_supervisor_that_is_gone_grants_nothing(ours: socket.socket, channel: Channel) -> None:
    quota = ChannelQuota(channel)
    asking = Asking(quota, 10)
    assert ours.recv(100) == b"want 10\n"
    ours.close()
    channel.wait(5)
    asking.join(5)
    assert asking.granted == 0
    assert quota.reserve(5) == 0, "and nobody waits for it"


def test_what_came_is_told(ours: socket.socket, channel: Channel) -> None:
    ChannelQuota(channel).settle(10, 4)
    assert ours.recv(100) == b"got 4 10\n"


def test_a_question_that_did_not_get_through_is_asked_again(
    ours: socket.socket, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sqs.receiving.channel._ASK_AGAIN_SECS", 0.01)
    fill(channel._socket)
    asking = Asking(ChannelQuota(channel), 10)
    eventually(lambda: channel._granted._waiters)  # type: ignore[attr-defined]
    read_all(ours)
    eventually(lambda: "want 10" in read_all(ours))
    ours.send(b"grant 2\n")
    channel.wait(5)
    asking.join(5)
    assert asking.granted == 2


def test_what_came_is_told_later_where_it_did_not_get_through(ours: socket.socket, channel: Channel) -> None:
    quota = ChannelQuota(channel)
    fill(channel._socket)
    quota.settle(10, 4)
    quota.settle(10, 5)
    assert "got" not in read_all(ours)
    quota.settle(3, 1)
    assert read_all(ours) == "got 10 23\n"
