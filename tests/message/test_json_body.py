"""Messages whose body is JSON."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InvalidBody, UndecodableBody
from django_sqs.message import JSONMessage

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**4000), 10**4000)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def read(raw: str) -> Any:
    return JSONMessage.from_received({"Body": raw}).body


@given(value=VALUES)
def test_any_value_comes_back_as_it_was(value: Any) -> None:
    raw = JSONMessage(body=value).raw_body
    assert json.loads(raw) == value
    assert read(raw) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2024, 5, 6, 7, 8, 9, 123_456, tzinfo=timezone.utc), '"2024-05-06T07:08:09.123Z"'),
        (date(2024, 5, 6), '"2024-05-06"'),
        (time(7, 8, 9), '"07:08:09"'),
        (timedelta(hours=1), '"P0DT01H00M00S"'),
        (Decimal("1.10"), '"1.10"'),
        (uuid.UUID(int=5), '"00000000-0000-0000-0000-000000000005"'),
        (gettext_lazy("yes"), '"yes"'),
        ((1, 2), "[1,2]"),
        ({"ü": "\U0001f600"}, '{"ü":"\U0001f600"}'),
    ],
)
def test_what_django_can_write_is_written_compactly(value: Any, text: str) -> None:
    assert JSONMessage(body=value).raw_body == text


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"bytes", float("nan"), [float("inf")], {("a", "b"): 1}, 5j, lambda: None]
)
def test_what_json_does_not_know_is_an_invalid_body(value: Any) -> None:
    with pytest.raises(InvalidBody, match="A JSONMessage cannot be made of this body"):
        _ = JSONMessage(body=value).raw_body


def test_a_body_that_contains_itself_is_an_invalid_body() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(InvalidBody):
        _ = JSONMessage(body=value).raw_body


def test_a_body_too_deep_to_write_is_an_invalid_body() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(InvalidBody):
        _ = JSONMessage(body=value).raw_body
    # Freeing it level by level: the interpreter's own way down is deep as well.
    while value:
        value = value[0]


@pytest.mark.parametrize(
    "raw", ["", "text", "NaN", "[Infinity]", "-Infinity", "{", '{"a":}', "[1,]", "'a'", "\ufeff1", "1 2", "9" * 5_000]
)
def test_what_is_no_json_is_undecodable(raw: str) -> None:
    with pytest.raises(UndecodableBody, match="is no body of a JSONMessage"):
        read(raw)


def test_json_nested_too_deeply_is_undecodable() -> None:
    with pytest.raises(UndecodableBody):
        read("[" * 100_000 + "]" * 100_000)


def test_none_is_a_body() -> None:
    assert JSONMessage(body=None).raw_body == "null"
    assert read("null") is None
