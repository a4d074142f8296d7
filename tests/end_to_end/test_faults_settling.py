"""What becomes of a message when SQS does not let it be deleted, or its visibility be extended."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Fault, Site, fault, receiving

DELETE, EXTEND = "DeleteMessageBatch", "ChangeMessageVisibilityBatch"
REFUSED = {"status": 400, "code": "ReceiptHandleIsInvalid"}

#: How a queue is kept from deleting, or from extending, until the message is visible again.
PATTERNS: dict[str, list[Fault]] = {
    "refused": [fault("entry_error", DELETE, count=3, **REFUSED)],
    "failing": [fault("error", DELETE, EXTEND)],
    "hanging": [fault("hang", DELETE, EXTEND)],
    "pretended": [fault("pretend", DELETE, count=3)],
}
#: How a queue is kept from extending while a message runs.
LOSSES: dict[str, Fault] = {
    "refused": fault("entry_error", EXTEND, count=1, **REFUSED),
    "failing": fault("error", EXTEND, status=503),
    "hanging": fault("hang", EXTEND),
}
#: What happens to deletes of what was lost while it ran. Those of what somebody else has taken are confirmed, and not
#: done.
LOST_THEN: dict[str, list[Fault]] = {"refused": [fault("entry_error", DELETE, count=1, **REFUSED)], "taken": []}
QUEUES = [
    "settling",
    "hidden",
    "gathered",
    "buffered",
    "waiting",
    "groups.fifo",
    "refused.fifo",
    *(f"comes_back_{pattern}" for pattern in PATTERNS),
    *(f"lost_{pattern}" for pattern in LOSSES),
    *(f"lost_then_{pattern}" for pattern in LOST_THEN),
    "lost_restarting",
    "lost_waiting.fifo",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with StandIn(seed=1) as server, receiving(Site(tmp_path_factory.mktemp("site"), server), *QUEUES) as running:
        yield running


def test_deletes_share_requests_and_do_not_wait_where_nothing_else_is_to_come(site: Site) -> None:
    names = [f"m{number}" for number in range(200)]
    with site.faults():
        site.world.send("gathered", *(f"0 {name}" for name in names))
        site.wait_for_runs("gathered", names)
        site.wait_until_empty("gathered")
        assert site.tally("gathered")["deleted"] == 200
        assert site.requests(DELETE) <= 80


@pytest.mark.parametrize("kind", ["entry_error", "error", "throttle", "refuse", "drop_response", "hang"])
def test_a_delete_that_fails_is_tried_again_while_the_message_is_held(site: Site, kind: str) -> None:
    names = [f"{kind}{number}" for number in range(3)]
    with site.faults(fault(kind, DELETE, count=2)):
        site.world.send("settling", *(f"0 {name}" for name in names))
        site.wait_for_runs("settling", names)
        site.wait_until_empty("settling")
        assert site.struck(kind) >= 1
        assert site.tally("settling")["received"] == len(names), "it was held until its delete was confirmed"
    assert [site.world.runs("settling")[name] for name in names] == [1, 1, 1]


def test_what_waits_for_its_delete_is_kept_hidden_for_longer_than_its_visibility_timeout(site: Site) -> None:
    names = [f"h{number}" for number in range(3)]
    with site.faults(*site.only_for("hidden", fault("error", DELETE, seconds=4))):
        site.world.send("hidden", *(f"0 {name}" for name in names))
        site.wait_for_runs("hidden", names)
        site.wait_until_empty("hidden")
        assert site.struck("error") >= 4
        assert site.tally("hidden")["received"] == len(names), "nobody could receive them meanwhile"
    assert site.world.runs("hidden") == dict.fromkeys(names, 1)


def test_what_comes_back_because_its_delete_failed_is_deleted_without_being_run(site: Site) -> None:
    names = ["a", "b", "c"]
    queues = [f"comes_back_{pattern}" for pattern in PATTERNS]
    faults = [one for pattern, some in PATTERNS.items() for one in site.only_for(f"comes_back_{pattern}", *some)]
    with site.faults(*faults):
        for queue in queues:
            site.world.send(queue, *(f"0 {name}" for name in names))
        for queue in queues:
            wait_for(lambda queue=queue: site.tally(queue)["received"] >= 2 * len(names), what=f"{queue} back again")
        site.set_faults()
        site.wait_until_empty(*queues)
    for queue in queues:
        assert site.world.runs(queue) == dict.fromkeys(names, 1)
        assert site.tally(queue)["deleted"] == len(names)
    assert "was handled but could not be deleted" in site.output
    # Of a delete that SQS has confirmed there is nothing to tell.
    pretended = site.full_name("comes_back_pretended")
    assert not re.search(rf"{pretended}: message \S+ was handled but", site.output)


def test_what_is_lost_is_not_extended_any_more_and_its_receiver_goes_on(site: Site) -> None:
    queues = [f"lost_{pattern}" for pattern in LOSSES]
    faults = [one for pattern, loss in LOSSES.items() for one in site.only_for(f"lost_{pattern}", loss)]
    with site.faults(*faults):
        for queue in queues:
            site.world.send(queue, "5 a")
        for queue in queues:
            site.wait_for_output(f"{site.full_name(queue)}: lost the hold on message")
        extensions = site.requests(EXTEND)
        assert not any(site.world.runs(queue, "end") for queue in queues)
        for queue in queues:
            wait_for(lambda queue=queue: site.tally(queue)["in_flight"] == 0, what=f"{queue} visible again")
        for queue in queues:
            site.wait_for_runs(queue, ["a"])
        assert site.requests(EXTEND) == extensions
        # SQS deletes by the latest handle also what is visible again.
        site.wait_until_empty(*queues)
    for queue in queues:
        assert site.world.runs(queue) == {"a": 1}
        assert site.tally(queue)["deleted"] == 1
    assert "visibility timeout ended before SQS confirmed an extension" in site.output
    assert "ReceiptHandleIsInvalid" in site.output


def test_what_was_lost_while_it_ran_is_not_run_again_whatever_became_of_its_delete(site: Site) -> None:
    queues = [f"lost_then_{then}" for then in LOST_THEN]
    refused = fault("entry_error", EXTEND, count=1, **REFUSED)
    faults = [one for then, some in LOST_THEN.items() for one in site.only_for(f"lost_then_{then}", refused, *some)]
    with site.faults(*faults):
        for queue in queues:
            site.world.send(queue, "4 a")
            site.wait_for_runs(queue, ["a"], "start")
        for queue in queues:
            answer = site.world.client.receive_message(
                QueueUrl=site.world.url(queue), WaitTimeSeconds=5, VisibilityTimeout=4
            )
            assert [message["Body"] for message in answer["Messages"]] == ["4 a"], "somebody else has it"
        assert not any(site.world.runs(queue, "end") for queue in queues)
        site.wait_until_empty(*queues)
        for queue in queues:
            assert site.tally(queue)["received"] == 3, "it came back"
            assert site.tally(queue)["deleted"] == 1
    for queue in queues:
        assert site.world.runs(queue) == {"a": 1}


def test_what_was_lost_while_it_ran_and_is_to_be_restarted_is_left_to_whoever_has_it(site: Site) -> None:
    queue = "lost_restarting"
    with site.faults(*site.only_for(queue, fault("entry_error", EXTEND, count=1, **REFUSED))):
        site.world.send(queue, "4 a")
        site.wait_for_output(f"{site.full_name(queue)}: lost the hold on message")
        changes = site.requests(EXTEND)
        site.wait_for_runs(queue, ["a"])
        site.wait_until_empty(queue)
        assert site.requests(EXTEND) == changes, "its visibility is not ours to change any more"


def warm_up(site: Site, queue: str) -> None:
    """Let the receivers of the queue find out that they are quick: from then on they hold more than they run."""
    warm = [f"w{number}" for number in range(30)]
    for start in range(0, len(warm), 10):
        if queue.endswith(".fifo"):
            site.send_group(queue, "w", *(f"0 {name}" for name in warm[start : start + 10]))
        else:
            site.world.send(queue, *(f"0 {name}" for name in warm[start : start + 10]))
    site.wait_for_runs(queue, warm)
    site.wait_until_empty(queue)


def test_what_waits_in_the_buffer_is_kept_hidden(site: Site) -> None:
    queue, others = "waiting", [f"b{number}" for number in range(9)]
    warm_up(site, queue)
    with site.faults():
        site.world.send(queue, "5 long", *(f"0 {name}" for name in others))
        site.wait_for_runs(queue, ["long"], "start")
        wait_for(lambda: site.tally(queue)["received"] == 10, what="all held, nine of them in the buffer")
        site.wait_for_runs(queue, ["long", *others])
        site.wait_until_empty(queue)
        assert site.tally(queue)["received"] == 10, "none was visible meanwhile"


def test_what_was_lost_in_the_buffer_is_not_run(site: Site) -> None:
    """Somebody else has it by then."""
    world, queue = site.world, "buffered"
    warm_up(site, queue)
    others = [f"b{number}" for number in range(9)]
    with site.faults(*site.only_for(queue, fault("error", EXTEND))):
        world.send(queue, "5 long", *(f"0 {name}" for name in others))
        site.wait_for_runs(queue, ["long"], "start")
        assert site.tally(queue)["received"] == 10, "all are held, nine of them in the buffer"
        taken = []
        while len(taken) < len(others):
            answer = world.client.receive_message(
                QueueUrl=world.url(queue), MaxNumberOfMessages=10, WaitTimeSeconds=5, VisibilityTimeout=60
            )
            assert answer.get("Messages"), "they are visible again"
            taken += [message["Body"] for message in answer["Messages"] if message["Body"] != "5 long"]
        assert not world.runs(queue, "end")["long"]
    world.send(queue, "0 last")
    site.wait_for_runs(queue, ["long", "last"])
    assert not set(others) & world.runs(queue).keys()
    assert world.runs(queue)["long"] == 1


# --- FIFO


def test_the_next_of_a_group_starts_when_the_delete_before_it_is_confirmed(site: Site) -> None:
    world, queue = site.world, "groups.fifo"
    with site.faults(fault("latency", DELETE, latency_ms=1500)):
        site.send_group(queue, "g", "0.1 one", "0.1 two")
        site.send_group(queue, "h", "0.1 other")
        site.wait_for_runs(queue, ["one", "two", "other"])
    times = {(words[1], words[2]): float(words[-2]) for words in world.lines(queue)}
    assert times["start", "two"] - times["end", "one"] >= 1.5
    assert times["start", "other"] - times["end", "one"] < 1, "another group does not wait"
    site.wait_until_empty(queue)


def test_when_a_delete_is_refused_the_rest_of_the_group_goes_back_unrun(site: Site) -> None:
    world, queue = site.world, "refused.fifo"
    with site.faults(*site.only_for(queue, fault("entry_error", DELETE, count=1, **REFUSED))):
        site.send_group(queue, "g", "0.1 first", "0.1 second", "0.1 third")
        site.wait_for_runs(queue, ["first", "second", "third"])
        site.wait_until_empty(queue)
    starts = world.lines(queue, "start")
    assert [words[2] for words in starts] == ["first", "second", "third"]
    assert [words[3] for words in starts] == ["1", "2", "2"], "the others were received anew, and the first not run"


def test_what_was_lost_in_the_buffer_is_not_overtaken_by_the_rest_of_its_group(site: Site) -> None:
    queue = "lost_waiting.fifo"
    names = ["first", "second", "third"]
    warm_up(site, queue)
    # The extension of the second message that is held is refused: the long one is extended, the next one is lost.
    refused = fault("entry_error", EXTEND, after=1, count=1, **REFUSED)
    with site.faults(*site.only_for(queue, refused)):
        site.send_group(queue, "l", "4 long")
        site.send_group(queue, "g", *(f"0 {name}" for name in names))
        wait_for(lambda: site.tally(queue)["received"] == 4, what="all of them held")
        assert not {"long", *names} & site.world.runs(queue, "end").keys(), "three of them in the buffer"
        site.set_faults(*site.only_for(queue, refused, fault("error", "ReceiveMessage")))
        site.wait_for_output(f"{site.full_name(queue)}: lost the hold on message .* while it is in the buffer")
        site.wait_for_runs(queue, ["long"])
        wait_for(lambda: site.world.counts(queue) == (3, 0, 0), what="the others visible again")
        site.set_faults()
        site.wait_for_runs(queue, names)
        site.wait_until_empty(queue)
    starts = [words[2:4] for words in site.world.lines(queue, "start") if words[2] in names]
    assert [name for name, _ in starts] == names
    assert "1" not in [receive for _, receive in starts], "all were received anew"
