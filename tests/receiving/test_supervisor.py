"""The parent: with processes that do as the test says, and signals that are real."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from django_sqs.receiving.processes import Process
from django_sqs.receiving.receiver import BROKEN, CUT_SHORT, DRAINED, TIMED_OUT, Job
from django_sqs.receiving.supervisor import Supervisor
from tests.receiving.support import Clock, actions

Condition = Callable[[], object]
Script = Callable[["Scene"], Iterator[Condition]]


class Actor(Process):
    """A receiver process that does what the script says."""

    def __init__(self, scene: Scene, job: Job, siblings: Sequence[socket.socket]) -> None:
        ours, self.other = socket.socketpair()
        super().__init__(ours)
        self.other.setblocking(False)
        self.pid = 1_000_000 + len(scene.actors)
        self.job = job
        self.siblings = list(siblings)
        self.status: int | None = None
        self.killed = False
        self._scene = scene
        self._heard = ""

    def poll(self) -> int | None:
        self._scene.tick()
        return self.status

    def kill(self) -> None:
        self.killed = True
        self.exit(-9)

    def exit(self, status: int) -> None:
        self.status = status
        self.other.close()

    def say(self, *lines: str) -> None:
        self.other.sendall("".join(f"{line}\n" for line in lines).encode())

    @property
    def heard(self) -> list[str]:
        """The orders so far."""
        if self.other.fileno() >= 0:
            try:
                self._heard += self.other.recv(1_000).decode()
            except BlockingIOError:
                pass
        return self._heard.splitlines()


class Scene:
    """A supervisor, its actors, and the script that is played while it runs: a generator that yields what to wait
    for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.actors: list[Actor] = []
        self.failures: list[OSError] = []
        self._end = time.monotonic() + 10

    def start(self, job: Job, siblings: Sequence[socket.socket]) -> Process:
        if self.failures:
            raise self.failures.pop(0)
        self.actors.append(Actor(self, job, siblings))
        return self.actors[-1]

    def play(self, script: Script, *queues: str, **options: Any) -> int:
        """Run a supervisor over these queues, and the script to its end. Returns its status."""
        self._script = script(self)
        self._condition: Condition | None = lambda: True
        changed = options.pop("changed", lambda: False)

        def ticking() -> bool:
            self.tick()
            return bool(changed())

        jobs = [Job(queue=name) for name in queues or ("jobs",)]
        self.supervisor = Supervisor(jobs, self.start, changed=ticking, **options)
        try:
            status = self.supervisor.run()
        except BaseException:
            self._condition = None
            raise
        finally:
            for actor in self.actors:
                actor.other.close()
                actor.socket.close()
        assert self._condition is None, "it ended before the script"
        return status

    def tick(self) -> None:
        """Called with every round of the supervisor's loop: go on in the script, if what it waits for is true."""
        assert time.monotonic() < self._end, "the script does not get on"
        while self._condition is not None and self._condition():
            self._condition = None
            self._condition = next(self._script, None)

    def running(self, count: int = 1) -> Condition:
        return lambda: len(self.actors) == count

    def signal(self, signum: int) -> None:
        os.kill(os.getpid(), signum)


