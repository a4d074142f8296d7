"""What supervisor and receiver say to each other, and what becomes of it when either is gone."""

from __future__ import annotations

import signal
import socket
import time

import pytest

from django_sqs.receiving.channel import Channel, LineReader, Order
from tests.receiving.channels import fill, read_all

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
    started = time.monotonic()
    assert channel.wait(0.03) is None
    assert time.monotonic() - started >= 0.03, "or the drain would never wait"


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
    assert not channel._socket.getblocking()
    fill(channel._socket)
    assert not channel.say("alive")
    assert "alive" not in read_all(ours)


def test_a_supervisor_that_is_gone_makes_no_error(ours: socket.socket, channel: Channel) -> None:
    ours.close()
    channel.say("alive")
