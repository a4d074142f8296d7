"""The main flow of section "The receiving engine": real forked receivers against a server over HTTP."""

from __future__ import annotations

import signal

from tests.end_to_end.harness import World, wait_for


def test_some_hundred_messages_over_three_queues_are_each_handled_exactly_once(world: World) -> None:
    bodies = [f"m{n}" for n in range(100)]
    world.send("plain", *bodies)
    world.send("json", *(f'{{"id": "{body}"}}' for body in bodies))
    world.send("slow", *(f"0.01 {body}" for body in bodies))
    with world.running("--until-empty", "plain", "json", "slow") as command:
        assert command.wait(90) == 0, command.output
    for queue in ("plain", "json", "slow"):
        assert world.runs(queue, "end") == dict.fromkeys(bodies, 1)
        assert world.counts(queue) == (0, 0, 0)
    assert len({words[-1] for words in world.lines()}) == 3, "one process per queue"


def test_a_receiver_that_raises_leaves_a_traceback_and_a_row_and_is_not_run_again(world: World) -> None:
    world.send("failing", "first", "second")
    with world.running("--until-empty", "failing") as command:
        assert command.wait() == 0, command.output
        assert command.output.count("RuntimeError: the receiver failed on purpose") >= 2
        told = command.output
    assert world.runs("failing") == {"first": 1, "second": 1}
    rows = {row["body"]: row for row in world.failed_rows()}
    assert set(rows) == {"first", "second"}
    assert "in failing" in rows["first"]["traceback"]
    assert rows["first"]["queue"] == f"{world.prefix}__failing"
    assert rows["first"]["receive_count"] == 1
    for row in rows.values():
        assert f"{world.prefix}__failing: message {row['message_id']} failed (receive 1)." in told


def test_restart_later_is_run_again_without_a_traceback(world: World) -> None:
    world.send("restarting", "a", "b")
    with world.running("--until-empty", "restarting") as command:
        assert command.wait() == 0, command.output
        assert "Traceback" not in command.output
    assert world.runs("restarting") == {"a": 3, "b": 3}
    assert world.runs("restarting", "end") == {"a": 1, "b": 1}
    assert world.failed_rows() == []


def test_a_body_that_cannot_be_decoded_is_kept_and_does_not_end_the_process(world: World) -> None:
    world.send("json", "{broken", '{"id": "good"}', "[" * 100_000, '{"id": "better"}')
    with world.running("--until-empty", "json") as command:
        assert command.wait() == 0, command.output
        told = command.output
    assert world.runs("json", "end") == {"good": 1, "better": 1}
    assert len({words[-1] for words in world.lines("json", "end")}) == 1
    assert sorted(len(row["body"]) for row in world.failed_rows()) == [7, 100_000]
    assert all("UndecodableBody" in row["reason"] for row in world.failed_rows())
    for row in world.failed_rows():
        assert f"{world.prefix}__json: message {row['message_id']} was rejected: {row['reason']}." in told


def test_a_message_class_that_fails_by_itself_rejects_its_message_and_does_not_end_the_process(world: World) -> None:
    world.send("careless", '{"ID": "a"}', '{"id": "test event"}', "3", '{"id": "good"}')
    with world.running("--until-empty", "careless") as command:
        assert command.wait() == 0, command.output
        assert "ended with status" not in command.output
    assert world.runs("careless", "end") == {"good": 1}
    rows = {row["body"]: row["reason"] for row in world.failed_rows()}
    assert set(rows) == {'{"ID": "a"}', "3"}
    assert rows['{"ID": "a"}'] == "Reject: KeyError: 'id'"


def test_what_a_receiver_rejects_is_kept_with_its_reason(world: World) -> None:
    world.send("rejecting", "x")
    with world.running("--until-empty", "rejecting") as command:
        assert command.wait() == 0, command.output
        assert "Traceback" not in command.output
        told = command.output
    (row,) = world.failed_rows()
    assert row["reason"] == "Reject: it is not wanted"
    assert f"{world.prefix}__rejecting: message {row['message_id']} was rejected: Reject: it is not wanted." in told


