"""What was handled, in case it comes back."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest

from django_sqs.receiving import remembered
from django_sqs.receiving.remembered import Remembered


@pytest.fixture(params=[64, 32])
def memory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Remembered:
    """Also where Python's own hashes are short."""
    monkeypatch.setattr(remembered, "sys", SimpleNamespace(hash_info=SimpleNamespace(width=request.param)))
    return Remembered()


def test_what_was_handled_is_remembered_and_nothing_else(memory: Remembered) -> None:
    handled = [str(uuid.uuid4()) for _ in range(20)]
    for number, message_id in enumerate(handled):
        memory.add(message_id) if number % 2 else memory.add_unconfirmed(message_id)
    assert all(message_id in memory for message_id in handled)
    assert not any(str(uuid.uuid4()) in memory for _ in range(1_000))
    assert "" not in memory


def test_of_unconfirmed_deletes_the_newest_are_remembered(memory: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_UNCONFIRMED", 3)
    for name in ("a", "b", "c", "a", "d"):
        memory.add_unconfirmed(name)
    assert [name for name in "abcd" if name in memory] == ["a", "c", "d"]


def test_confirmed_deletes_do_not_crowd_out_those_that_failed(memory: Remembered) -> None:
    memory.add_unconfirmed("failed")
    for number in range(40_000):
        memory.add(f"confirmed {number}")
    assert "failed" in memory


def test_a_delete_that_is_confirmed_in_the_end_makes_room(memory: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_UNCONFIRMED", 2)
    memory.add_unconfirmed("a")
    memory.add_unconfirmed("b")
    memory.add("b")
    memory.add_unconfirmed("c")
    assert all(name in memory for name in "abc")


def test_the_newest_confirmed_deletes_are_remembered(memory: Remembered) -> None:
    names = [f"confirmed {number}" for number in range(100_000)]
    for name in names:
        memory.add(name)
    known = [name in memory for name in names]
    assert sum(known[-5_000:]) > 4_000, "all but those whose place another has taken"
    assert sum(known[:30_000]) < 10_000


def test_it_takes_the_same_room_however_much_it_remembers(memory: Remembered) -> None:
    before = memory._confirmed.buffer_info()
    for number in range(100_000):
        memory.add(str(number))
    assert memory._confirmed.buffer_info() == before
