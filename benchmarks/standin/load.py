"""How fast the stand-in is, by clients that cost next to nothing: ``python -m benchmarks.standin.load``.

Clients made of boto3 spend more on a request than the server does, and would measure themselves.
These write prepared requests to bare sockets. They run in a process of their own, and the server's
CPU time is read from the system, so that the rate of one whole core can be told on a shared machine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.standin.process import StandIn

QUEUE = "load"
URL = f"http://127.0.0.1/000000000000/{QUEUE}"
BODY = "x" * 200

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_HANDLE = re.compile(rb'"ReceiptHandle":"([^"]+)"')


class Client:
    """One connection with one request at a time."""

    def __init__(self, endpoint_url: str) -> None:
        address = urlsplit(endpoint_url)
        assert address.port is not None
        self._host = f"{address.hostname}:{address.port}"
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._socket.close()

    def prepare(self, action: str, parameters: dict[str, object]) -> bytes:
        """The bytes of a request, with about the headers that botocore sends."""
        body = json.dumps({"QueueUrl": URL, **parameters}).encode()
        head = (
            f"POST / HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: identity\r\n"
            f"X-Amz-Target: AmazonSQS.{action}\r\nContent-Type: application/x-amz-json-1.0\r\n"
            f"User-Agent: load\r\nX-Amz-Date: 20260101T000000Z\r\nAuthorization: {'A' * 200}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def exchange(self, request: bytes) -> bytes:
        """Send a request; returns the body of the answer, which must be a success."""
        self._socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        assert found is not None
        while len(body) < int(found[1]):
            body += self._receive()
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"The stand-in answered {head[:60]!r}: {body[:200]!r}")
        return body

    def _receive(self) -> bytes:
        data = self._socket.recv(65_536)
        if not data:
            raise SystemExit("The stand-in closed a connection.")
        return data


def entries(name: str, values: list[str]) -> dict[str, object]:
    return {"Entries": [{"Id": str(number), name: value} for number, value in enumerate(values)]}


def handles_in(answer: bytes) -> list[str]:
    return [handle.decode() for handle in _HANDLE.findall(answer)]


def send_one(client: Client) -> Callable[[], int]:
    request = client.prepare("SendMessage", {"MessageBody": BODY})
    return lambda: len(client.exchange(request)) and 1


def send_ten(client: Client) -> Callable[[], int]:
    request = client.prepare("SendMessageBatch", entries("MessageBody", [BODY] * 10))
    return lambda: len(client.exchange(request)) and 1


def receive_nothing(client: Client) -> Callable[[], int]:
    request = client.prepare("ReceiveMessage", {"MaxNumberOfMessages": 10})
    return lambda: len(client.exchange(request)) and 1


def receive_and_delete_ten(client: Client) -> Callable[[], int]:
    request = client.prepare("ReceiveMessage", {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"]})

    def step() -> int:
        handles = handles_in(client.exchange(request))
        if not handles:
            return 0
        client.exchange(client.prepare("DeleteMessageBatch", entries("ReceiptHandle", handles)))
        return 2

    return step


#: Name -> what a client repeats, and the messages that lie in the queue beforehand.
PROGRAMS: dict[str, tuple[Callable[[Client], Callable[[], int]], int]] = {
    "send 1": (send_one, 0),
    "send 10": (send_ten, 0),
    "receive nothing": (receive_nothing, 0),
    "receive 10, delete 10": (receive_and_delete_ten, 0),
    "the same, 100,000 deep": (receive_and_delete_ten, 100_000),
}


def cpu_seconds(pid: int) -> float:
    """The CPU time a process has used, from /proc; 0 where there is none."""
    path = Path(f"/proc/{pid}/stat")
    if not path.exists():
        return 0.0
    fields = path.read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(name: str, connections: int, seconds: float) -> str:
    """Run one program against a fresh server; returns a line of the table."""
    program, depth = PROGRAMS[name]
    with StandIn(queues=[QUEUE]) as standin:
        if program is receive_and_delete_ten:
            # Enough that the queue does not run dry while it is drained.
            standin.fill(QUEUE, depth + int(seconds * 40_000), bytes=len(BODY))
        clients = [Client(standin.endpoint_url) for _ in range(connections)]
        steps = [program(client) for client in clients]
        counts = [0] * connections
        used = cpu_seconds(standin.pid)
        started_at = time.perf_counter()
        ends_at = started_at + seconds

        def repeat(number: int) -> None:
            while time.perf_counter() < ends_at:
                counts[number] += steps[number]()

        threads = [threading.Thread(target=repeat, args=(number,)) for number in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        elapsed = time.perf_counter() - started_at
        used = cpu_seconds(standin.pid) - used
        for client in clients:
            client.close()
    total = sum(counts)
    return f"{name:<24}{total / elapsed:>12,.0f}{used / total * 1e3:>14.3f}{total / used if used else 0:>18,.0f}"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.standin.load", description=__doc__)
    parser.add_argument("--connections", type=int, default=4, help="clients at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="for each line of the table (%(default)s)")
    options = parser.parse_args()
    print(f"{'':<24}{'requests/s':>12}{'CPU ms each':>14}{'requests/core s':>18}")
    for name in PROGRAMS:
        print(run(name, options.connections, options.seconds), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