def test_sigterm_in_the_middle_of_work_leaves_nothing_in_flight_and_loses_nothing(world: World) -> None:
    bodies = [f"m{n}" for n in range(12)]
    world.send("slow", *(f"0.3 {body}" for body in bodies))
    for so_far in (2, 5, 8):
        with world.running("slow") as command:
            wait_for(lambda so_far=so_far: len(world.lines("slow", "start")) >= so_far, what="work in progress")
            command.signal(signal.SIGTERM)
            assert command.wait() == 0, command.output
        waiting, in_flight, delayed = world.counts("slow")
        assert (in_flight, delayed) == (0, 0)
        assert waiting + len(world.lines("slow", "end")) == len(bodies)
        assert world.runs("slow", "start") == world.runs("slow", "end"), "what had started was finished"
    with world.running("--until-empty", "slow") as command:
        assert command.wait() == 0, command.output
    assert world.runs("slow", "end") == dict.fromkeys(bodies, 1)


def test_work_that_is_longer_than_the_visibility_timeout_is_not_run_twice(world: World) -> None:
    bodies = [f"m{n}" for n in range(4)]
    world.send("slow", *(f"5 {body}" for body in bodies))
    with world.running("--until-empty", "slow") as one, world.running("--until-empty", "slow") as other:
        assert one.wait(60) == 0, one.output
        assert other.wait(60) == 0, other.output
    assert world.runs("slow", "end") == dict.fromkeys(bodies, 1)
    assert world.runs("slow", "start") == dict.fromkeys(bodies, 1)
    assert len({words[-1] for words in world.lines("slow")}) == 2, "the two shared the work"


def test_message_limit_counts_messages_received_and_leaves_the_rest(world: World) -> None:
    world.send("plain", *(f"m{n}" for n in range(30)))
    world.send("slow", *(f"0.01 m{n}" for n in range(8)))
    with world.running("--message-limit", "7", "plain", "slow") as command:
        assert command.wait() == 0, command.output
    assert len(world.lines("plain", "end")) == 7
    assert len(world.lines("slow", "end")) == 7
    assert world.counts("plain") == (23, 0, 0)
    assert world.counts("slow") == (1, 0, 0)


def test_a_receiver_process_that_is_killed_is_replaced_and_its_message_comes_back(world: World) -> None:
    world.send("deadly", "poison", "other")
    with world.running("--until-empty", "deadly") as command:
        assert command.wait() == 0, command.output
        assert "was killed by signal 9" in command.output
    assert world.runs("deadly", "end") == {"poison": 1, "other": 1}


def test_a_receiver_that_exits_does_not_end_its_process(world: World) -> None:
    world.send("exiting", "a", "b")
    with world.running("--until-empty", "exiting") as command:
        assert command.wait() == 0, command.output
    assert world.runs("exiting") == {"a": 1, "b": 1}
    assert len({words[-1] for words in world.lines("exiting")}) == 1


def test_no_fork_receives_in_the_process_of_the_command(world: World) -> None:
    world.send("plain", "a")
    with world.running("--no-fork", "--until-empty", "plain") as command:
        assert command.wait() == 0, command.output
        assert world.lines("plain", "end")[0][-1] == str(command.process.pid)


def test_delete_on_start_runs_at_most_once_and_a_restart_is_sent_anew(world: World) -> None:
    world.send("first", "once")
    with world.running("first") as command:
        wait_for(lambda: world.lines("first"), what="the first run")
        world.send("first", "again")
        wait_for(lambda: world.runs("first")["again"] >= 2, what="the restart")
        command.signal(signal.SIGTERM)
        assert command.wait() == 0, command.output
    assert world.runs("first")["once"] == 1


def test_what_failed_is_retried_until_its_last_receive_and_then_kept(world: World) -> None:
    world.send("retrying", "a")
    with world.running("--until-empty", "retrying") as command:
        assert command.wait() == 0, command.output
        for receive in (1, 2, 3):
            assert f"failed (receive {receive}).\nTraceback" in command.output
    assert [words[3] for words in world.lines("retrying", "start", "a")] == ["1", "2", "3"]
    (row,) = world.failed_rows()
    assert row["receive_count"] == 3
