"""When the parent ends by itself: at the message limit, when queues are empty, when code changes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from django_sqs.receiving.receiver import DRAINED
from tests.receiving.scene import Condition, Scene

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