@pytest.fixture
def scene(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr("django_sqs.receiving.supervisor._LOOP_SECS", 0.002)
    return Scene(clock)


# --- processes


def test_there_is_a_process_for_each_job_and_each_can_close_the_ends_of_its_siblings(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(3)
        assert [actor.job.queue for actor in scene.actors] == ["a", "a", "b"]
        first, second, third = scene.actors
        assert first.siblings == []
        assert second.siblings == [first.socket]
        assert third.siblings == [first.socket, second.socket]
        scene.signal(signal.SIGTERM)
        yield lambda: all(actor.heard for actor in scene.actors)
        for actor in scene.actors:
            actor.exit(DRAINED)

    assert scene.play(script, "a", "a", "b") == 0


def test_a_process_that_dies_is_replaced_and_that_is_told(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        for number, status in enumerate([-9, BROKEN]):
            yield scene.running(number + 1)
            scene.clock.advance(20)
            scene.actors[number].say("alive")
            yield lambda: scene.supervisor._slots[0].last_sign == scene.clock.now
            scene.actors[number].exit(status)
        yield scene.running(3)
        assert scene.actors[2].siblings == [], "the end of one that is gone is closed"
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[2].heard
        scene.actors[2].exit(DRAINED)

    assert scene.play(script) == 0
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "jobs: process 1000000 was killed by signal 9; a new one starts in 0.0 s.",
        "jobs: process 1000001 ended with status 70; a new one starts in 0.0 s.",
    ]
    assert actions(caplog.records) == ["process_ended"] * 2


def test_one_that_dies_at_once_is_replaced_after_a_while(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.actors[0].exit(BROKEN)
        (slot,) = scene.supervisor._slots
        yield lambda: slot.waits_to_start
        assert slot.restart_at == scene.clock.now + 0.5
        scene.clock.advance(0.5)
        yield scene.running(2)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[1].heard
        scene.actors[1].exit(DRAINED)

    assert scene.play(script) == 0


def test_what_a_process_said_before_it_died_still_counts(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        first = scene.actors[0]
        first.say("want 10")
        yield lambda: first.heard == ["grant 5"]
        first.say("progress", "got 5 5")
        first.exit(BROKEN)

    assert scene.play(script, message_limit=5) == 0, "the limit is reached, and nothing is started any more"


def test_where_no_process_can_be_started_the_others_go_on_and_it_is_tried_again(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        assert scene.actors[0].job.queue == "b"
        scene.clock.advance(0.5)
        yield scene.running(2)
        assert not scene.actors[0].killed
        scene.signal(signal.SIGTERM)
        yield lambda: all(actor.heard for actor in scene.actors)
        for actor in scene.actors:
            actor.exit(DRAINED)

    scene.failures = [BlockingIOError(11, "Resource temporarily unavailable")]
    assert scene.play(script, "a", "b") == 0
    (record,) = caplog.records
    assert "a: no process could be started" in record.message
    assert "the next try is in 0.5 s" in record.message


def test_a_process_without_a_sign_of_life_is_killed_and_replaced(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        first = scene.actors[0]
        (slot,) = scene.supervisor._slots
        for _ in range(3):
            scene.clock.advance(59)
            first.say("alive")
            yield lambda: slot.last_sign == scene.clock.now
        assert not first.killed
        scene.clock.advance(61)
        yield lambda: first.killed
        yield scene.running(2)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[1].heard
        scene.actors[1].exit(DRAINED)

    assert scene.play(script, hang_timeout=60) == 0
    assert "jobs: process 1000000 has given no sign of life for 60 s; killing it." in caplog.text
    assert actions(caplog.records) == ["killed", "process_ended"]


def test_a_process_that_has_closed_its_channel_and_lives_on_is_hung(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        first = scene.actors[0]
        first.other.close()
        (slot,) = scene.supervisor._slots
        yield lambda: slot.process is not None and first.socket not in _watched(scene.supervisor)
        scene.clock.advance(61)
        yield lambda: first.killed
        yield scene.running(2)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[1].heard
        scene.actors[1].exit(DRAINED)

    assert scene.play(script) == 0


def _watched(supervisor: Supervisor) -> list[object]:
    return [key.fileobj for key in supervisor._selector.get_map().values()]


# --- signals


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_drains_all_within_the_grace(scene: Scene, signum: int) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(2)
        scene.signal(signum)
        yield lambda: [actor.heard for actor in scene.actors] == [["drain 7.500"]] * 2
        scene.actors[0].exit(DRAINED)
        scene.actors[1].exit(DRAINED)

    assert scene.play(script, "a", "b", grace=7.5) == 0


def test_a_process_that_ends_during_the_drain_is_not_replaced(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(2)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[0].heard
        scene.actors[0].exit(-9)
        yield lambda: scene.supervisor._slots[0].finished
        scene.actors[1].exit(DRAINED)

    assert scene.play(script, "a", "b") == 1, "what it ran was cut short"
    assert len(scene.actors) == 2


@pytest.mark.parametrize(("status", "told"), [(DRAINED, 0), (TIMED_OUT, 0), (CUT_SHORT, 1), (BROKEN, 1)])
def test_the_exit_status_tells_whether_anything_was_cut_short(scene: Scene, status: int, told: int) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(2)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[0].heard
        scene.actors[0].exit(DRAINED)
        scene.actors[1].exit(status)

    assert scene.play(script, "a", "b") == told


def test_a_process_that_waits_to_be_replaced_when_the_signal_comes_is_not(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.actors[0].exit(BROKEN)
        yield lambda: scene.supervisor._slots[0].waits_to_start
        scene.signal(signal.SIGTERM)

    assert scene.play(script) == 0
    assert len(scene.actors) == 1


def test_a_second_signal_stops_all_at_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[0].heard == ["drain 25.000"]
        scene.signal(signal.SIGINT)
        yield lambda: scene.actors[0].heard == ["drain 25.000", "stop"]
        scene.actors[0].exit(CUT_SHORT)

    with caplog.at_level("INFO", "django_sqs"):
        assert scene.play(script) == 1
    assert actions(caplog.records) == ["draining", "stopping", "process_ended"]


def test_a_process_that_does_not_stop_is_killed_soon_after_the_second_signal(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        first = scene.actors[0]
        scene.signal(signal.SIGTERM)
        yield lambda: first.heard
        scene.signal(signal.SIGTERM)
        yield lambda: "stop" in first.heard
        first.say("alive")
        scene.clock.advance(5.9)
        yield lambda: True
        assert not first.killed
        scene.clock.advance(0.2)
        yield lambda: first.killed

    assert scene.play(script) == 1


def test_a_process_that_has_not_ended_by_the_deadline_is_killed(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        first = scene.actors[0]
        scene.signal(signal.SIGTERM)
        yield lambda: first.heard
        scene.clock.advance(10 + 2.9)
        for _ in range(5):
            yield lambda: True
        assert not first.killed, "it ends itself before that"
        scene.clock.advance(0.2)
        yield lambda: first.killed

    assert scene.play(script, grace=10) == 1
    assert "did not end in time; killing it" in caplog.text


def test_whoever_runs_it_with_nohup_has_it_go_on_when_the_terminal_goes(scene: Scene) -> None:
    old = signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.signal(signal.SIGHUP)
        for _ in range(10):
            yield lambda: True
        assert scene.actors[0].heard == []
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[0].heard
        scene.actors[0].exit(DRAINED)

    try:
        assert scene.play(script) == 0
    finally:
        signal.signal(signal.SIGHUP, old)


def test_the_end_of_a_child_is_noticed_at_once(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django_sqs.receiving.supervisor._LOOP_SECS", 0.3)

    ended: list[float] = []

    def end(actor: Actor) -> None:
        ended.append(time.monotonic())
        actor.status = DRAINED
        os.kill(os.getpid(), signal.SIGCHLD)

    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.signal(signal.SIGTERM)
        # When the loop sleeps again.
        threading.Timer(0.05, end, [scene.actors[0]]).start()

    assert Scene(clock).play(script) == 0
    assert time.monotonic() - ended[0] < 0.15


def test_the_signal_handlers_of_before_are_back_afterwards(scene: Scene) -> None:
    names = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
    before = [signal.getsignal(signum) for signum in names]

    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        assert all(signal.getsignal(signum) not in before for signum in names)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[0].heard
        scene.actors[0].exit(DRAINED)

    scene.play(script)
    assert [signal.getsignal(signum) for signum in names] == before


def test_whatever_goes_wrong_no_process_is_left_behind(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(2)
        raise RuntimeError("a fault of the supervisor")

    with pytest.raises(RuntimeError, match="a fault of the supervisor"):
        scene.play(script, "a", "b")
    assert [actor.killed for actor in scene.actors] == [True, True]


# --- the message limit


def test_when_its_limit_is_reached_a_queue_s_processes_finish_and_others_go_on(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(3)
        first, second, third = scene.actors
        first.say("want 10")
        second.say("want 10")
        yield lambda: first.heard + second.heard in (["grant 10", "grant 2"], ["grant 2", "grant 10"])
        for actor in (first, second):
            granted = actor.heard[0].split()[1]
            actor.say(f"got {granted} {granted}")
        yield lambda: first.heard[1:] == second.heard[1:] == ["finish"]
        first.exit(DRAINED)
        second.exit(DRAINED)
        yield lambda: scene.supervisor._slots[1].finished
        assert third.heard == []
        third.say("want 10")
        yield lambda: third.heard == ["grant 10"]
        scene.signal(signal.SIGTERM)
        yield lambda: "drain 25.000" in third.heard
        third.exit(DRAINED)

    assert scene.play(script, "a", "a", "b", message_limit=12) == 0


def test_the_limit_is_kept_across_the_death_of_a_process(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        first = scene.actors[0]
        first.say("want 10")
        yield lambda: first.heard
        first.say("progress", "got 4 10", "want 10")
        yield lambda: first.heard == ["grant 10", "grant 6"]
        first.exit(-9)
        yield scene.running(2)
        second = scene.actors[1]
        second.say("want 10")
        # What the first had asked for is free again.
        yield lambda: second.heard == ["grant 6"]
        second.say("got 6 6")
        yield lambda: "finish" in second.heard
        second.exit(DRAINED)

    assert scene.play(script, message_limit=10) == 0


# --- until empty


def test_when_all_queues_have_stayed_empty_for_a_second_it_ends(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(2)
        first, second = scene.actors
        slots = scene.supervisor._slots
        first.say("empty 1")
        yield lambda: slots[0].empty
        scene.clock.advance(5)
        second.say("empty 1")
        yield lambda: scene.supervisor._empty_since is not None
        scene.clock.advance(0.9)
        first.say("empty 0")
        yield lambda: scene.supervisor._empty_since is None
        scene.clock.advance(5)
        first.say("empty 1")
        yield lambda: scene.supervisor._empty_since is not None
        scene.clock.advance(0.9)
        for _ in range(5):
            yield lambda: True
        assert first.heard == second.heard == []
        scene.clock.advance(0.2)
        yield lambda: first.heard == second.heard == ["drain 25.000"]
        first.exit(DRAINED)
        second.exit(DRAINED)

    assert scene.play(script, "a", "b", until_empty=True) == 0


def test_a_queue_whose_process_has_died_is_not_known_to_be_empty(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.actors[0].say("empty 1")
        yield lambda: scene.supervisor._empty_since is not None
        scene.actors[0].exit(-9)
        yield lambda: scene.supervisor._slots[0].waits_to_start
        for _ in range(4):
            scene.clock.advance(0.3)
            yield lambda: True
        yield scene.running(2)
        assert scene.supervisor._empty_since is None
        scene.actors[1].say("empty 1")
        yield lambda: scene.supervisor._empty_since is not None
        scene.clock.advance(1)
        yield lambda: scene.actors[1].heard
        scene.actors[1].exit(DRAINED)

    assert scene.play(script, until_empty=True) == 0


def test_a_queue_that_has_reached_its_limit_counts_as_done_with(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(2)
        first, second = scene.actors
        first.say("want 1")
        yield lambda: first.heard
        first.say("got 1 1")
        yield lambda: "finish" in first.heard
        first.exit(DRAINED)
        yield lambda: scene.supervisor._slots[0].finished
        second.say("empty 1")
        yield lambda: scene.supervisor._empty_since is not None
        scene.clock.advance(1)
        yield lambda: second.heard
        second.exit(DRAINED)

    assert scene.play(script, "a", "b", until_empty=True, message_limit=1) == 0


# --- reloading


def test_when_the_code_changes_it_drains_to_be_started_anew(scene: Scene) -> None:
    changed: list[bool] = []

    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        changed.append(True)
        yield lambda: scene.actors[0].heard == ["drain 25.000"]
        scene.actors[0].exit(DRAINED)

    assert scene.play(script, changed=lambda: changed) == 0
    assert scene.supervisor.to_be_restarted


def test_a_signal_while_it_drains_for_a_change_ends_it_in_order(scene: Scene) -> None:
    changed: list[bool] = []

    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        changed.append(True)
        yield lambda: scene.actors[0].heard
        scene.signal(signal.SIGTERM)
        yield lambda: not scene.supervisor.to_be_restarted
        assert scene.actors[0].heard == ["drain 25.000"], "what runs is not cut short by the first signal"
        scene.actors[0].exit(DRAINED)

    assert scene.play(script, changed=lambda: changed) == 0
    assert not scene.supervisor.to_be_restarted


def test_without_a_change_nothing_is_started_anew(scene: Scene) -> None:
    def script(scene: Scene) -> Iterator[Condition]:
        yield scene.running(1)
        scene.signal(signal.SIGTERM)
        yield lambda: scene.actors[0].heard
        scene.actors[0].exit(DRAINED)

    scene.play(script)
    assert not scene.supervisor.to_be_restarted
