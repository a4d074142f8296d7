"""What the parent does when signals come."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from django_sqs.receiving.receiver import BROKEN, CUT_SHORT, DRAINED, TIMED_OUT
from tests.receiving.scene import Actor, Condition, Scene
from tests.receiving.support import Clock, actions


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


def test_a_process_that_has_not_ended_by_the_deadline_is_killed(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
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
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGCHLD)

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
