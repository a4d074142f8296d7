"""The message limit of one queue, kept across its processes and their restarts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from django_sqs.receiving.limit import MessageLimit
from django_sqs.receiving.quota import Quota


def test_what_is_reserved_by_one_cannot_be_reserved_by_another() -> None:
    limit = MessageLimit(15)
    assert limit.reserve("one", 10) == 10
    assert limit.reserve("other", 10) == 5
    assert limit.reserve("other", 10) == 0
    assert not limit.reached


def test_what_did_not_come_may_be_asked_for_again() -> None:
    limit = MessageLimit(10)
    limit.reserve("one", 10)
    limit.settle("one", received=3, reserved=10)
    assert limit.received == 3
    assert limit.reserve("one", 10) == 7


def test_it_is_reached_when_so_many_have_come() -> None:
    limit = MessageLimit(10)
    limit.reserve("one", 6)
    limit.reserve("other", 4)
    seen = []
    for owner, count in (("one", 6), ("other", 4)):
        limit.settle(owner, count, count)
        seen.append(limit.reached)
    assert seen == [False, True]
    assert limit.reserve("one", 1) == 0


def test_what_a_dead_process_had_reserved_may_be_asked_for_by_others() -> None:
    limit = MessageLimit(10)
    limit.reserve("one", 10)
    limit.gone("one")
    limit.gone("nobody")
    assert limit.reserve("other", 10) == 10


def test_a_process_may_have_several_polls_in_flight() -> None:
    limit = MessageLimit(30)
    for _ in range(3):
        assert limit.reserve("one", 10) == 10
    limit.settle("one", 10, 10)
    assert limit.reserve("one", 10) == 0
    limit.settle("one", 0, 10)
    assert limit.reserve("one", 10) == 10


@given(
    total=st.integers(1, 60),
    steps=st.lists(st.tuples(st.sampled_from(["ask", "answer", "die"]), st.sampled_from("abc"), st.integers(0, 10))),
)
def test_never_more_is_received_than_the_limit_and_nothing_of_it_gets_lost(
    total: int, steps: list[tuple[str, str, int]]
) -> None:
    limit = MessageLimit(total)
    polls: dict[str, list[int]] = {owner: [] for owner in "abc"}
    for what, owner, number in steps:
        if what == "ask":
            polls[owner].append(limit.reserve(owner, number))
        elif what == "die":
            limit.gone(owner)
            polls[owner] = []
        elif polls[owner]:
            reserved = polls[owner].pop()
            limit.settle(owner, min(number, reserved), reserved)
        in_flight = sum(map(sum, polls.values()))
        assert limit.received + in_flight <= total
    for owner in "abc":
        limit.gone(owner)
    assert limit.reserve("d", total) == total - limit.received


def test_without_a_limit_all_may_be_asked_for() -> None:
    quota = Quota()
    assert quota.reserve(10) == 10
    quota.settle(10, 3)
