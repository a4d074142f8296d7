"""HTTP/1.1 as far as clients of SQS use it: requests with a length, on connections that stay open.

Written by hand because it is most of the time that a request takes, and a stand-in that is slower
than its clients measures itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

MAXIMUM_HEAD_BYTES = 65_536
MAXIMUM_BODY_BYTES = 8 * 1024 * 1024

_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    411: "Length Required",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass
class Request:
    """One request: what the server needs of it."""

    method: str
    path: str
    #: The value of X-Amz-Target, empty where there is none.
    target: str
    body: bytes


class Connection(asyncio.Protocol):
    """One client's connection. It handles one request at a time; what comes meanwhile waits."""

    def __init__(
        self, handle: Callable[[Request, Connection], None], counted: Callable[[Connection, bool], None]
    ) -> None:
        self._handle = handle
        self._counted = counted
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._busy = False
        self._reading = False
        self._close_after = False
        self._continued = False
        #: Called when the client goes away during a request, and forgotten once that is answered.
        self.on_lost: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._counted(self, True)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._counted(self, False)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy and not self._reading:
            self._read()

    def _read(self) -> None:
        """Handle every complete request in the buffer, one after the other."""
        # Not by recursion from answer(): a client may send thousands of requests in one piece.
        self._reading = True
        try:
            while not self._busy and self._transport is not None:
                request = self._next_request()
                if request is None:
                    break
                self._busy = True
                self._handle(request, self)
        finally:
            self._reading = False

    def _next_request(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            if len(self._buffer) > MAXIMUM_HEAD_BYTES:
                self._refuse(431)
            return None
        head = bytes(self._buffer[:end])
        lower = head.lower()
        length_text = _header(head, lower, b"\r\ncontent-length:")
        if b"\r\ntransfer-encoding:" in lower or not (length_text or "0").isdecimal():
            self._refuse(411)
            return None
        length = int(length_text or 0)
        if length > MAXIMUM_BODY_BYTES:
            self._refuse(413)
            return None
        start = end + 4
        if len(self._buffer) < start + length:
            if b"\r\nexpect: 100-continue" in lower and not self._continued and self._transport is not None:
                self._continued = True
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        self._continued = False
        method, _, rest = head[: head.find(b"\r\n") if b"\r\n" in head else end].decode("latin-1").partition(" ")
        path, _, version = rest.partition(" ")
        if not path or not version.startswith("HTTP/1."):
            self._refuse(400)
            return None
        self._close_after = version == "HTTP/1.0" or b"\r\nconnection: close" in lower
        return Request(method, path, _header(head, lower, b"\r\nx-amz-target:") or "", body)

    def _refuse(self, status: int) -> None:
        """Answer what cannot be understood, and close: where the next request starts is unknown."""
        self._close_after = True
        self.answer(status, b"", "text/plain")

    def answer(self, status: int, body: bytes, content_type: str, extra: str = "") -> None:
        """Send the answer to the request under way. ``extra`` is more header lines, each ended by CRLF."""
        self._busy = False
        self.on_lost = None
        if self._transport is None:
            return
        closing = "Connection: close\r\n" if self._close_after else ""
        head = (
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}{closing}\r\n"
        )
        self._transport.write(head.encode("latin-1") + body)
        if self._close_after:
            self._transport.close()
        elif self._buffer and not self._reading:
            self._read()

    def drop(self) -> None:
        """Close the connection without an answer."""
        if self._transport is not None:
            self._transport.abort()


def _header(head: bytes, lower: bytes, name: bytes) -> str | None:
    """The value of a header; ``lower`` is the head in small letters, ``name`` begins with CRLF."""
    at = lower.find(name)
    if at < 0:
        return None
    at += len(name)
    end = head.find(b"\r\n", at)
    return head[at : end if end >= 0 else len(head)].decode("latin-1").strip()
