"""Faults on demand: which request suffers what, decided by rules and a seeded source of chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from benchmarks.standin.errors import SQSError

#: What can be done to a whole request, and whether it is acted on nevertheless.
REQUEST_KINDS = {
    "refuse": "close the connection without an answer; the request is not acted on",
    "hang": "never answer; the request is not acted on",
    "error": "answer 500 InternalError, or 503 with status=503; the request is not acted on",
    "throttle": "answer 400 RequestThrottled, or the code given; the request is not acted on",
    "drop_response": "act on the request, then close the connection without an answer",
    "hang_response": "act on the request, then never answer",
}

#: What can be done to one entry of a batch.
ENTRY_KINDS = {
    "entry_error": "fail one entry of a batch with InternalError, or the code given",
    "pretend": "say that an entry was deleted or changed, and do nothing",
}

KINDS = {"latency": "add latency_ms to a request", **REQUEST_KINDS, **ENTRY_KINDS}

#: Requests whose answer must carry what was made: saying that it was done cannot be pretended.
_NOT_PRETENDED = ("SendMessage", "SendMessageBatch", "ReceiveMessage")


@dataclass
class Fault:
    """One rule. It strikes a request that it matches with ``probability``."""

    kind: str
    probability: float = 1.0
    #: Actions it applies to; empty: to all.
    actions: tuple[str, ...] = ()
    #: Queue names it applies to; empty: to all.
    queues: tuple[str, ...] = ()
    #: How often it strikes at most; None: without end.
    count: int | None = None
    #: Seconds from when it is set until it ends; None: never.
    seconds: float | None = None
    #: Requests it lets pass before it strikes for the first time.
    after: int = 0
    #: For ``latency`` only: milliseconds added.
    latency_ms: float = 0.0
    #: For the kinds that answer with an error: the code and the HTTP status, where not the usual ones.
    code: str | None = None
    status: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"There is no fault {self.kind!r}; there are {', '.join(KINDS)}.")
        if not 0 <= self.probability <= 1:
            raise ValueError(f"The probability of fault {self.kind!r} is {self.probability}, not between 0 and 1.")
        self.actions = _as_tuple(self.actions)
        self.queues = _as_tuple(self.queues)
        if self.kind == "latency" and self.latency_ms <= 0:
            raise ValueError("The fault 'latency' needs latency_ms, the milliseconds to add.")

    def error(self) -> SQSError:
        """What a request, or an entry, is answered with."""
        if self.kind == "throttle":
            return SQSError(self.code or "RequestThrottled", "Rate exceeded", status=self.status or 400)
        status = self.status or 500
        code = self.code or ("InternalError" if status == 500 else "ServiceUnavailable")
        return SQSError(code, "We encountered an internal error. Please try again.", status=status)


def _as_tuple(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (list, tuple)):
        return tuple(map(str, value))
    raise ValueError(f"{value!r} is not a list of names.")


def from_json(value: object) -> Fault:
    """A fault from the control endpoint; raises ValueError with a sentence for the caller."""
    if not isinstance(value, Mapping):
        raise ValueError(f"A fault is a map with the key 'kind', not {value!r}.")
    known = {entry.name for entry in fields(Fault)}
    if unknown := sorted(set(value) - known):
        raise ValueError(f"A fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    if "kind" not in value:
        raise ValueError("A fault needs the key 'kind'.")
    return Fault(**value)


def from_text(text: str) -> Fault:
    """A fault from a command line: ``kind=hang,probability=0.1,actions=DeleteMessage+SendMessage``."""
    values: dict[str, Any] = {}
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is not of the form name=value.")
        if name in ("actions", "queues"):
            values[name] = tuple(value.split("+"))
        elif name in ("count", "after", "status"):
            values[name] = int(value)
        elif name in ("probability", "seconds", "latency_ms"):
            values[name] = float(value)
        else:
            values[name] = value
    return from_json(values)


@dataclass
class _Rule:
    """A fault that was set, and how much of it is left."""

    fault: Fault
    until: float | None
    left: int | None
    to_pass: int

    def applies(self, action: str, queue: str, now: float) -> bool:
        fault = self.fault
        return (
            (not fault.actions or action in fault.actions)
            and (not fault.queues or queue in fault.queues)
            and (self.until is None or now < self.until)
            and self.left != 0
        )


@dataclass
class Ruling:
    """What one request suffers: time added, and at most one fault."""

    latency_ms: float = 0.0
    fault: Fault | None = None


@dataclass
class FaultPlan:
    """The latency and the faults in force. With one seed and one order of requests it decides the same."""

    clock: Callable[[], float]
    latency_ms: float = 0.0
    #: The latency of a request is drawn evenly from latency_ms plus or minus this.
    latency_jitter_ms: float = 0.0
    _rules: list[_Rule] = field(default_factory=list)
    _chance: random.Random = field(default_factory=random.Random)
    #: Told the kind of each fault that strikes.
    on_fault: Callable[[str], None] = lambda kind: None

    def seed(self, seed: int | None) -> None:
        self._chance = random.Random(seed)

    def set(self, faults: list[Fault]) -> None:
        """Replace the faults in force."""
        now = self.clock()
        self._rules = [
            _Rule(fault, None if fault.seconds is None else now + fault.seconds, fault.count, fault.after)
            for fault in faults
        ]

    def clear(self) -> None:
        """No faults and no latency."""
        self._rules = []
        self.latency_ms = self.latency_jitter_ms = 0.0

    def rule(self, action: str, queue: str) -> Ruling:
        """Decide what becomes of a request. Latencies add up; of the other faults the first counts."""
        ruling = Ruling(self.latency_ms)
        if self.latency_jitter_ms:
            ruling.latency_ms += self._chance.uniform(-self.latency_jitter_ms, self.latency_jitter_ms)
        for rule in self._rules:
            kind = rule.fault.kind
            if kind == "latency":
                if self._strikes(rule, action, queue):
                    ruling.latency_ms += rule.fault.latency_ms
            elif kind in REQUEST_KINDS and ruling.fault is None and self._strikes(rule, action, queue):
                ruling.fault = rule.fault
        ruling.latency_ms = max(0.0, ruling.latency_ms)
        return ruling

    def judge(self, action: str, queue: str) -> SQSError | bool:
        """Decide what becomes of one entry of a batch; see MessageActions.judge."""
        for rule in self._rules:
            if rule.fault.kind not in ENTRY_KINDS:
                continue
            if rule.fault.kind == "pretend" and action in _NOT_PRETENDED:
                continue
            if self._strikes(rule, action, queue):
                return rule.fault.error() if rule.fault.kind == "entry_error" else False
        return True

    def _strikes(self, rule: _Rule, action: str, queue: str) -> bool:
        if not rule.applies(action, queue, self.clock()):
            return False
        if rule.to_pass:
            rule.to_pass -= 1
            return False
        if self._chance.random() >= rule.fault.probability:
            return False
        if rule.left is not None:
            rule.left -= 1
        self.on_fault(rule.fault.kind)
        return True

    def as_json(self) -> dict[str, Any]:
        """What is in force, as the control endpoint shows it."""
        return {
            "latency_ms": self.latency_ms,
            "latency_jitter_ms": self.latency_jitter_ms,
            "faults": [{**asdict(rule.fault), "left": rule.left} for rule in self._rules],
        }
