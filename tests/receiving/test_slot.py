"""One place for a receiver process."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from django_sqs.receiving.limit import MessageLimit
from django_sqs.receiving.processes import Process
from django_sqs.receiving.receiver import BROKEN, CUT_SHORT, DRAINED, TIMED_OUT, Job
from django_sqs.receiving.slot import Slot

NOW = 1_000.0


class Said:
    """A process, as far as it can be heard and spoken to."""

    def __init__(self) -> None:
        ours, self.other = socket.socketpair()
        self.other.settimeout(5)
        self.process = Process(ours)
        self.process.pid = 4711

    def say(self, *lines: str) -> None:
        self.other.sendall("".join(f"{line}\n" for line in lines).encode())

    def heard(self) -> str:
        return self.other.recv(1_000).decode()

    def close(self) -> None:
        self.process.socket.close()
        self.other.close()


@pytest.fixture
def processes() -> Iterator[Callable[[], Said]]:
    made: list[Said] = []

    def make() -> Said:
        made.append(Said())
        return made[-1]

    yield make
    for said in made:
        said.close()


@pytest.fixture
def said(processes: Callable[[], Said]) -> Said:
    return processes()


def slot(limit: MessageLimit | None = None) -> Slot:
    return Slot(Job(queue="jobs"), limit)


# --- filling it


def test_a_new_slot_is_filled_at_once(said: Said) -> None:
    made = slot()
    assert made.due(0.0)
    made.started(said.process, NOW)
    assert not made.waits_to_start
    assert (made.pid, made.last_sign) == (4711, NOW)
    assert made.log_extra("killed") == {"queue": "jobs", "pid": 4711, "action": "killed"}


def test_the_end_of_its_process_closes_the_channel(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    made.ended(-9, NOW + 60, final=False)
    assert said.process.socket.fileno() == -1
    assert made.waits_to_start


@pytest.mark.parametrize(("lived", "progress", "wait"), [(60, False, 0), (5, True, 0), (5, False, 0.5)])
def test_only_a_process_that_died_at_once_is_waited_for(said: Said, lived: float, progress: bool, wait: float) -> None:
    made = slot()
    made.started(said.process, NOW)
    if progress:
        said.say("progress")
        made.listen(NOW + 1)
    made.ended(-9, NOW + lived, final=False)
    assert made.restart_at == NOW + lived + wait
    assert not made.due(NOW + lived + wait - 0.001)
    assert made.due(NOW + lived + wait)


@pytest.mark.parametrize("status", [DRAINED, CUT_SHORT, TIMED_OUT])
def test_a_process_that_made_way_on_purpose_is_replaced_at_once(said: Said, status: int) -> None:
    made = slot()
    made.started(said.process, NOW)
    made.ended(status, NOW + 1, final=False)
    assert made.due(NOW + 1)


def waits(made: Slot, processes: Callable[[], Said], deaths: int) -> list[float]:
    """How long is waited after each of so many deaths at once."""
    seen = []
    for _ in range(deaths):
        made.started(processes().process, NOW)
        made.ended(BROKEN, NOW + 1, final=False)
        seen.append(made.restart_at - NOW - 1)
    return seen


def test_waits_double_up_to_a_minute(processes: Callable[[], Said]) -> None:
    assert waits(slot(), processes, 10) == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_process_that_dies_at_once_for_days_is_still_replaced(processes: Callable[[], Said]) -> None:
    made = slot()
    made._deaths_at_once = 5_000
    assert waits(made, processes, 1) == [60]


def test_one_process_that_lives_ends_the_waits(processes: Callable[[], Said]) -> None:
    made = slot()
    waits(made, processes, 5)
    made.started(processes().process, NOW)
    made.ended(BROKEN, NOW + 11, final=False)
    assert made.restart_at == NOW + 11
    assert waits(made, processes, 1) == [0.5]


def test_where_no_process_can_be_started_the_next_try_waits_longer_each_time() -> None:
    made = slot()
    seen = []
    for _ in range(3):
        made.not_started(NOW)
        seen.append(made.restart_at - NOW)
    assert seen == [0.5, 1, 2]
    assert made.waits_to_start


@pytest.mark.parametrize(
    ("status", "clean"), [(DRAINED, True), (TIMED_OUT, True), (CUT_SHORT, False), (BROKEN, False), (-9, False)]
)
def test_the_last_process_decides_whether_it_ended_as_it_should(said: Said, status: int, clean: bool) -> None:
    made = slot()
    made.started(said.process, NOW)
    made.ended(status, NOW + 1, final=True)
    assert made.finished
    assert made.clean is clean
    assert not made.waits_to_start
    assert not made.due(NOW + 1_000)


# --- hearing it


def test_whatever_a_process_says_is_a_sign_of_life(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    assert made.listen(NOW + 1)
    assert made.last_sign == NOW, "it has said nothing"
    said.say("alive")
    assert made.listen(NOW + 2)
    assert made.last_sign == NOW + 2


def test_whether_its_queue_is_empty_is_heard(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    said.say("empty 0", "empty 1")
    made.listen(NOW)
    assert made.empty
    said.say("empty 0")
    made.listen(NOW)
    assert not made.empty


def test_what_a_process_said_of_its_queue_dies_with_it(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    said.say("empty 1")
    made.listen(NOW)
    made.ended(-9, NOW + 60, final=False)
    assert not made.empty, "what it had received since comes back"


def test_an_end_is_heard_after_what_was_said_before(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    said.say("empty 1")
    said.other.close()
    assert made.listen(NOW)
    assert made.empty
    assert not made.listen(NOW)


def test_there_is_nothing_to_hear_without_a_process(said: Said) -> None:
    made = slot()
    assert not made.listen(NOW)
    made.started(said.process, NOW)
    made.ended(-9, NOW, final=False)
    assert not made.listen(NOW)


# --- the message limit


def test_what_is_wanted_is_granted_from_the_limit(said: Said) -> None:
    limit = MessageLimit(7)
    made = slot(limit)
    made.started(said.process, NOW)
    said.say("want 10")
    made.listen(NOW)
    assert said.heard() == "grant 7\n"
    said.say("got 3 7", "want 10")
    made.listen(NOW)
    assert said.heard() == "grant 4\n"
    assert limit.received == 3


def test_without_a_limit_all_is_granted(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    said.say("want 10", "got 3 10")
    made.listen(NOW)
    assert said.heard() == "grant 10\n"


def test_what_a_process_had_reserved_is_free_when_it_ends(said: Said) -> None:
    limit = MessageLimit(10)
    made = slot(limit)
    made.started(said.process, NOW)
    said.say("want 10")
    made.listen(NOW)
    made.ended(-9, NOW, final=False)
    assert limit.reserve("other", 10) == 10


# --- orders


def test_an_order_reaches_the_process(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    made.order_to_end("drain 25.000")
    assert said.heard() == "drain 25.000\n"
    assert made.ordered_to_end
    assert not made.finished, "its end is awaited"


def test_where_there_is_no_process_an_order_to_end_is_the_end() -> None:
    made = slot()
    made.order_to_end("finish")
    assert made.finished
    assert made.clean


def test_an_order_to_a_process_that_is_gone_or_does_not_read_makes_no_error(said: Said) -> None:
    made = slot()
    made.started(said.process, NOW)
    said.other.close()
    made.order("stop")


def test_what_one_process_has_done_is_no_progress_of_the_next(processes: Callable[[], Said]) -> None:
    made = slot()
    first = processes()
    made.started(first.process, NOW)
    first.say("progress")
    made.listen(NOW)
    made.ended(-9, NOW + 1, final=False)
    assert made.restart_at == NOW + 1
    assert waits(made, processes, 1) == [0.5]
