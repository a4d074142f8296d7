"""Both ends of a channel, and a supervisor that does not read."""

from __future__ import annotations

import socket


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
