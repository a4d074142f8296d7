"""The order in which what waits may start."""

from __future__ import annotations

from typing import Any

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from django_sqs.receiving.buffer import Buffer, GroupedBuffer
from django_sqs.receiving.held import HeldMessage
from tests.receiving.support import held, ids


def filled(*names: str) -> GroupedBuffer:
    """A buffer of "a1", "b1" and so on, where the letter is the group."""
    buffer = GroupedBuffer()
    for name in names:
        buffer.push(held(name, group=name[0]))
    return buffer


def pop(buffer: Buffer) -> HeldMessage:
    message = buffer.pop()
    assert message is not None
    return message


# --- standard queues


def test_a_standard_queue_is_first_in_first_out_and_nothing_waits_for_anything() -> None:
    buffer = Buffer()
    assert buffer.pop() is None
    for name in "abc":
        buffer.push(held(name))
    assert (len(buffer), buffer.ready, buffer.oldest.id) == (3, 3, "a")
    assert [pop(buffer).id for _ in range(3)] == ["a", "b", "c"]
    assert (len(buffer), buffer.ready) == (0, 0)


def test_on_a_standard_queue_what_stays_takes_nothing_with_it() -> None:
    buffer = Buffer()
    for name in "abc":
        buffer.push(held(name))
    first = pop(buffer)
    assert buffer.stays(first) == []
    buffer.settled(first)
    buffer.hold(held("d"))
    assert ids(buffer.clear()) == ["b", "c"]
    assert len(buffer) == 0


# --- FIFO queues


def test_one_message_of_a_group_at_a_time_and_groups_side_by_side() -> None:
    buffer = filled("a1", "a2", "b1", "a3", "b2")
    assert (len(buffer), buffer.ready) == (5, 2)
    first, second = pop(buffer), pop(buffer)
    assert (first.id, second.id) == ("a1", "b1")
    assert buffer.pop() is None
    assert (len(buffer), buffer.ready) == (3, 0)
    buffer.settled(second)
    assert pop(buffer).id == "b2"
    buffer.settled(first)
    assert pop(buffer).id == "a2"
    assert buffer.pop() is None


def test_the_oldest_is_the_next_to_start() -> None:
    buffer = filled("a1", "a2", "b1")
    assert buffer.oldest.id == "a1"
    pop(buffer)
    assert buffer.oldest.id == "b1"


def test_where_one_stays_its_successors_go_back_last_first_and_other_groups_do_not() -> None:
    buffer = filled("a1", "a2", "a3", "b1")
    first = pop(buffer)
    assert ids(buffer.stays(first)) == ["a3", "a2"]
    assert len(buffer) == 1
    assert pop(buffer).id == "b1"


def test_what_is_received_anew_waits_until_all_that_went_back_is_settled() -> None:
    buffer = filled("a1", "a2", "a3")
    first = pop(buffer)
    third, second = buffer.stays(first)
    buffer.push(held("again", group="a"))
    for message in (first, third):
        buffer.settled(message)
        assert buffer.ready == 0
    buffer.settled(second)
    assert pop(buffer).id == "again"


def test_what_is_on_hold_keeps_its_group_waiting() -> None:
    buffer = GroupedBuffer()
    on_hold = held("a0", group="a")
    buffer.hold(on_hold)
    buffer.push(held("a1", group="a"))
    assert buffer.ready == 0
    buffer.settled(on_hold)
    assert pop(buffer).id == "a1"


def test_where_one_on_hold_stays_its_waiting_successors_go_back() -> None:
    buffer = GroupedBuffer()
    on_hold = held("a0", group="a")
    buffer.hold(on_hold)
    buffer.push(held("a1", group="a"))
    assert ids(buffer.stays(on_hold)) == ["a1"]


def test_all_that_waits_is_taken_out_last_first_within_each_group() -> None:
    buffer = filled("a1", "a2", "b1", "b2", "b3")
    running = pop(buffer)
    assert ids(buffer.clear()) == ["a2", "b3", "b2", "b1"]
    assert (len(buffer), buffer.ready) == (0, 0)
    buffer.settled(running)
    assert buffer.pop() is None


