"""An SQS server on this machine, for development and tests: moto's, which keeps everything in memory.

`python -m django_sqs.local` runs it without Django's settings, and prints its address.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from django_sqs.exceptions import DjangoSQSError, ServerMissing, ServerNotStarted

DEFAULT_PORT = 9324

#: Requests that may wait to be accepted. Receivers and senders of a test connect in bursts.
_BACKLOG = 128


def local_settings(endpoint_url: str) -> dict[str, str]:
    """The settings that point a project at the server. It takes any credentials, but boto3 wants some."""
    return {
        "SQS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_REGION": "us-east-1",
    }


def serve(host: str = "127.0.0.1", port: int = DEFAULT_PORT, on_ready: Callable[[str], object] | None = None) -> None:
    """Serve SQS, and nothing else, until SIGTERM or SIGINT; in the main thread. Port 0 takes a free one. `on_ready` is
    called with the server's address once it listens.

    Raises `ServerMissing` without moto, and `ServerNotStarted` where the port is taken or the host is not ours.
    """
    _require_moto()
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class QuietHandler(WSGIRequestHandler):
        def log_request(self, *args: Any, **kwargs: Any) -> None:
            pass

    with _bound(host, port) as listener:
        name, number = listener.getsockname()[:2]
        application = create_backend_app("sqs")
        # Given a port instead of a socket, werkzeug prints and exits where the port is taken.
        server = make_server(
            name, number, application, threaded=True, request_handler=QuietHandler, fd=listener.fileno()
        )
        with _ended_by_signals(server.shutdown):
            if on_ready is not None:
                on_ready(_url(name, number))
            server.serve_forever(poll_interval=0.1)


def _require_moto() -> None:
    for name in ("moto", "flask", "flask_cors"):
        if importlib.util.find_spec(name) is None:
            raise ServerMissing(detail=f"there is no module {name}")


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises `ServerNotStarted`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = found[0]
        listener = socket.socket(family, kind)
        try:
            if os.name == "posix":  # on Windows it would let two servers share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        detail = getattr(error, "strerror", None) or str(error)
        raise ServerNotStarted(host=host, port=port, detail=detail) from error
    return listener


def _url(host: str, port: int) -> str:
    """The address for clients on this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _ended_by_signals(end: Callable[[], object]) -> Iterator[None]:
    """Within it, SIGTERM and SIGINT call `end`, in a thread of its own because it waits for what the signal
    interrupted."""

    def handler(signum: int, frame: FrameType | None) -> None:
        threading.Thread(target=end, daemon=True).start()

    old = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, previous in old.items():
            signal.signal(number, previous)


class LocalServer:
    """The server in a process of its own, on a free port: for tests, and for programs that need one for a while.

    `with LocalServer() as server:` or `start()` and `stop()`. It ends with the process that started it, however that
    ends.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        #: Where it listens, once it is started.
        self.endpoint_url = ""
        self._process: subprocess.Popen[str] | None = None

    @property
    def settings(self) -> dict[str, str]:
        """The settings that point a project at it."""
        return local_settings(self.endpoint_url)

    def start(self, timeout: float = 60) -> None:
        """Return when it answers. Raises `ServerMissing` and `ServerNotStarted`, also after `timeout` seconds."""
        _require_moto()
        # -c and not -m, because this directory belongs at the end of sys.path: it may be site-packages.
        code = "import sys; sys.path.append(sys.argv.pop(1)); from django_sqs.local import main; sys.exit(main())"
        root = str(Path(__file__).resolve().parent.parent)
        process = self._process = subprocess.Popen(
            [sys.executable, "-c", code, root, "--host", self.host, "--port", str(self.port), "--child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        timer = threading.Timer(timeout, process.kill)
        timer.start()
        try:
            told = process.stdout.readline().strip()
        finally:
            timer.cancel()
        if not told.startswith("http"):
            self.stop()
            detail = told or f"its process ended with status {process.returncode}"
            raise ServerNotStarted(host=self.host, port=self.port, detail=detail)
        self.endpoint_url = told

    def stop(self) -> None:
        """End it. What was in its queues is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        # The end of its input tells it to end, and does so even where we are killed.
        process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def __enter__(self) -> LocalServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server as a program. The first line that it writes is its address, or what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m django_sqs.local", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--child", action="store_true", help="end when the standard input does, and not by Ctrl-C")
    options = parser.parse_args(arguments)

    def on_ready(endpoint_url: str) -> None:
        sys.stdout.write(f"{endpoint_url}\n")
        sys.stdout.flush()
        if options.child:
            # A terminal sends Ctrl-C to all, but the parent may need the server until it has ended itself.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            threading.Thread(target=_end_with_input, daemon=True).start()

    try:
        serve(options.host, options.port, on_ready)
    except DjangoSQSError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    return 0


def _end_with_input() -> None:
    # From the descriptor, since sys.stdin's lock would be held by this thread when the interpreter ends.
    while os.read(0, 1024):
        pass
    signal.raise_signal(signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
