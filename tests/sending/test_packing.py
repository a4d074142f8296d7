"""Batches are as full as SQS allows, and in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from django_sqs.message import Message
from django_sqs.sending.options import SendOptions
from django_sqs.sending.outgoing import MAX_BYTES, Outgoing
from django_sqs.sending.packing import packed


def outgoing(body: str, size: int = 1, destination: Any = "one") -> Outgoing:
    message = Message(body=body)
    return Outgoing(destination=destination, message=message, body=body, size=size, options=SendOptions(), entry={})


def bodies(batches: Iterator[list[Outgoing]]) -> list[list[str]]:
    return [[message.body for message in batch] for batch in batches]


def test_ten_messages_fill_a_batch() -> None:
    messages = [outgoing(str(number)) for number in range(25)]
    assert [len(batch) for batch in packed(messages)] == [10, 10, 5]


def test_no_messages_are_no_batch() -> None:
    assert list(packed([])) == []


def test_a_mebibyte_fills_a_batch() -> None:
    sizes = {"a": MAX_BYTES - 1, "b": 1, "c": 1, "d": MAX_BYTES, "e": 1}
    assert bodies(packed(outgoing(body, size) for body, size in sizes.items())) == [["a", "b"], ["c"], ["d"], ["e"]]


def test_each_destination_has_its_batches_which_come_when_they_are_full() -> None:
    messages = [outgoing(f"{destination}{number}", 1, destination) for number in range(11) for destination in "ab"]
    assert bodies(packed(messages)) == [
        [f"a{number}" for number in range(10)],
        [f"b{number}" for number in range(10)],
        ["a10"],
        ["b10"],
    ]


def test_messages_are_read_as_batches_are_taken() -> None:
    read: list[int] = []

    def endless() -> Iterator[Outgoing]:
        number = 0
        while True:
            read.append(number)
            yield outgoing(str(number))
            number += 1

    batches = packed(endless())
    next(batches)
    next(batches)
    assert len(read) == 20


@given(
    messages=st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(1, MAX_BYTES) | st.integers(1, MAX_BYTES // 8)), max_size=60
    )
)
def test_nothing_is_lost_nor_out_of_order_nor_too_much(messages: list[tuple[str, int]]) -> None:
    sent = [outgoing(str(number), size, where) for number, (where, size) in enumerate(messages)]
    batches = list(packed(sent))
    for batch in batches:
        assert 1 <= len(batch) <= 10
        assert sum(message.size for message in batch) <= MAX_BYTES
        assert len({message.destination for message in batch}) == 1
    for where in "abc":
        destination: Any = where
        here = [message for batch in batches for message in batch if message.destination == destination]
        assert here == [message for message in sent if message.destination == destination]
