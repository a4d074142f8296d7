"""Threads, coroutines, batches and time-outs in real receiver processes."""

from __future__ import annotations

import signal
import sqlite3

from tests.end_to_end.harness import World, wait_for


def overlapping(world: World, queue: str) -> int:
    """How many were at work at the same time, at the most."""
    running = most = 0
    for words in world.lines(queue):
        running += 1 if words[1] == "start" else -1
        most = max(most, running)
    return most


def test_threads_handle_several_messages_at_a_time_and_slow_ones_do_not_hold_up_fast_ones(fast_world: World) -> None:
    fast_world.send("threads", "3 slow", *(f"0.05 f{n}" for n in range(30)))
    with fast_world.running("--until-empty", "threads") as command:
        assert command.wait() == 0, command.output
    assert sum(fast_world.runs("threads", "end").values()) == 31
    assert 2 <= overlapping(fast_world, "threads") <= 4
    assert fast_world.lines("threads", "end")[-1][2] == "slow", "the others did not wait for it"


def test_coroutines_run_at_the_same_time_and_use_the_database(fast_world: World) -> None:
    names = [f"c{n}" for n in range(40)]
    fast_world.send("coroutines", *(f"0.3 {name}" for name in names), "0.1 bad1")
    with fast_world.running("--until-empty", "coroutines") as command:
        assert command.wait() == 0, command.output
    assert fast_world.runs("coroutines", "end") == dict.fromkeys(names, 1)
    assert 8 <= overlapping(fast_world, "coroutines") <= 10
    with sqlite3.connect(fast_world.directory / "db.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM sample_article WHERE runs = 1").fetchone() == (len(names),)
    connection.close()
    (row,) = fast_world.failed_rows()
    assert "a coroutine failed on purpose" in row["traceback"]
    assert fast_world.counts("coroutines") == (0, 0, 0)


def test_coroutines_drain_on_sigterm(fast_world: World) -> None:
    fast_world.send("coroutines", *(f"1 c{n}" for n in range(30)))
    with fast_world.running("coroutines") as command:
        wait_for(lambda: len(fast_world.lines("coroutines", "start")) >= 5, what="work in progress")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
    waiting, in_flight, _ = fast_world.counts("coroutines")
    assert in_flight == 0
    assert fast_world.runs("coroutines", "start") == fast_world.runs("coroutines", "end")
    assert waiting + len(fast_world.lines("coroutines", "end")) == 30


def test_a_receiver_past_its_timeout_has_failed_and_its_process_makes_way(fast_world: World) -> None:
    fast_world.send("hasty", "0.01 a", "30 stuck", "0.01 b", "0.01 c")
    with fast_world.running("--until-empty", "hasty") as command:
        assert command.wait() == 0, command.output
        assert "runs past its timeout" in command.output
    assert fast_world.runs("hasty", "start") == {"a": 1, "stuck": 1, "b": 1, "c": 1}
    assert fast_world.runs("hasty", "end") == {"a": 1, "b": 1, "c": 1}
    (row,) = fast_world.failed_rows()
    assert row["body"] == "30 stuck"
    assert "time.sleep(float(seconds))" in row["traceback"], "the stack of the thread tells where it was"
    assert len({words[-1] for words in fast_world.lines("hasty")}) == 2, "a new process did the rest"


def test_a_coroutine_past_its_timeout_is_cancelled_and_its_process_goes_on(fast_world: World) -> None:
    fast_world.send("hasty_coroutines", "30 stuck", "0.01 a", "0.01 b")
    with fast_world.running("--until-empty", "hasty_coroutines") as command:
        assert command.wait() == 0, command.output
    assert fast_world.runs("hasty_coroutines", "end") == {"a": 1, "b": 1}
    (row,) = fast_world.failed_rows()
    assert "ran for more than 0.5 s" in row["reason"]
    assert len({words[-1] for words in fast_world.lines("hasty_coroutines")}) == 1


def test_a_batch_receiver_gets_what_gathers_in_its_window_and_returns_what_failed(fast_world: World) -> None:
    bodies = [f"m{n}" for n in range(60)] + ["bad1", "bad2"]
    fast_world.send("batched", *bodies)
    with fast_world.running("--until-empty", "batched") as command:
        assert command.wait() == 0, command.output
    sizes = [int(words[2]) for words in fast_world.lines("batched", "batch")]
    assert max(sizes) == 25, "several polls are gathered for one batch"
    assert sum(sizes) == len(bodies) + 2, "the two that failed came again, no other"
    assert fast_world.runs("batched", "end") == dict.fromkeys(bodies, 1)
    assert fast_world.failed_rows() == []


def test_a_batch_receiver_may_raise_what_failed_and_the_rest_is_deleted(fast_world: World) -> None:
    fast_world.send("batched_raising", "a", "bad1", "b", "bad2")
    with fast_world.running("--until-empty", "batched_raising") as command:
        assert command.wait() == 0, command.output
    assert sorted(row["body"] for row in fast_world.failed_rows()) == ["bad1", "bad2"]
    assert all("RuntimeError: these are bad" in row["traceback"] for row in fast_world.failed_rows())
    assert fast_world.counts("batched_raising") == (0, 0, 0)
