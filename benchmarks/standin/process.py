"""The stand-in as a process of its own, for tests and benchmarks.

::

    with StandIn(latency_ms=15) as sqs:
        client = boto3.client("sqs", endpoint_url=sqs.endpoint_url, ...)
        sqs.control(faults=[{"kind": "hang", "actions": ["DeleteMessageBatch"], "count": 3}])
        ...
        assert sqs.counters()["actions"]["DeleteMessageBatch"]["requests"] < 10
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, cast

JSON = dict[str, Any]

START_SECONDS = 10.0
STOP_SECONDS = 5.0
CONTROL_SECONDS = 10.0

_ROOT = Path(__file__).resolve().parents[2]


class StandInError(Exception):
    """Raised when the server does not start, or refuses what its control endpoint is asked."""


class StandIn:
    """A stand-in server in a process of its own, on a free port of the loopback address.

    It ends with stop(), at the end of a ``with`` block, and when the process that started it dies.
    Options of the command line that have no keyword here go into ``arguments``.
    """

    def __init__(
        self,
        *,
        latency_ms: float = 0.0,
        seed: int | None = None,
        queues: Sequence[str] = (),
        port: int = 0,
        arguments: Sequence[str] = (),
    ) -> None:
        self._command = [sys.executable, "-m", "benchmarks.standin", "--until-stdin-closes"]
        self._command += ["--port", str(port), "--latency-ms", str(latency_ms)]
        if seed is not None:
            self._command += ["--seed", str(seed)]
        for queue in queues:
            self._command += ["--queue", queue]
        self._command += arguments
        self._process: subprocess.Popen[str] | None = None
        self._endpoint_url = ""
        self._control_url = ""

    def start(self) -> StandIn:
        """Start the server and wait until it listens; raises StandInError where it does not."""
        self._process = subprocess.Popen(
            self._command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        # Two lines, or the end of the output if it died: either comes soon.
        lines = [self._process.stdout.readline().strip() for _ in range(2)]
        urls = [line.rpartition(" ")[2] for line in lines]
        if not all(url.startswith("http://") for url in urls):
            self.stop()
            raise StandInError(f"The stand-in did not start; its command was {' '.join(self._command)}.")
        self._endpoint_url, self._control_url = urls
        return self

    def stop(self) -> None:
        """End the server. It holds nothing worth waiting for."""
        process, self._process = self._process, None
        if process is None:
            return
        # While it is paused it would take no other signal.
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> StandIn:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """What clients are given as their endpoint. It stays the same while the server is away."""
        return self._endpoint_url

    @property
    def pid(self) -> int:
        """The server's process, for measuring what it costs."""
        return self._running().pid

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            raise StandInError("The stand-in is not running.")
        if self._process.poll() is not None:
            raise StandInError(f"The stand-in has ended, with status {self._process.returncode}.")
        return self._process

    # Control.

    def control(self, **changes: Any) -> JSON:
        """Change latency, faults and limits; what is not named stays. Returns all that is in force.

        ``latency_ms``, ``latency_jitter_ms``, ``seed``, ``limits`` (see limits.Limits), and
        ``faults``, a list of maps (see faults.Fault) that replaces the faults in force.
        """
        return self._ask("POST", "/_control", changes)

    def counters(self) -> JSON:
        """Requests by action, faults that struck, and for each queue what happened to its messages."""
        return self._ask("GET", "/_counters")

    def reset(self, *, queues: bool = False) -> None:
        """Set the counters to zero; with ``queues`` delete all queues and end latency and faults too."""
        self._ask("POST", "/_reset", {"queues": queues})

    def fill(self, queue: str, count: int, **options: Any) -> None:
        """Put ``count`` messages into a queue at once; ``bytes``, ``prefix``, ``first``, ``groups``."""
        self._ask("POST", "/_fill", {"queue": queue, "count": count, **options})

    def go_away(self, seconds: float | None = None) -> None:
        """Refuse connections and cut those that are open, for some seconds or until come_back()."""
        self._ask("POST", "/_control", {"listening": False} if seconds is None else {"away_seconds": seconds})

    def come_back(self) -> None:
        """Listen again, and return when it does."""
        state = self._ask("POST", "/_control", {"listening": True})
        deadline = time.monotonic() + CONTROL_SECONDS
        while not state["listening"]:
            if time.monotonic() > deadline:
                raise StandInError(f"The stand-in cannot listen on {self._endpoint_url} again.")
            time.sleep(0.01)
            state = self._ask("GET", "/_control")

    def pause(self) -> None:
        """Stop the process: connections are taken by the kernel, and nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._running().send_signal(signal.SIGCONT)

    def _ask(self, method: str, path: str, body: JSON | None = None) -> JSON:
        self._running()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._control_url + path, data=data, method=method)
        # Not through a proxy that the environment may name.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=CONTROL_SECONDS) as answer:
                return cast(JSON, json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise StandInError(json.load(error)["error"]) from None
