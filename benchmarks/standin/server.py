"""The server: each request's way from the wire through latency and faults to the store and back.

Latency is a symmetric network: half of it passes before a request is acted on and half before its
answer is sent, so that a message sent to a queue on which somebody waits is there when its sender
has the answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial

from benchmarks.standin import actions
from benchmarks.standin.control import Control
from benchmarks.standin.counters import ActionCounter, Counters
from benchmarks.standin.errors import SQSError
from benchmarks.standin.faults import FaultPlan, Ruling
from benchmarks.standin.limits import Limits
from benchmarks.standin.listeners import Listeners
from benchmarks.standin.message import new_id
from benchmarks.standin.message_actions import LongPoll, MessageActions
from benchmarks.standin.parameters import JSON
from benchmarks.standin.polls import LongPolls, Waiter
from benchmarks.standin.store import Store
from benchmarks.standin.wire import Connection, Request

JSON_TYPE = "application/x-amz-json-1.0"
TARGET_PREFIX = "AmazonSQS."

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Clock:
    """The time of day that never goes back, nor jumps when the machine's clock is set."""

    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def __call__(self) -> float:
        return self._offset + time.monotonic()


@dataclass
class Exchange:
    """One request under way."""

    connection: Connection
    action: str
    body: JSON
    ruling: Ruling
    counter: ActionCounter
    #: When it came, by the loop's clock.
    arrived_at: float
    #: Seconds that a long poll waited; the latency comes on top.
    waited: float = 0.0
    over: bool = False


@dataclass
class Server:
    """A stand-in SQS on one event loop."""

    loop: asyncio.AbstractEventLoop
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        clock = Clock()
        self.counters = Counters()
        self.store = Store(clock, self.limits)
        self.faults = FaultPlan(clock, on_fault=self.counters.fault)
        self.polls = LongPolls(self.loop)
        self.store.on_arrival(self.polls.arrived)
        messages = MessageActions(self.store, self.counters)
        messages.judge = self.faults.judge
        self.actions = actions.Actions(self.store, messages)
        for name in self.actions.names():
            self.counters.action(name)
        self.listeners = Listeners(self.loop, self.handle, self.counters)
        self.control = Control(self)

    async def start(self, host: str, port: int, control_port: int) -> None:
        """Listen; port 0 takes a free one. See ``listeners`` for what they became."""
        await self.listeners.start(host, port, control_port)
        self.actions.base_url = self.listeners.url

    def handle(self, request: Request, connection: Connection) -> None:
        """Take a request from a connection, which waits until it is answered or dropped."""
        if request.path.startswith("/_"):
            self.control.handle(request, connection)
            return
        try:
            action, body = _parse(request)
        except SQSError as error:
            self.counters.malformed += 1
            _answer_error(connection, error)
            return
        counter = self.counters.action(action)
        counter.begin()
        queue = str(body.get("QueueUrl") or body.get("QueueName") or "").rpartition("/")[2]
        ruling = self.faults.rule(action, queue)
        exchange = Exchange(connection, action, body, ruling, counter, self.loop.time())
        connection.on_lost = partial(self._end, exchange)
        if ruling.latency_ms:
            self.loop.call_later(ruling.latency_ms / 2000, self._act, exchange)
        else:
            self._act(exchange)

    def _act(self, exchange: Exchange) -> None:
        fault = exchange.ruling.fault
        kind = fault.kind if fault is not None else None
        if kind == "hang":
            return
        if kind == "refuse":
            self._drop(exchange)
            return
        # A client that went away meanwhile had sent its request: the service acts on it.
        try:
            if fault is not None and kind in ("error", "throttle"):
                raise fault.error()
            answer = self.actions.perform(exchange.action, exchange.body)
        except SQSError as error:
            exchange.counter.errors += 1
            self._reply(exchange, error)
            return
        if not isinstance(answer, LongPoll):
            self._reply(exchange, answer)
        elif not exchange.over:
            started_at = self.loop.time()
            waiter = self.polls.wait(answer, lambda found: self._end_poll(exchange, started_at, found))
            exchange.connection.on_lost = partial(self._abandon_poll, exchange, waiter)

    def _abandon_poll(self, exchange: Exchange, waiter: Waiter) -> None:
        """The client of a waiting poll went away: no message may be handed to nobody."""
        self.polls.cancel(waiter)
        self._end(exchange)

    def _end_poll(self, exchange: Exchange, started_at: float, found: JSON | None) -> None:
        exchange.waited = self.loop.time() - started_at
        if found is None:
            exchange.counter.empty += 1
        exchange.connection.on_lost = partial(self._end, exchange)
        self._reply(exchange, found or {})

    def _reply(self, exchange: Exchange, answer: JSON | SQSError) -> None:
        """Send the answer when the latency is over, or do what a fault wants instead."""
        fault = exchange.ruling.fault
        if fault is not None and fault.kind == "hang_response":
            return
        due = exchange.arrived_at + exchange.waited + exchange.ruling.latency_ms / 1000
        finish = self._drop if fault is not None and fault.kind == "drop_response" else partial(self._send, answer)
        if exchange.ruling.latency_ms:
            self.loop.call_at(due, finish, exchange)
        else:
            finish(exchange)

    def _send(self, answer: JSON | SQSError, exchange: Exchange) -> None:
        if exchange.over:
            return
        self._end(exchange)
        if isinstance(answer, SQSError):
            _answer_error(exchange.connection, answer)
        else:
            exchange.connection.answer(200, _encode(answer).encode(), JSON_TYPE, _request_id())

    def _drop(self, exchange: Exchange) -> None:
        self._end(exchange)
        exchange.connection.drop()

    def _end(self, exchange: Exchange) -> None:
        """Note that a request is over, be it answered or its client gone."""
        if not exchange.over:
            exchange.over = True
            exchange.counter.end()


def _parse(request: Request) -> tuple[str, JSON]:
    """The action of a request and its parameters."""
    if not request.target.startswith(TARGET_PREFIX):
        raise SQSError(
            "InvalidAction",
            "The stand-in speaks the JSON protocol of SQS only: a POST with the header "
            f"X-Amz-Target: {TARGET_PREFIX}<action>. This was {request.method} {request.path}.",
        )
    try:
        body = json.loads(request.body or b"{}")
    except ValueError as error:
        raise SQSError("SerializationException", f"The request is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise SQSError("SerializationException", "The request is not a JSON object.")
    return request.target[len(TARGET_PREFIX) :], body


def _answer_error(connection: Connection, error: SQSError) -> None:
    header = f"x-amzn-query-error: {error.query_error}\r\n"
    connection.answer(error.status, _encode(error.as_json()).encode(), JSON_TYPE, header + _request_id())


def _request_id() -> str:
    return f"x-amzn-RequestId: {new_id()}\r\n"
