"""The table of failures, as a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import ReceiverTimeout, Reject, RestartLater, UndecodableBody
from django_sqs.queue_options import make_options
from django_sqs.receiving.verdict import Verdict, back_stop, described, judge, retry_delay

if TYPE_CHECKING:
    from pytest_django import Settings

BOOM = ValueError("boom")
TIMEOUT = "ReceiverTimeout: its receiver ran for more than 5 s"
RETRY: dict[str, Any] = {"on_error": "retry", "retry_delays": (10, 20)}


@dataclass
class Row:
    """What happened, and what becomes of the message."""

    what: str
    error: BaseException
    verdict: Verdict
    options: dict[str, Any]
    receive_count: int = 1
    age: float = 0


def row(what: str, error: BaseException, verdict: Verdict, count: int = 1, age: float = 0, **options: Any) -> Row:
    return Row(what, error, verdict, options, count, float(age))


def keep(reason: str, failed: bool = True) -> Verdict:
    return Verdict(keep=True, reason=reason, failed=failed)


def too_often(count: int) -> Verdict:
    return keep(f"failed, and received {count} times: ValueError: boom")


def stay(delay: float, reason: str = "ValueError: boom", failed: bool = True) -> Verdict:
    return Verdict(delay=delay, reason=reason, failed=failed)


TABLE = [
    row("restart later", RestartLater(), stay(60, "", False)),
    row("restart by the queue's timeout", RestartLater(), stay(7, "", False), visibility_timeout=7),
    row("restart in 30 s", RestartLater(30), stay(30, "in 30 s", False)),
    row("restart at once", RestartLater(0), stay(0, "in 0 s", False)),
    row("restart is no failure", RestartLater(5), stay(5, "in 5 s", False), 500, **RETRY, max_receives=3),
    row("restart where deleted", RestartLater(5), stay(5, "in 5 s", False), delete_on_start=True),
    row("restart near 12 h", RestartLater(43_200), stay(3_540, "in 43200 s", False), age=39_600),
    row("restart past 12 h", RestartLater(43_200), stay(0, "in 43200 s", False), age=43_300),
    row("reject", Reject("bad"), keep("Reject: bad", False)),
    row("reject, retrying", Reject("bad"), keep("Reject: bad", False), **RETRY),
    row("a body that is none", UndecodableBody("bad"), keep("UndecodableBody: bad", False), **RETRY),
    row("error, delete", BOOM, keep("ValueError: boom"), on_error="delete"),
    row("error, delete by default", BOOM, keep("ValueError: boom")),
    row("error, delete, max_receives", BOOM, keep("ValueError: boom"), on_error="delete", max_receives=5),
    row("error, retry", BOOM, stay(10), **RETRY),
    row("error, retry, second receive", BOOM, stay(20), 2, **RETRY),
    row("error, retry, the last delay repeats", BOOM, stay(20), 99, **RETRY),
    row("error, retry, below max_receives", BOOM, stay(20), 2, **RETRY, max_receives=3),
    row("error, retry, at it", BOOM, too_often(3), 3, **RETRY, max_receives=3),
    row("error, retry, past it", BOOM, too_often(4), 4, **RETRY, max_receives=3),
    row("error, retry, near 12 h", BOOM, stay(5), age=43_200 - 65, **RETRY),
    row("error, retry, past 12 h", BOOM, stay(0), age=43_300, **RETRY),
    row("error, retry, deleted before", BOOM, keep("ValueError: boom"), **RETRY, delete_on_start=True),
    row("timeout", ReceiverTimeout(5), keep(TIMEOUT)),
    row("timeout, retry", ReceiverTimeout(5), stay(10, TIMEOUT), **RETRY),
    row("exit", SystemExit("bye"), keep("SystemExit: bye")),
    row("exit, retry", SystemExit("bye"), stay(10, "SystemExit: bye"), **RETRY),
]


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_what_becomes_of_a_message(row: Row) -> None:
    verdict = judge(row.error, make_options("jobs", row.options), row.receive_count, row.age)
    assert verdict == row.verdict
    assert verdict.delay is None or isinstance(verdict.delay, float), "the settler tells a delay by its type"


@pytest.mark.usefixtures("no_jitter")
def test_the_setting_decides_where_the_queue_does_not(settings: Settings) -> None:
    settings.SQS_ON_ERROR = "retry"
    assert judge(BOOM, make_options("jobs", {}), 1, 0) == stay(10)
    assert judge(BOOM, make_options("jobs", {"on_error": "delete"}), 1, 0) == keep("ValueError: boom")


@pytest.mark.usefixtures("no_jitter")
def test_the_default_delays_double_up_to_640_seconds() -> None:
    options = make_options("jobs", {"on_error": "retry"})
    assert [retry_delay(options, count, 0) for count in range(1, 10)] == [10, 20, 40, 80, 160, 320, 640, 640, 640]


@given(count=st.integers(0, 1_000), age=st.floats(0, 50_000))
def test_a_retry_comes_after_half_to_all_of_its_delay_and_never_past_twelve_hours(count: int, age: float) -> None:
    options = make_options("jobs", {"retry_delays": (100, 40_000)})
    delay = retry_delay(options, count, age)
    listed = 100 if count <= 1 else 40_000
    assert isinstance(delay, float)
    longest = pytest.approx(max(0, 43_200 - 60 - age))
    assert delay >= 0
    assert delay < longest.expected or delay == longest
    assert delay <= listed
    assert delay >= listed / 2 or delay == longest


def test_retries_of_messages_that_failed_together_are_spread() -> None:
    options = make_options("jobs", {"retry_delays": (100,)})
    assert len({retry_delay(options, 1, 0) for _ in range(20)}) > 5


def negative(count: int) -> float:
    return -5


def broken(count: int) -> float:
    raise RuntimeError("no idea")


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(
    ("delays", "delay"), [(lambda count: count * 3, 6), (negative, 0), (broken, 20), (lambda count: "soon", 20)]
)
def test_delays_may_be_a_function_and_one_that_fails_is_replaced(delays: Callable[[int], Any], delay: float) -> None:
    assert retry_delay(make_options("jobs", {"retry_delays": delays}), 2, 0) == delay


@pytest.mark.parametrize(("max_receives", "stop"), [(1, 20), (6, 20), (7, 21), (100, 300)])
def test_the_back_stop_leaves_room_for_receives_that_were_no_runs(max_receives: int, stop: int) -> None:
    assert back_stop(max_receives) == stop


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("this error cannot be shown")


def test_an_error_that_cannot_be_shown_has_its_name_as_the_reason() -> None:
    assert described(Unspeakable()) == "Unspeakable"
    assert judge(Unspeakable(), make_options("jobs", {}), 1, 0).reason == "Unspeakable"
