"""Between values of JSON and dataclasses."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import UndecodableBody
from django_sqs.message import DataclassMessage
from tests.message.kinds import AT, INT_OR_STR, MAYBE_INT, Colour, Level, Line, Order, Tree, UserId, dump, load
from tests.message.samples import received

PAIRS: list[tuple[Any, Any, Any]] = [
    (str, "ü", "ü"),
    (int, 7, 7),
    (float, 1.5, 1.5),
    (bool, True, True),
    (None, None, None),
    (Any, {"a": [1, 1.5, None]}, {"a": [1, 1.5, None]}),
    (Decimal, Decimal("1.10"), "1.10"),
    (datetime, AT, "2026-05-04T03:02:01.123456+00:00"),
    (datetime, datetime(2026, 5, 4), "2026-05-04T00:00:00"),
    (date, date(2026, 5, 4), "2026-05-04"),
    (time, time(3, 2, 1), "03:02:01"),
    (timedelta, timedelta(days=1, seconds=2.5), "P1DT00H00M02.500000S"),
    (uuid.UUID, uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (Colour, Colour.RED, "red"),
    (Level, Level.HIGH, 2),
    (Literal["a", 1, None], "a", "a"),
    (Literal["a", 1, None], 1, 1),
    (Literal["a", 1, None], None, None),
    (MAYBE_INT, None, None),
    (int | None, 7, 7),
    (INT_OR_STR, "7", "7"),
    (list[int], [1, 2], [1, 2]),
    (list, [1, "a"], [1, "a"]),
    (Sequence[int], [1], [1]),
    (tuple[int, ...], (1, 2), [1, 2]),
    (tuple[int, str], (1, "a"), [1, "a"]),
    (tuple, (1, "a"), [1, "a"]),
    (set[int], {2, 1}, [1, 2]),
    (frozenset[str], frozenset("ba"), ["a", "b"]),
    (dict[str, int], {"a": 1}, {"a": 1}),
    (dict[int, str], {-1: "a"}, {"-1": "a"}),
    (dict[uuid.UUID, int], {uuid.UUID(int=7): 1}, {"00000000-0000-0000-0000-000000000007": 1}),
    (dict[Level, int], {Level.LOW: 1}, {"1": 1}),
    (dict[date, int], {date(2026, 5, 4): 1}, {"2026-05-04": 1}),
    (dict, {"a": 1}, {"a": 1}),
    (Mapping[str, list[Decimal]], {"a": [Decimal("0.1")]}, {"a": ["0.1"]}),
    (Annotated[int, "a remark"], 7, 7),
    (UserId, 7, 7),
    (Line, Line("tea", Decimal("2.50")), {"article": "tea", "price": "2.50", "count": 1}),
    (Line | None, None, None),
]


@pytest.mark.parametrize(("annotation", "value", "wire"), PAIRS, ids=[f"{pair[0]}-{pair[2]!r}"[:60] for pair in PAIRS])
def test_a_value_goes_out_and_comes_back_as_the_same_of_the_same_type(annotation: Any, value: Any, wire: Any) -> None:
    assert dump(annotation, value) == wire
    back = load(annotation, wire)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    ("annotation", "wire", "value"),
    [
        (float, 7, 7.0),
        (Decimal, 5, Decimal(5)),
        (Decimal, 'RAW {"x": 0.1234567890123456789}', Decimal("0.1234567890123456789")),
        (datetime, "2026-05-04T03:02:01.123456Z", AT),
        (timedelta, "1 00:00:02.5", timedelta(days=1, seconds=2.5)),
        (Any, 'RAW {"x": [1.50]}', [1.5]),
        (Sequence[int], [1], [1]),
    ],
)
def test_what_other_programs_write_is_read_too(annotation: Any, wire: Any, value: Any) -> None:
    back = load(annotation, wire)
    assert back == value
    assert type(back) is type(value)


def test_the_first_of_a_union_that_fits_is_taken() -> None:
    assert load(Line | Tree, {"name": "a"}) == Tree("a")
    assert load(Line | Tree, {"article": "a", "price": "1", "name": "b"}) == Line("a", Decimal(1))


def test_names_that_are_no_fields_are_passed_over() -> None:
    assert load(Line, {"article": "a", "price": 1, "colour": "red"}) == Line("a", Decimal(1))


def test_fields_that_are_missing_take_their_defaults() -> None:
    wire = '{"number": 7, "at": "2026-05-04T03:02:01.123456Z", "lines": []}'
    first, second = (DataclassMessage.of(Order).from_received(received(wire)).body for _ in "ab")
    assert first == Order(number=7, at=AT, lines=[], note=None, tags={})
    assert first.tags is not second.tags


def test_a_dataclass_may_have_fields_of_its_own_type() -> None:
    tree = Tree("a", [Tree("b", [Tree("c")])], Tree("p"))
    wire = DataclassMessage.of(Tree)(body=tree).raw_body
    assert DataclassMessage.of(Tree).from_received(received(wire)).body == tree


def test_keyword_only_slots_and_frozen_dataclasses_are_made_as_they_are() -> None:
    @dataclass(frozen=True, kw_only=True, slots=True)
    class Point:
        x: int
        y: int = 0
        length: float = field(init=False, default=0.0)

    message = DataclassMessage.of(Point)(body=Point(x=3))
    assert json.loads(message.raw_body) == {"x": 3, "y": 0}
    assert DataclassMessage.of(Point).from_received(received('{"x": 3, "length": 9}')).body == Point(x=3)


def test_members_of_number_enums_are_numbers() -> None:
    assert dump(int, Level.HIGH) == 2
    assert dump(float, 3) == 3.0


def test_a_name_that_is_defined_later_is_looked_up_when_it_is_needed() -> None:
    @dataclass
    class Early:
        late: Late  # type: ignore[name-defined]  # noqa: F821

    cls = DataclassMessage.of(Early)
    with pytest.raises(UndecodableBody, match="Late"):
        cls.from_received(received('{"late": {"n": 1}}')).get_body()
    globals()["Late"] = dataclasses.make_dataclass("Late", [("n", int)])
    try:
        assert cls.from_received(received('{"late": {"n": 1}}')).body.late.n == 1
    finally:
        del globals()["Late"]


def test_a_message_class_is_the_same_each_time_with_a_name_that_tells() -> None:
    assert DataclassMessage.of(Line) is DataclassMessage.of(Line)
    assert DataclassMessage.of(Line).__name__ == "DataclassMessage.of(Line)"


ORDERS = st.builds(
    Order,
    number=st.integers(),
    at=st.datetimes(timezones=st.just(timezone.utc)),
    lines=st.lists(st.builds(Line, st.text(), st.decimals(allow_nan=False, allow_infinity=False), st.integers())),
    note=st.none() | st.text(),
    tags=st.dictionaries(st.text(), st.text()),
)


@given(order=ORDERS)
def test_any_order_comes_back_as_it_was(order: Order) -> None:
    wire = DataclassMessage.of(Order)(body=order).raw_body
    assert DataclassMessage.of(Order).from_received(received(wire)).body == order
