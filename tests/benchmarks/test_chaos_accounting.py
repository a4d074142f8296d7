"""The account of a chaos run finds what was lost, repeated without a cause, out of order, or given up for nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.chaos_project.journal import Line
from benchmarks.chaos_run.accounting import Account, Evidence, account
from benchmarks.chaos_run.conductor import Window
from benchmarks.chaos_run.logs import Log
from benchmarks.chaos_run.recovery import Recovery, recoveries
from benchmarks.chaos_run.schedule import CHANGE, DELETE, PROCESS_EVENTS, SERVER_EVENTS, draw

ID = "11111111-2222-3333-4444-555555555555"
OTHER_ID = "99999999-2222-3333-4444-555555555555"
NAME = "plain-000001"


def line(what: str, at: float, pid: int = 1, name: str = NAME, **more: object) -> Line:
    facts = {"queue": "plain", "id": ID, "receive_count": 1, "began": at, "group": "", **more}
    return Line(at=at, pid=pid, what=what, name=name, **facts)  # type: ignore[arg-type]


def run(at: float, pid: int = 1, seconds: float = 0.5, outcome: str = "end", **more: object) -> list[Line]:
    lines = [line("start", at, pid, **more)]
    return lines + ([line(outcome, at + seconds, pid, **more)] if outcome else [])


def drawn_up(
    lines: list[Line],
    *,
    kept: list[tuple[str, str]] | None = None,
    windows: list[Window] | None = None,
    killed: dict[int, float] | None = None,
    orphans: dict[int, float] | None = None,
    log: Log | None = None,
) -> Account:
    evidence = Evidence(windows or [], killed or {}, orphans or {}, log or Log([], {}))
    return account([line("sent", 0.0, 9), *lines], kept or [], evidence)


def log_of(tmp_path: Path, *lines: str, killed: dict[int, float] | None = None) -> Log:
    file = tmp_path / "receivers0.log"
    file.write_text("\n".join(lines))
    return Log([file], killed or {})


def test_what_ran_or_was_kept_is_there_and_what_did_not_is_lost() -> None:
    assert drawn_up(run(1)).errors == []
    assert drawn_up([], kept=[(f"{{broken {NAME}", "UndecodableBody")]).errors == []
    for lines in ([], run(1, outcome="failed"), run(1, outcome=""), run(1, outcome="later")):
        result = drawn_up(lines)
        assert result.lost == [NAME]
        assert f"{NAME} is lost" in result.errors


def test_at_most_once_may_be_not_at_all_and_never_twice() -> None:
    sent = line("sent", 0.0, 9, "once-000001", queue="once", id=OTHER_ID)
    one = run(1, name="once-000001", queue="once", id=OTHER_ID)
    two = run(20, pid=2, name="once-000001", queue="once", id=OTHER_ID)
    result = drawn_up([*run(1), sent])
    assert (result.not_run, result.errors) == (1, [])
    failing = [Window("error", (DELETE,), 0, 30)]
    assert drawn_up([*run(1), sent, *one, *two], windows=failing, killed={1: 1.6}).errors != []


@pytest.mark.parametrize(
    ("first", "windows", "killed", "cause"),
    [
        ({}, [], {}, None),
        ({}, [], {1: 1.6}, "a kill"),
        ({}, [], {1: 9.0}, None),
        ({}, [Window("error", (DELETE,), 1, 5)], {1: 4.0}, "a kill"),
        ({}, [Window("error", (DELETE,), 6, 7)], {1: 9.0}, None),
        ({}, [Window("pretend", (DELETE,), 1, 5)], {}, "a delete that SQS confirmed and did not do"),
        ({}, [Window("error", (DELETE,), 1, 5)], {}, None),
        ({"outcome": "failed"}, [], {}, ""),
        ({"outcome": "later"}, [], {}, ""),
        ({"outcome": ""}, [], {}, None),
        ({"outcome": ""}, [], {1: 1.2}, ""),
        ({"outcome": "dying"}, [], {}, ""),
    ],
)
def test_what_ran_again_needs_a_cause(
    first: dict[str, str], windows: list[Window], killed: dict[int, float], cause: str | None
) -> None:
    result = drawn_up([*run(1, **first), *run(20, pid=2)], windows=windows, killed=killed)  # type: ignore[arg-type]
    assert (result.errors == []) is (cause is not None)
    assert list(result.repeated) == ([cause] if cause else [])


def test_a_process_never_runs_again_what_it_has_run_whatever_became_of_the_delete() -> None:
    windows = [Window("error", (DELETE,), 1, 15)]
    assert "for no cause" in drawn_up([*run(1), *run(20)], windows=windows).errors[0]


def test_a_delete_that_failed_has_to_be_in_the_log_or_its_process_ended(tmp_path: Path) -> None:
    lines = [*run(1), *run(20, pid=2)]
    windows = [Window("error", (DELETE,), 1, 15)]
    told = log_of(tmp_path, f"5.000 WARNING 1 q: message {ID} was handled but could not be deleted (x).")
    assert drawn_up(lines, windows=windows, log=told).repeated == {"a delete that failed": 1}
    assert drawn_up(lines, log=told).errors != [], "nothing kept it from being deleted"
    ended = log_of(tmp_path, "6.000 INFO 1 chaos__plain: drained.")
    assert drawn_up(lines, windows=windows, log=ended).errors == []
    assert drawn_up(lines, windows=windows, orphans={1: 2.0}).errors == []


def test_two_at_a_time_need_a_hold_that_was_lost_in_an_outage(tmp_path: Path) -> None:
    lines = sorted([*run(1, seconds=12), *run(10, pid=2)], key=lambda one: one.at)
    lost = log_of(tmp_path, f"9.000 WARNING 1 q: lost the hold on message {ID}: its visibility timeout ended.")
    struck = [Window("away", (DELETE, CHANGE), 2, 9)]
    assert drawn_up(lines).errors != []
    assert drawn_up(lines, log=lost).errors != [], "nothing kept it from being extended"
    assert drawn_up(lines, windows=struck, log=lost).repeated == {"a hold lost in an outage": 1}


def test_a_message_with_two_ids_needs_a_send_whose_answer_was_lost() -> None:
    lines = [*run(1), *run(5, id=OTHER_ID)]
    assert "under 2 ids for no cause" in drawn_up(lines).errors[0]
    lost_answer = [Window("drop_response", ("SendMessageBatch",), 0, 1)]
    assert drawn_up(lines, windows=lost_answer).repeated == {"a send whose answer was lost": 1}


def test_the_order_of_a_group_is_that_of_first_successes() -> None:
    names = [f"ordered-00000{number}" for number in (1, 2, 3)]
    sent = [
        line("sent", 0, 9, name, queue="ordered.fifo", id=name, group="g1" if name != names[2] else "g2")
        for name in names
    ]

    def ran(*order: str) -> list[Line]:
        facts = [(name, {"name": name, "id": name, "queue": "ordered.fifo"}) for name in order]
        return [one for at, (_, more) in enumerate(facts) for one in run(float(at + 1), **more)]  # type: ignore[arg-type]

    assert drawn_up([*run(0.1), *sent, *ran(names[2], names[0], names[1])]).disorder == []
    wrong = drawn_up([*run(0.1), *sent, *ran(names[1], names[0], names[2])])
    assert wrong.disorder == [f"{names[0]} of group g1 succeeded only after {names[1]}"]
    assert wrong.errors == wrong.disorder


def test_what_never_fails_must_not_be_given_up() -> None:
    body = json.dumps({"name": NAME, "mode": "ok", "seconds": 0})
    assert "was given up though it never fails: why" in drawn_up([], kept=[(body, "why")]).errors[0]
    failing = json.dumps({"name": NAME, "mode": "fail", "seconds": 0})
    assert drawn_up([], kept=[(failing, "why")]).errors == []


def test_the_log_tells_of_processes_that_nobody_ended_and_of_parts_that_died(tmp_path: Path) -> None:
    lines = [
        "1.000 ERROR 7 plain: process 11 was killed by signal 9; a new one starts in 0.5 s.",
        "1.000 ERROR 7 plain: process 12 was killed by signal 9; a new one starts in 0.5 s.",
        "1.000 ERROR 7 plain: process 13 ended with status 3.",
        "1.000 ERROR 7 plain: process 14 ended with status 70.",
        "1.000 CRITICAL 8 q: the keeper died.",
    ]
    faults = log_of(tmp_path, *lines, killed={11: 0.9}).faults
    assert [fault[-len("process 1x ended with status 70.") :] for fault in faults if "70" in fault]
    assert len(faults) == 3


def test_a_schedule_is_drawn_from_its_seed_and_has_each_kind_before_it_repeats_one() -> None:
    assert draw(1, 60) == draw(1, 60) != draw(2, 60)
    kinds = [event.kind for event in draw(5, 60)]
    every = {*PROCESS_EVENTS, *SERVER_EVENTS}
    assert set(kinds[: len(every)]) == every
    assert all(0 < event.at < 60 for event in draw(5, 60))
    assert {"away for long", "stop child"} <= {event.kind for event in draw(5, 120)}


# --- recovery


def recovered(*lines: Line, disturbed: list[float] | None = None, windows: list[Window] | None = None) -> Recovery:
    (one,) = recoveries(lines, [(100.0, 20.0)], disturbed or [], windows or [])
    return one


def started(at: float, queue: str, message_id: str = ID, **more: object) -> Line:
    return line("start", at, queue=queue, id=message_id, **more)


def test_a_recovery_lasts_until_the_last_quick_queue_is_at_work() -> None:
    assert recovered(started(99.0, "once"), started(101.0, "once"), started(103.0, "batched")).took == 3.0
    sent = line("sent", 99.0, queue="batched", id=OTHER_ID)
    assert recovered(started(101.0, "once"), sent).took == float("inf")
    assert recovered(started(101.0, "once"), sent, started(99.5, "batched", OTHER_ID)).took == 1.0, "all was done"
    again = started(102.0, "batched", receive_count=2)
    assert recovered(started(101.0, "once"), again, started(107.0, "batched")).too_late


def test_what_was_sent_only_after_the_return_could_not_be_received_before() -> None:
    sent = line("sent", 109.0, queue="batched", id=OTHER_ID)
    lines = [started(101.0, "once"), sent, started(110.0, "batched", OTHER_ID)]
    assert recovered(*lines).took == 1.0


def test_receivers_that_had_other_troubles_too_may_take_longer() -> None:
    lines = [started(107.0, "once"), started(107.0, "batched")]
    assert recovered(*lines).too_late
    assert not recovered(*lines, disturbed=[75.0]).too_late
    assert not recovered(*lines, windows=[Window("hang", ("ReceiveMessage",), 101, 103)]).too_late
    assert recovered(*lines, windows=[Window("away", ("ReceiveMessage",), 80, 100)]).too_late
