"""How a receiver asks its supervisor for messages, and what becomes of what is not heard."""

from __future__ import annotations

import socket
import threading

import pytest

from django_sqs.receiving.channel import Channel, ChannelQuota
from tests.receiving.channels import fill, read_all
from tests.receiving.support import eventually, never


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


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks again by himself: who waits must be woken."""
    monkeypatch.setattr("django_sqs.receiving.channel._ASK_AGAIN_SECS", 60)


@pytest.mark.usefixtures("patient")
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


@pytest.mark.usefixtures("patient")
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


def test_a_question_that_got_through_is_asked_once(
    ours: socket.socket, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django_sqs.receiving.channel._ASK_AGAIN_SECS", 0.002)
    asking = Asking(ChannelQuota(channel), 10)
    never(lambda: asking.granted is not None, 0.03)
    assert read_all(ours) == "want 10\n"
    ours.send(b"grant 2\n")
    channel.wait(5)
    asking.join(5)
    assert asking.granted == 2


def test_what_came_is_told_before_more_is_asked_for(ours: socket.socket, channel: Channel) -> None:
    quota = ChannelQuota(channel)
    fill(channel._socket)
    quota.settle(10, 4)
    read_all(ours)
    asking = Asking(quota, 5)
    said = ""
    while "want" not in said:
        said += read_all(ours)
    assert said == "got 4 10\nwant 5\n"
    ours.send(b"grant 5\n")
    channel.wait(5)
    asking.join(5)


def test_what_came_is_told_later_where_it_did_not_get_through(ours: socket.socket, channel: Channel) -> None:
    quota = ChannelQuota(channel)
    fill(channel._socket)
    quota.settle(10, 4)
    quota.settle(10, 5)
    assert "got" not in read_all(ours)
    quota.settle(3, 1)
    assert read_all(ours) == "got 10 23\n"
