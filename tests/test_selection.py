from __future__ import annotations

import pytest

from django_sqs import register
from django_sqs.exceptions import UnknownQueue, UnknownSuffix
from django_sqs.registered_queue import QueueDestination
from django_sqs.registry import Queues
from django_sqs.selection import select


@pytest.fixture(autouse=True)
def three_queues(own_queues: Queues) -> None:
    register("emails", suffixes=("big", "small"))
    register("photos", suffixes=("big",))
    register("audit")


def chosen(destinations: list[QueueDestination]) -> list[tuple[str, str | None]]:
    return [(one.queue.name, one.suffix) for one in destinations]


def test_without_names_all_queues_are_chosen_with_every_known_suffix() -> None:
    assert chosen(select()) == [
        ("audit", None),
        ("emails", None),
        ("emails", "big"),
        ("emails", "small"),
        ("photos", None),
        ("photos", "big"),
    ]


def test_named_queues_come_in_the_order_of_the_names_and_once() -> None:
    assert chosen(select(["photos", "audit", "photos"])) == [("photos", None), ("photos", "big"), ("audit", None)]


def test_a_suffix_picks_the_queues_that_were_registered_with_it() -> None:
    assert chosen(select(suffix="big")) == [("emails", "big"), ("photos", "big")]


def test_an_empty_suffix_picks_the_queues_without_one() -> None:
    assert chosen(select(["emails"], suffix="")) == [("emails", None)]


def test_a_named_queue_is_chosen_with_a_suffix_that_it_does_not_know() -> None:
    assert chosen(select(["audit"], suffix="nightly")) == [("audit", "nightly")]


def test_a_suffix_that_no_queue_knows_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnknownSuffix, match=r"'bgi'.*big, small"):
        select(suffix="bgi")


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownQueue, match=r"'email'.*emails"):
        select(["email"])


def test_nothing_registered_is_nothing_chosen(own_queues: Queues) -> None:
    own_queues._queues.clear()
    assert select() == []
    assert select(suffix="big") == []
