"""The options of a queue are checked where it is registered, and may be overridden by the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from django_sqs.exceptions import InvalidOption, WrongArgument
from django_sqs.message import BaseMessage, JSONMessage, Message, ModelInstanceMessage
from django_sqs.queue_options import (
    DEFAULT_RETRY_DELAYS,
    NAMES,
    OPERATOR_NAMES,
    OptionKeywords,
    QueueOptions,
    make_options,
    with_overrides,
)


@dataclass
class Order:
    number: int


GOOD: list[tuple[str, Any]] = [
    *(("visibility_timeout", value) for value in (None, 0, 2, 30.5, 43_200)),
    *(("message_class", value) for value in (None, Message, JSONMessage, ModelInstanceMessage)),
    *(("payload", value) for value in (None, Order)),
    *(("suffixes", value) for value in ((), ["big"], ("big", "small"), ("",))),
    *(("poll_period", value) for value in (None, 0.1, 3_600)),
    *(("concurrency", value) for value in (None, 1, 1_000)),
    *(("processes", value) for value in (1, 100)),
    *(("on_error", value) for value in (None, "delete", "retry")),
    *(("retry_delays", value) for value in ([1], (0, 43_200, 0.5), lambda count: count)),
    *(("max_receives", value) for value in (None, 1, 1_000)),
    *(("dead_letter", value) for value in (None, "graveyard")),
    *(("timeout", value) for value in (None, 0.1, 43_200)),
    *(("batch", value) for value in (None, 1, 10_000)),
    *(("batch_window", value) for value in (0, 300)),
    *((name, value) for name in ("delete_on_start", "close_database", "fifo") for value in (True, False)),
    ("content_based_deduplication", False),
]
BAD: list[tuple[str, Any]] = [
    *(("visibility_timeout", value) for value in (-1, 43_201, "30", True, float("nan"))),
    *(("message_class", value) for value in (str, Message(body="a"), "Message", 5)),
    *(("payload", value) for value in (str, Order(number=5), "Order", 5)),
    *(("suffixes", value) for value in ("big", [5], {"big"}, None, ["a b"], ["a.fifo"])),
    *(("poll_period", value) for value in (0, -1, "5", 3_601)),
    *(("concurrency", value) for value in (0, -1, 1.5, True, 1_001, "4")),
    *(("processes", value) for value in (0, None, 101, 2.0)),
    ("on_error", []),
    *(("on_error", value) for value in ("ignore", 5, True)),
    ("retry_delays", []),
    *(("retry_delays", value) for value in (5, ["10"], None, [-1], [43_201])),
    *(("max_receives", value) for value in (0, 1.5, "3")),
    *(("dead_letter", value) for value in (5, b"x")),
    *(("timeout", value) for value in (0, -1, "5")),
    *(("batch", value) for value in (0, 1.5, True)),
    *(("batch_window", value) for value in (-1, 301, None)),
    *((name, value) for name in ("delete_on_start", "close_database", "fifo") for value in (1, None, "yes")),
    *(("content_based_deduplication", value) for value in (1, None)),
]


def test_every_option_is_tried_here() -> None:
    assert {name for name, _ in GOOD} == {name for name, _ in BAD} == set(NAMES)
    # What a receiver is called with, is for the overloads of @receiver to say.
    assert set(NAMES) - set(OptionKeywords.__annotations__) == {"payload"}


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_good_value_is_accepted(name: str, value: Any) -> None:
    options = make_options("letters", {name: value})
    assert getattr(options, name) == (Message if (name, value) == ("message_class", None) else value)


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_refused_with_what_is_right(name: str, value: Any) -> None:
    with pytest.raises(InvalidOption, match=f"^{name}=.* of the queue 'letters' is not right: it must be"):
        make_options("letters", {name: value})


def test_an_option_that_is_none_is_refused_with_the_nearest() -> None:
    with pytest.raises(WrongArgument, match=r"concurency= .* Did you mean concurrency\?"):
        make_options("letters", {"concurency": 4})
    with pytest.raises(WrongArgument, match="The options are: visibility_timeout"):
        make_options("letters", {"zzz": 4})


@pytest.mark.parametrize("name", ["suffix", "delay", "eta", "group_id", "message_attributes", "immediate", "using"])
def test_a_message_class_that_takes_a_keyword_of_sending_is_refused(name: str) -> None:
    namespace: dict[str, Any] = {"Message": Message}
    exec(f"class Odd(Message):\n    def __init__(self, *, {name}=None, body=''): ...", namespace)
    with pytest.raises(InvalidOption, match=f"{name}, which concerns the sending"):
        make_options("letters", {"message_class": namespace["Odd"]})


def test_a_message_class_may_take_any_other_keyword() -> None:
    class Order(BaseMessage[int]):
        def __init__(self, number: int, **more: Any) -> None: ...

    assert make_options("letters", {"message_class": Order}).message_class is Order


@pytest.mark.parametrize("more", [{"fifo": True}, {"delete_on_start": True}])
def test_a_batch_is_refused_where_it_would_break_a_promise(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="batch=10"):
        make_options("letters", {"batch": 10, **more})
    with pytest.raises(InvalidOption, match="batch=10"):
        make_options("letters.fifo", {"batch": 10})


def test_content_makes_deduplication_ids_on_fifo_queues_only() -> None:
    assert not make_options("letters.fifo", {}).content_based_deduplication
    for name, more in (("letters.fifo", {}), ("letters.fifo", {"fifo": True})):
        assert make_options(name, {"content_based_deduplication": True, **more}).content_based_deduplication
    with pytest.raises(InvalidOption, match=r"content_based_deduplication=True .*fifo=True"):
        make_options("letters", {"content_based_deduplication": True})
    with pytest.raises(InvalidOption, match="True or False"):
        make_options("letters.fifo", {"content_based_deduplication": 1})


class TestOverrides:
    def test_take_the_place_of_what_was_registered(self) -> None:
        options = make_options("letters", {"concurrency": 1, "visibility_timeout": 30})
        overridden = with_overrides("letters", options, {"concurrency": 8})
        assert (overridden.concurrency, overridden.visibility_timeout) == (8, 30)
        assert options.concurrency == 1
        assert with_overrides("letters", options, {}) is options

    @pytest.mark.parametrize("name", OPERATOR_NAMES)
    def test_are_checked_like_any_value(self, name: str) -> None:
        bad = next(value for option, value in BAD if option == name)
        with pytest.raises(InvalidOption, match="SQS_QUEUES"):
            with_overrides("letters", QueueOptions(), {name: bad})

    @pytest.mark.parametrize("name", sorted({*NAMES, "nonsense"} - set(OPERATOR_NAMES)))
    def test_are_for_what_an_operator_decides(self, name: str) -> None:
        with pytest.raises(WrongArgument, match="SQS_QUEUES"):
            with_overrides("letters", QueueOptions(), {name: None})

    def test_need_names_that_are_strings(self) -> None:
        odd: Any = {5: 1}
        with pytest.raises(WrongArgument, match="SQS_QUEUES"):
            with_overrides("letters", QueueOptions(), odd)


class TestWhatIsInForce:
    def test_is_the_setting_where_the_queue_says_nothing(self, settings: Any) -> None:
        settings.SQS_DEFAULT_VISIBILITY_TIMEOUT = 77
        settings.SQS_POLL_PERIOD = 7
        settings.SQS_ON_ERROR = "retry"
        options = QueueOptions()
        assert (options.visibility, options.poll_wait, options.error_policy) == (77, 7, "retry")

    def test_is_what_the_queue_says(self, settings: Any) -> None:
        settings.SQS_ON_ERROR = "retry"
        options = QueueOptions(visibility_timeout=5, poll_period=1, on_error="delete")
        assert (options.visibility, options.poll_wait, options.error_policy) == (5, 1, "delete")

    def test_is_one_thread_or_ten_coroutines(self) -> None:
        assert QueueOptions().handlers(is_async=False) == 1
        assert QueueOptions().handlers(is_async=True) == 10
        assert QueueOptions(concurrency=3).handlers(is_async=True) == 3


class TestRetryDelays:
    def test_go_by_the_receive_count_and_the_last_repeats(self) -> None:
        options = QueueOptions(retry_delays=(1, 2.5, 4))
        assert [options.delay_after(count) for count in (0, 1, 2, 3, 4, 100)] == [1, 1, 2.5, 4, 4, 4]
        assert QueueOptions().delay_after(1) == DEFAULT_RETRY_DELAYS[0]

    def test_may_be_a_function(self) -> None:
        options = QueueOptions(retry_delays=lambda count: count * 10)
        assert options.delay_after(3) == 30
        assert QueueOptions(retry_delays=lambda count: -5).delay_after(1) == 0

    @pytest.mark.parametrize("function", [lambda count: 1 / 0, lambda count: None, lambda: 5, lambda count: "soon"])
    def test_that_fail_are_replaced_by_the_default(
        self, function: Callable[..., Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        assert QueueOptions(retry_delays=function).delay_after(2) == DEFAULT_RETRY_DELAYS[1]
        assert "the default is used" in caplog.text
