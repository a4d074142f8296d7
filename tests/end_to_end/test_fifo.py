"""FIFO queues: the order within a group survives whatever happens. Against the stand-in, which blocks groups as SQS
does."""

from __future__ import annotations

import signal
from collections import defaultdict

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import World, wait_for

GROUPS = [f"g{n}" for n in range(6)]


def ended(world: World) -> dict[str, list[str]]:
    """The numbers that were handled to the end, by group and in that order."""
    order = defaultdict(list)
    for words in world.lines("ordered", "end"):
        order[words[2]].append(words[3])
    return order


def parallel(world: World) -> int:
    """In how many groups messages ran at the same time, at the most. Those that fail have no end, and are left out."""
    running, most = set(), 0
    for _, what, group, number, *_ in world.lines("ordered"):
        if what == "start" and not number.endswith("!"):
            running.add(group)
            most = max(most, len(running))
        elif what == "end":
            running.discard(group)
    return most


def test_six_groups_with_a_failure_in_each_keep_their_order_and_run_in_parallel(fast_world: World) -> None:
    numbers = ["1", "2!", "3", "4"]
    fast_world.send_ordered("ordered.fifo", *(f"{group} {number} 0.1" for number in numbers for group in GROUPS))
    with fast_world.running("--until-empty", "ordered.fifo") as command:
        assert command.wait(60) == 0, command.output
    assert ended(fast_world) == dict.fromkeys(GROUPS, numbers)
    starts = fast_world.runs("ordered", "start")
    assert starts == dict.fromkeys(GROUPS, 5), "only what failed ran again"
    assert parallel(fast_world) >= 3, "groups run in parallel"


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


def starts(world: World) -> list[tuple[str, float]]:
    """The numbers in the order in which they were started, and when."""
    return [(words[3], float(words[-2])) for words in world.lines("ordered", "start")]


def refuse_extension(standin: StandIn) -> None:
    """Let the next change of one message's visibility be refused."""
    refused = {"kind": "entry_error", "code": "ReceiptHandleIsInvalid", "status": 400, "count": 1}
    standin.control(faults=[{**refused, "actions": ["ChangeMessageVisibilityBatch"]}])


def test_what_was_lost_while_it_ran_and_failed_is_not_overtaken_by_its_group(
    fast_world: World, standin: StandIn
) -> None:
    refuse_extension(standin)
    fast_world.send_ordered("ordered.fifo", "g 1! 4", "g 2 0", "g 3 0")
    with fast_world.running("--until-empty", "ordered.fifo") as command:
        assert command.wait(60) == 0, command.output
        assert "lost the hold on message" in command.output
    assert [number for number, _ in starts(fast_world)] == ["1!", "1!", "2", "3"]


def test_the_successors_of_what_stays_are_released_last_first(fast_world: World, standin: StandIn) -> None:
    """Seen by which of them stays hidden where the first release is refused."""
    refuse_extension(standin)
    fast_world.send_ordered("ordered.fifo", "g 1! 0", "g 2 0", "g 3 0")
    with fast_world.running("--until-empty", "ordered.fifo") as command:
        assert command.wait(60) == 0, command.output
    (_, failed), (one, _), (two, then), (three, last) = starts(fast_world)
    assert (one, two, three) == ("1!", "2", "3")
    assert then - failed < 3, "the second was released"
    assert last - failed > 4, "the third came back by itself"
