"""FIFO queues: the order within a group survives whatever happens. Against the stand-in, which blocks groups as SQS
does."""

from __future__ import annotations

import signal
from collections import defaultdict

from tests.end_to_end.harness import World, wait_for

GROUPS = [f"g{n}" for n in range(6)]


def ended(world: World) -> dict[str, list[str]]:
    """The numbers that were handled to the end, by group and in that order."""
    order = defaultdict(list)
    for words in world.lines("ordered", "end"):
        order[words[2]].append(words[3])
    return order


def test_six_groups_with_a_failure_in_each_keep_their_order_and_run_in_parallel(fast_world: World) -> None:
    numbers = ["1", "2!", "3", "4"]
    fast_world.send_ordered("ordered.fifo", *(f"{group} {number} 0.1" for number in numbers for group in GROUPS))
    with fast_world.running("--until-empty", "ordered.fifo") as command:
        assert command.wait(60) == 0, command.output
    assert ended(fast_world) == dict.fromkeys(GROUPS, numbers)
    starts = fast_world.runs("ordered", "start")
    assert starts == dict.fromkeys(GROUPS, 5), "only what failed ran again"
    running, most, groups = 0, 0, set()
    for words in fast_world.lines("ordered"):
        if words[1] == "start":
            groups.add(words[2])
            running += 1
            most = max(most, running)
        else:
            running -= 1
    assert most >= 3, "groups run in parallel"


def test_the_order_is_kept_across_a_shutdown(fast_world: World) -> None:
    numbers = [str(n) for n in range(8)]
    fast_world.send_ordered("ordered.fifo", *(f"{group} {number} 0.2" for number in numbers for group in GROUPS))
    for _ in range(2):
        so_far = len(fast_world.lines("ordered", "start"))
        with fast_world.running("ordered.fifo") as command:
            wait_for(lambda so_far=so_far: len(fast_world.lines("ordered", "start")) > so_far + 5, what="work")
            command.signal(signal.SIGTERM)
            assert command.wait() == 0, command.output
        assert fast_world.counts("ordered.fifo")[1] == 0
    with fast_world.running("--until-empty", "ordered.fifo") as command:
        assert command.wait(60) == 0, command.output
    assert ended(fast_world) == dict.fromkeys(GROUPS, numbers)
    assert fast_world.runs("ordered", "start") == dict.fromkeys(GROUPS, len(numbers)), "nothing ran twice"


def test_the_order_is_kept_when_the_process_is_killed(fast_world: World) -> None:
    numbers = [str(n) for n in range(5)]
    fast_world.send_ordered("ordered.fifo", *(f"{group} {number} 0.2" for number in numbers for group in GROUPS))
    with fast_world.running("--until-empty", "ordered.fifo") as command:
        wait_for(lambda: len(fast_world.lines("ordered", "start")) > 5, what="work")
        import os

        os.kill(command.children()[0], signal.SIGKILL)
        assert command.wait(60) == 0, command.output
    for group in GROUPS:
        seen = list(dict.fromkeys(ended(fast_world)[group]))
        assert seen == numbers, "a message may run again, but none overtakes another"
