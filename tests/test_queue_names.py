"""PREFIX__name__suffix, empty parts left out, .fifo always last."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InvalidQueueName, MissingSetting, WrongArgument
from django_sqs.queue_names import check_bare_name, full_name, name_of_function


@pytest.mark.parametrize(
    ("prefix", "name", "suffix", "expected"),
    [
        ("me", "orders", None, "me__orders"),
        ("me", "orders", "big", "me__orders__big"),
        ("", "orders", None, "orders"),
        ("", "orders", "big", "orders__big"),
        ("me", "orders", "", "me__orders"),
        ("me", "orders.fifo", None, "me__orders.fifo"),
        ("me", "orders.fifo", "big", "me__orders__big.fifo"),
    ],
)
def test_the_parts_are_joined(settings: Any, prefix: str, name: str, suffix: str | None, expected: str) -> None:
    settings.SQS_QUEUE_PREFIX = prefix
    assert full_name(name, suffix) == expected


def test_a_prefix_is_required_while_debug_is_on(settings: Any) -> None:
    settings.DEBUG = True
    settings.SQS_QUEUE_PREFIX = ""
    with pytest.raises(MissingSetting, match="SQS_QUEUE_PREFIX"):
        full_name("orders")


@pytest.mark.parametrize("suffix", ["a b", "a.b", "ü", "big.fifo", "a\n", "x" * 80])
def test_a_suffix_that_sqs_would_refuse_is_refused(suffix: str) -> None:
    with pytest.raises(InvalidQueueName, match="test__orders"):
        full_name("orders", suffix)
    with pytest.raises(InvalidQueueName, match="test__orders"):
        full_name("orders.fifo", suffix)


@pytest.mark.parametrize("suffix", [5, b"big", ["big"], True])
def test_a_suffix_that_is_no_string_is_refused(suffix: Any) -> None:
    with pytest.raises(WrongArgument, match="suffix="):
        full_name("orders", suffix)


def test_eighty_characters_are_the_limit_with_all_parts(settings: Any) -> None:
    settings.SQS_QUEUE_PREFIX = "p"
    assert len(full_name("x" * 72 + ".fifo")) == 80
    with pytest.raises(InvalidQueueName, match="81 characters"):
        full_name("x" * 73 + ".fifo")


@pytest.mark.parametrize("name", ["orders", "Orders_2-x", "a", "x" * 80, "orders.fifo", "x" * 75 + ".fifo"])
def test_a_good_name_is_accepted(name: str) -> None:
    assert check_bare_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".fifo",
        "a b",
        "a.b",
        "orders.fifo.fifo",
        "a\n",
        "ü",
        "x" * 81,
        "x" * 76 + ".fifo",
        None,
        5,
        b"orders",
        ["a"],
    ],
)
def test_a_bad_name_is_refused_by_name(name: Any) -> None:
    with pytest.raises(InvalidQueueName) as raised:
        check_bare_name(name)
    assert repr(name) in str(raised.value)


@given(name=st.text(max_size=100))
def test_any_text_is_a_name_or_refused(name: str) -> None:
    try:
        assert check_bare_name(name) == name
    except InvalidQueueName:
        return
    assert name.removesuffix(".fifo").replace("_", "").replace("-", "").isascii()
    assert len(name) <= 80


class TestTheNameOfAFunction:
    def test_is_its_module_and_its_name(self) -> None:
        assert name_of_function(boundary) == "tests__test_queue_names__boundary"

    def test_has_no_locals_in_it(self) -> None:
        def inner() -> None: ...

        assert check_bare_name(name_of_function(inner)).endswith("test_has_no_locals_in_it__inner")

    @pytest.mark.parametrize("fn", [partial(print), object()])
    def test_is_asked_for_where_there_is_none(self, fn: Any) -> None:
        with pytest.raises(WrongArgument, match="Give the queue a name"):
            name_of_function(fn)

    def test_of_a_lambda_is_refused(self) -> None:
        with pytest.raises(InvalidQueueName, match="lambda"):
            check_bare_name(name_of_function(lambda: None))


def boundary() -> None:
    """A function at the top of its module."""
