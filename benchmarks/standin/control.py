"""The control endpoint: set faults, read counters, fill queues, while the server runs.

``GET /_counters``, ``POST /_reset``, ``GET`` and ``POST /_control``, ``POST /_fill``. All answer JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from benchmarks.standin import faults
from benchmarks.standin.counters import Tally
from benchmarks.standin.errors import SQSError
from benchmarks.standin.limits import Limits
from benchmarks.standin.message import Draft
from benchmarks.standin.wire import Connection, Request

if TYPE_CHECKING:
    from benchmarks.standin.server import Server

JSON = dict[str, Any]


class Control:
    """What the control endpoint can do with a server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._routes: dict[tuple[str, str], Callable[[JSON], JSON]] = {
            ("GET", "/_counters"): lambda body: self.counters(),
            ("POST", "/_reset"): self.reset,
            ("GET", "/_control"): lambda body: self.state(),
            ("POST", "/_control"): self.change,
            ("POST", "/_fill"): self.fill,
        }

    def handle(self, request: Request, connection: Connection) -> None:
        """Answer a request to a path that begins with an underscore."""
        route = self._routes.get((request.method, request.path.partition("?")[0]))
        status, answer = 200, {}
        if route is None:
            status, answer = 404, {"error": f"There is no {request.method} {request.path} here."}
        else:
            try:
                body = json.loads(request.body or b"{}")
                if not isinstance(body, dict):
                    raise ValueError("The body is not a JSON object.")
                answer = route(body)
            except (ValueError, TypeError, SQSError) as error:
                status, answer = 400, {"error": str(error)}
        connection.answer(status, json.dumps(answer).encode(), "application/json")

    def counters(self) -> JSON:
        """Every counter, and how many messages each queue holds in which state."""
        queues: JSON = {}
        for name, queue in self._server.store.queues.items():
            queue.advance()
            queues[name] = {
                "visible": queue.visible,
                "in_flight": queue.in_flight,
                "delayed": queue.delayed,
                **asdict(queue.tally),
            }
        return {**self._server.counters.as_json(), "waiting_polls": len(self._server.polls), "queues": queues}

    def reset(self, body: JSON) -> JSON:
        """Set the counters to zero; with ``{"queues": true}`` delete all queues and end all faults too."""
        server = self._server
        if body.get("queues"):
            for queue in list(server.store.queues.values()):
                server.polls.drop_queue(queue)
                queue.purge()
            server.store.forget()
            server.actions.forget_move_tasks()
            server.faults.clear()
        server.counters.reset()
        for queue in server.store.queues.values():
            queue.tally = Tally()
        return {}

    def state(self) -> JSON:
        """The faults, the latency and the limits in force."""
        server = self._server
        return {
            **server.faults.as_json(),
            "limits": asdict(server.limits),
            "listening": server.listeners.listening,
            "url": server.listeners.url,
            "control_url": server.listeners.control_url,
        }

    def change(self, body: JSON) -> JSON:
        """Change what is named, leave what is not; nothing is changed where a value is refused."""
        known = ("latency_ms", "latency_jitter_ms", "faults", "seed", "limits", "listening", "away_seconds")
        if unknown := sorted(set(body) - set(known)):
            raise ValueError(f"There is no {', '.join(unknown)} to set; there are {', '.join(known)}.")
        rules = [faults.from_json(fault) for fault in body.get("faults", [])]
        limits = _limits(body.get("limits", {}))
        latencies = {name: _milliseconds(value) for name, value in body.items() if name.startswith("latency")}
        server = self._server
        for name, milliseconds in latencies.items():
            setattr(server.faults, name, milliseconds)
        for name, limit in limits.items():
            setattr(server.limits, name, limit)
        if "seed" in body:
            server.faults.seed(body["seed"])
        if "faults" in body:
            server.faults.set(rules)
        if "away_seconds" in body:
            server.listeners.go_away(float(body["away_seconds"]))
        elif "listening" in body:
            if body["listening"]:
                server.listeners.come_back()
            else:
                server.listeners.go_away(None)
        return self.state()

    def fill(self, body: JSON) -> JSON:
        """Send ``count`` messages to ``queue`` without HTTP for each: a benchmark's backlog.

        Their bodies are ``prefix``, a running number, and dots up to ``bytes`` in all. ``groups`` of a
        FIFO queue are dealt in turn.
        """
        queue = self._server.store.by_name(str(body.get("queue")))
        count, size, groups = int(body.get("count", 1)), int(body.get("bytes", 0)), int(body.get("groups", 1))
        prefix, first = str(body.get("prefix", "")), int(body.get("first", 0))
        for number in range(first, first + count):
            text = f"{prefix}{number}".ljust(size, ".")
            group = f"group-{number % groups}" if queue.fifo else None
            queue.send(Draft(text, group_id=group, deduplication_id=f"fill-{prefix}{number}" if queue.fifo else None))
        return {"visible": queue.visible}


def _limits(changes: JSON) -> JSON:
    """Check changed limits: their names, and that each is of its kind."""
    kinds = {entry.name: type(getattr(Limits(), entry.name)) for entry in fields(Limits)}
    if unknown := sorted(set(changes) - set(kinds)):
        raise ValueError(f"There is no limit {', '.join(unknown)}; there are {', '.join(kinds)}.")
    return {name: kinds[name](value) for name, value in changes.items()}


def _milliseconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"A latency is a number of milliseconds, not {value!r}.")
    return float(value)
