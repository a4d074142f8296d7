"""The parent: how it starts, replaces and ends processes."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from django_sqs.receiving.receiver import BROKEN, DRAINED
from tests.receiving.scene import Condition, Scene, _watched
from tests.receiving.support import actions


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
