"""The stand-in's HTTP: requests in pieces, several at once, and such as no client should send."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from benchmarks.standin.wire import MAXIMUM_HEAD_BYTES, Connection, Request


class Transport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close


class Peer:
    """A connection whose requests are kept until the test answers them."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.transport = Transport()
        self.at_once = False
        self.connection = Connection(self._handle, lambda connection, there: None)
        self.connection.connection_made(cast(asyncio.BaseTransport, self.transport))

    def _handle(self, request: Request, connection: Connection) -> None:
        self.requests.append(request)
        if self.at_once:
            self.answer()

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    def answer(self, body: bytes = b"{}") -> None:
        self.connection.answer(200, body, "application/json")

    @property
    def status(self) -> int:
        return int(self.transport.written.split()[1])


@pytest.fixture
def peer() -> Peer:
    return Peer()


def post(body: bytes = b"{}", more: str = "", target: str = "AmazonSQS.SendMessage") -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: {target}\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def test_a_request_is_read_however_it_is_cut(peer: Peer) -> None:
    data = post(b'{"MessageBody": "\r\n\r\n"}')

    for at in range(len(data)):
        assert peer.requests == []
        peer.send(data[at : at + 1])

    assert peer.requests == [Request("POST", "/", "AmazonSQS.SendMessage", b'{"MessageBody": "\r\n\r\n"}')]


def test_headers_are_found_in_any_case(peer: Peer) -> None:
    peer.send(b"POST /q HTTP/1.1\r\nx-amz-target:  AmazonSQS.A \r\nCONTENT-LENGTH: 2\r\n\r\nhi")

    assert peer.requests == [Request("POST", "/q", "AmazonSQS.A", b"hi")]


def test_requests_in_one_piece_are_answered_one_after_the_other(peer: Peer) -> None:
    peer.send(post(b"1") + post(b"2"))
    assert [request.body for request in peer.requests] == [b"1"], "the second waits for the first answer"

    peer.answer(b"first")
    assert [request.body for request in peer.requests] == [b"1", b"2"]
    peer.answer(b"second")

    assert peer.transport.written.count(b"HTTP/1.1 200 OK") == 2
    assert peer.transport.written.index(b"first") < peer.transport.written.index(b"second")


def test_thousands_of_requests_in_one_piece_do_not_exhaust_the_stack(peer: Peer) -> None:
    peer.at_once = True

    peer.send(post() * 5000)

    assert len(peer.requests) == 5000


def test_an_answer_has_a_length_and_leaves_the_connection_open(peer: Peer) -> None:
    peer.send(post())
    peer.answer(b'{"a": 1}')

    head, _, body = peer.transport.written.partition(b"\r\n\r\n")
    assert body == b'{"a": 1}'
    assert b"Content-Length: 8" in head
    assert not peer.transport.closed


@pytest.mark.parametrize("data", [post(more="Connection: close\r\n"), b"GET / HTTP/1.0\r\n\r\n"])
def test_a_connection_is_closed_where_the_client_wants_it(peer: Peer, data: bytes) -> None:
    peer.send(data)
    peer.answer()

    assert b"Connection: close" in peer.transport.written
    assert peer.transport.closed


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"x" * (MAXIMUM_HEAD_BYTES + 1), 431),
    ],
)
def test_what_cannot_be_understood_is_refused_and_the_connection_closed(peer: Peer, data: bytes, status: int) -> None:
    peer.send(data)

    assert peer.status == status
    assert peer.transport.closed
    assert peer.requests == []


def test_a_client_that_asks_first_is_told_to_go_on_once(peer: Peer) -> None:
    data = post(b"body", more="Expect: 100-continue\r\n")
    head = data[: data.index(b"body")]

    peer.send(head)
    peer.send(b"bo")
    assert peer.transport.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    peer.send(b"dy")

    assert peer.requests[0].body == b"body"


def test_a_client_that_goes_away_is_noticed_during_its_request_only(peer: Peer) -> None:
    lost: list[str] = []
    peer.send(post())
    peer.connection.on_lost = lambda: lost.append("first")
    peer.answer()
    peer.connection.connection_lost(None)
    assert lost == []

    peer.connection.connection_made(cast(asyncio.BaseTransport, peer.transport))
    peer.send(post())
    peer.connection.on_lost = lambda: lost.append("second")
    peer.connection.connection_lost(None)
    peer.answer()

    assert lost == ["second"]
    assert peer.transport.written.count(b"200 OK") == 1, "nothing is written to a closed connection"
