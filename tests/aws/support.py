"""A server that answers every request with the same bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django_sqs.aws import client
from django_sqs.aws.client import Connection, Tuning
from django_sqs.aws.physical_queue import PhysicalQueue, forget_addresses

QUICK = Tuning(connect_timeout=2, read_timeout=2, attempts=1, pool=2)


class Answer:
    """What the server says, which a test may change meanwhile. `length` lies about the size of the body."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"{}"
        self.length: int | None = None
        self.requests = 0


@contextmanager
def server() -> Iterator[tuple[Answer, PhysicalQueue]]:
    """A server, and a queue at it."""
    answer = Answer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer.requests += 1
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            self.wfile.write(answer.body)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint = f"http://127.0.0.1:{http.server_address[1]}"
    connection = Connection(region="us-east-1", endpoint_url=endpoint, access_key_id="x", secret_access_key="y")
    try:
        yield answer, PhysicalQueue("letters", connection, QUICK)
    finally:
        client.forget_clients()
        forget_addresses()
        http.shutdown()
        thread.join()
        http.server_close()
