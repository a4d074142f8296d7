"""The stand-in's faults: which requests they strike, how often, and how they are written."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from benchmarks import standin
from benchmarks.standin.faults import KINDS, Fault, FaultPlan, from_json, from_text
from benchmarks.standin.store import Store
from tests.benchmarks.support import FakeClock, Requests


@pytest.fixture
def plan(clock: FakeClock) -> FaultPlan:
    plan = FaultPlan(clock)
    plan.seed(1)
    return plan


def strikes(plan: FaultPlan, times: int = 1, action: str = "SendMessage", queue: str = "q") -> list[bool]:
    return [plan.rule(action, queue).fault is not None for _ in range(times)]


def test_without_faults_nothing_happens(plan: FaultPlan) -> None:
    ruling = plan.rule("SendMessage", "q")

    assert (ruling.latency_ms, ruling.fault) == (0.0, None)
    assert plan.judge("SendMessageBatch", "q") is True


def test_a_fault_strikes_the_actions_and_queues_it_names(plan: FaultPlan) -> None:
    plan.set([Fault("hang", actions=("DeleteMessage", "SendMessage"), queues=("q",))])

    assert strikes(plan, action="SendMessage") == [True]
    assert strikes(plan, action="ReceiveMessage") == [False]
    assert strikes(plan, queue="other") == [False]


def test_a_fault_ends_after_its_count_and_begins_after_what_it_lets_pass(plan: FaultPlan) -> None:
    plan.set([Fault("error", count=2, after=1)])

    assert strikes(plan, 5) == [False, True, True, False, False]
    assert plan.as_json()["faults"][0]["left"] == 0


def test_a_fault_ends_after_its_time(plan: FaultPlan, clock: FakeClock) -> None:
    plan.set([Fault("error", seconds=20)])
    clock.advance(19)
    assert strikes(plan) == [True]

    clock.advance(1)

    assert strikes(plan) == [False]


def test_chance_is_kept_and_is_the_same_for_the_same_seed(plan: FaultPlan) -> None:
    runs = []
    for _ in range(2):
        plan.seed(7)
        plan.set([Fault("error", probability=0.25)])
        runs.append(strikes(plan, 2000))

    assert runs[0] == runs[1]
    assert 400 < sum(runs[0]) < 600
    plan.seed(8)
    assert strikes(plan, 2000) != runs[0]


def test_of_several_faults_the_first_that_strikes_counts(plan: FaultPlan) -> None:
    plan.set([Fault("throttle", probability=0.5), Fault("refuse")])

    kinds = Counter(fault.kind for _ in range(100) if (fault := plan.rule("SendMessage", "q").fault))

    assert kinds["throttle"] + kinds["refuse"] == 100
    assert 30 < kinds["throttle"] < 70


def test_latencies_add_up(plan: FaultPlan) -> None:
    plan.latency_ms = 15
    plan.set([Fault("latency", latency_ms=100, actions=("DeleteMessage",)), Fault("error")])

    assert plan.rule("SendMessage", "q").latency_ms == 15
    ruling = plan.rule("DeleteMessage", "q")
    assert ruling.latency_ms == 115
    assert ruling.fault is not None

    plan.latency_jitter_ms = 20
    drawn = [plan.rule("SendMessage", "q").latency_ms for _ in range(500)]
    assert min(drawn) == 0.0, "never negative"
    assert 30 < max(drawn) <= 35

    plan.clear()
    assert plan.rule("DeleteMessage", "q").latency_ms == 0


def test_what_strikes_is_told(clock: FakeClock) -> None:
    told: list[str] = []
    plan = FaultPlan(clock, on_fault=told.append)
    plan.set([Fault("hang", count=1), Fault("pretend", count=1)])

    strikes(plan, 3)
    plan.judge("DeleteMessageBatch", "q")
    plan.judge("DeleteMessageBatch", "q")

    assert told == ["hang", "pretend"]


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        (Fault("error"), "InternalError", 500),
        (Fault("error", status=503), "ServiceUnavailable", 503),
        (Fault("error", code="AccessDenied", status=403), "AccessDenied", 403),
        (Fault("throttle"), "RequestThrottled", 400),
        (Fault("throttle", code="ThrottlingException"), "ThrottlingException", 400),
    ],
)
def test_errors_are_those_that_clients_know(fault: Fault, code: str, status: int) -> None:
    assert (fault.error().code, fault.error().status) == (code, status)


def test_entries_of_a_batch_can_be_failed_one_by_one(store: Store, requests: Requests, plan: FaultPlan) -> None:
    queue = store.create("q", {})
    requests.messages.judge = plan.judge
    plan.set([Fault("entry_error", after=1, count=1)])

    answer = requests(
        "SendMessageBatch", QueueUrl="q", Entries=[{"Id": str(number), "MessageBody": "x"} for number in range(3)]
    )

    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "2"]
    assert [(entry["Code"], entry["SenderFault"]) for entry in answer["Failed"]] == [("InternalError", False)]
    assert queue.visible == 2


def test_a_delete_can_be_pretended_and_a_send_cannot(store: Store, requests: Requests, plan: FaultPlan) -> None:
    queue = store.create("q", {})
    requests.messages.judge = plan.judge
    plan.set([Fault("pretend")])
    requests("SendMessageBatch", QueueUrl="q", Entries=[{"Id": "0", "MessageBody": "x"}])
    handle = queue.handle_of(queue.receive(1)[0])

    answer = requests("DeleteMessageBatch", QueueUrl="q", Entries=[{"Id": "0", "ReceiptHandle": handle}])

    assert answer == {"Successful": [{"Id": "0"}]}
    assert (queue.in_flight, queue.tally.deleted) == (1, 0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("hang", "a map with the key 'kind'"),
        ({}, "needs the key 'kind'"),
        ({"kind": "explode"}, "There is no fault 'explode'"),
        ({"kind": "hang", "probability": 2}, "not between 0 and 1"),
        ({"kind": "hang", "propability": 1}, "has no propability"),
        ({"kind": "latency"}, "needs latency_ms"),
        ({"kind": "hang", "actions": 3}, "not a list of names"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_json(value)


def test_a_fault_is_written_on_a_command_line() -> None:
    text = "kind=hang,probability=0.1,actions=DeleteMessage+SendMessage,count=3,seconds=2.5"

    assert from_text(text) == Fault(
        "hang", probability=0.1, actions=("DeleteMessage", "SendMessage"), count=3, seconds=2.5
    )
    with pytest.raises(ValueError, match="name=value"):
        from_text("hang")


def test_the_page_names_every_fault_and_every_key_of_one() -> None:
    page = (Path(standin.__file__).parent / "README.org").read_text()

    for name in [*KINDS, *(entry.name for entry in fields(Fault))]:
        assert f"={name}=" in page, f"README.org does not name {name}"
