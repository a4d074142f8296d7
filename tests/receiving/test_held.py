"""The state of one held message."""

from __future__ import annotations

import pytest

from django_sqs.receiving.held import HeldMessage, State
from tests.receiving.support import Clock, held, raw


def test_what_sqs_tells_of_a_message_is_read() -> None:
    message = HeldMessage(raw("m1", group="g", count=4, handle="h"), 100.0, 30)
    assert (message.id, message.handle, message.group, message.receive_count) == ("m1", "h", "g", 4)
    assert (message.received_at, message.deadline, message.state) == (100.0, 130.0, State.WAITING)


def test_a_message_without_attributes_is_of_no_group_and_received_once() -> None:
    message = HeldMessage({"MessageId": "m", "ReceiptHandle": "h"}, 0, 30)
    assert (message.group, message.receive_count) == ("", 1)


def test_an_extension_is_the_visibility_timeout(clock: Clock) -> None:
    message = held(at=clock.now, visibility=30)
    clock.advance(10_000)
    assert message.extension(30) == 30


@pytest.mark.parametrize(
    ("age", "extension"), [(0, 43_140), (43_139, 1), (43_140, 0), (43_200, -60), (43_110, 30), (43_111, 29)]
)
def test_no_extension_goes_past_twelve_hours_less_a_minute(clock: Clock, age: float, extension: float) -> None:
    message = held(at=clock.now)
    clock.advance(age)
    visibility = 43_200 if age in (0, 43_139, 43_140, 43_200) else 30
    assert message.extension(visibility) == pytest.approx(extension, abs=1e-6)


def test_one_that_is_received_again_while_held_goes_on_with_its_new_handle() -> None:
    message = held(at=100.0, visibility=30)
    message.lost = True
    message.state = State.RUNNING
    again = held(at=140.0, visibility=30, count=2)
    message.renew(again)
    assert (message.handle, message.receive_count) == (again.handle, 2)
    assert (message.received_at, message.deadline, message.lost) == (140.0, 170.0, False)
    assert message.state is State.RUNNING, "it still runs"


def test_its_age_counts_from_its_receive(clock: Clock) -> None:
    message = held(at=clock.now)
    clock.advance(12)
    assert message.age == 12


def test_log_records_about_it_say_which_it_is() -> None:
    assert held("m1", count=3).log_extra("q", "lost") == {
        "queue": "q",
        "message_id": "m1",
        "receive_count": 3,
        "action": "lost",
    }