def test_groups_take_turns() -> None:
    buffer = filled("a1", "a2", "b1", "b2")
    order = []
    while (message := buffer.pop()) is not None:
        order.append(message.id)
        buffer.settled(message)
    assert order == ["a1", "b1", "a2", "b2"]


def test_a_group_that_is_done_with_is_forgotten() -> None:
    buffer = filled("a1", "a2")
    for _ in range(2):
        buffer.settled(pop(buffer))
    assert buffer._groups == {}


class GroupsInRandomOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order: one message of a group at a time, none overtakes another, none is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.buffer = GroupedBuffer()
        self.number = 0
        #: What waits, by group and in order, as it should be.
        self.waiting: dict[str, list[HeldMessage]] = {}
        #: What was popped, put on hold or given back, and is not settled.
        self.running: list[HeldMessage] = []
        self.leaving: list[HeldMessage] = []

    def _new(self, group: str) -> HeldMessage:
        self.number += 1
        return held(f"{group}{self.number}", group=group)

    def _busy(self, group: str) -> bool:
        return any(message.group == group for message in self.running + self.leaving)

    @rule(group=st.sampled_from("abc"))
    def push(self, group: str) -> None:
        message = self._new(group)
        self.buffer.push(message)
        self.waiting.setdefault(group, []).append(message)

    @rule(group=st.sampled_from("abc"))
    def hold(self, group: str) -> None:
        # A message that was handled before, or came too late; SQS gives it only while nothing of the group is hidden.
        if self.waiting.get(group) or self._busy(group):
            return
        message = self._new(group)
        self.buffer.hold(message)
        self.leaving.append(message)

    @rule()
    def pop(self) -> None:
        could_start = [group for group, waiting in self.waiting.items() if waiting and not self._busy(group)]
        message = self.buffer.pop()
        if message is None:
            assert not could_start
            return
        assert message.group in could_start, "two of a group at once"
        assert self.waiting[message.group].pop(0) is message, "one overtook another"
        self.running.append(message)

    @precondition(lambda self: self.running or self.leaving)
    @rule(data=st.data())
    def settle(self, data: Any) -> None:
        message = data.draw(st.sampled_from(self.running + self.leaving))
        (self.running if message in self.running else self.leaving).remove(message)
        self.buffer.settled(message)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def stay(self, data: Any) -> None:
        message = data.draw(st.sampled_from(self.running))
        self.running.remove(message)
        self.leaving.append(message)
        successors = self.buffer.stays(message)
        assert successors == list(reversed(self.waiting.get(message.group, [])))
        self.waiting[message.group] = []
        self.leaving += successors

    @rule()
    def clear(self) -> None:
        taken_out = self.buffer.clear()
        for group, waiting in self.waiting.items():
            assert [message for message in taken_out if message.group == group] == waiting[::-1]
        assert len(taken_out) == sum(map(len, self.waiting.values()))
        self.leaving += taken_out
        self.waiting = {}

    @invariant()
    def the_counts_are_right(self) -> None:
        assert len(self.buffer) == sum(map(len, self.waiting.values()))
        ready = {group for group, waiting in self.waiting.items() if waiting and not self._busy(group)}
        assert self.buffer.ready == len(ready)
        if ready:
            assert self.buffer.oldest.group in ready

    @invariant()
    def no_group_is_left_over(self) -> None:
        in_use = {message.group for message in self.running + self.leaving}
        assert set(self.buffer._groups) == in_use | {group for group, waiting in self.waiting.items() if waiting}

    def teardown(self) -> None:
        """However it stands, all can be handled to the end."""
        for message in self.running + self.leaving:
            self.buffer.settled(message)
        rest = []
        while (left := self.buffer.pop()) is not None:
            rest.append(left)
            self.buffer.settled(left)
        assert sorted(ids(rest)) == sorted(ids([one for waiting in self.waiting.values() for one in waiting]))
        assert self.buffer._groups == {}


TestGroupsInRandomOrder = GroupsInRandomOrder.TestCase
TestGroupsInRandomOrder.settings = hypothesis_settings(max_examples=50, stateful_step_count=40, deadline=None)
