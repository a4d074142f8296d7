"""What does not fit a dataclass, and what cannot be one of a message."""

from __future__ import annotations

import dataclasses
import enum
import json
import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Generic, Literal

import pytest

from django_sqs.exceptions import InvalidBody, Reject, UndecodableBody, WrongArgument
from django_sqs.message import DataclassMessage
from tests.message.kinds import AT, INT_OR_STR, Colour, Level, Line, Order, T, dump, load
from tests.message.samples import received

WRONG: list[tuple[Any, Any, str]] = [
    (str, 5, "text"),
    (str, None, "text"),
    (int, "7", "a whole number"),
    (int, 7.0, "a whole number"),
    (int, True, "a whole number"),
    (float, "1.5", "a number"),
    (float, True, "a number"),
    (float, 'RAW {"x": 1e999}', "a number"),
    (bool, 1, "true or false"),
    (bool, "true", "true or false"),
    (None, 0, "null"),
    (Decimal, "ten", "a decimal number"),
    (Decimal, "NaN", "a decimal number"),
    (Decimal, True, "a decimal number"),
    (datetime, "2026-05-04 noon", "a date with a time"),
    (datetime, "2026-13-04T00:00:00", "a date with a time"),
    (datetime, 5, "a date with a time"),
    (date, "04.05.2026", "a date"),
    (date, "2026-02-30", "a date"),
    (time, "25:00", "a time"),
    (timedelta, "long", "a duration"),
    (uuid.UUID, "7", "a UUID"),
    (Colour, "green", "a value of Colour"),
    (Colour, ["red"], "a value of Colour"),
    (Level, True, "a value of Level"),
    (Level, 1.0, "a value of Level"),
    (Literal["a", 1], True, "'a' or 1"),
    (Literal["a", 1], 1.0, "'a' or 1"),
    (Literal[True], 1, "True"),
    (int | None, "7", "a whole number or null"),
    (INT_OR_STR, 1.5, "a whole number or text"),
    (list[int], {"0": 1}, "an array"),
    (list[int], "12", "an array"),
    (tuple[int, str], [1], "2 values"),
    (dict[str, int], [["a", 1]], "an object"),
    (Line, [], "an object with the fields of Line"),
]


@pytest.mark.parametrize(("annotation", "wire", "expected"), WRONG, ids=[f"{one[0]}-{one[1]!r}"[:60] for one in WRONG])
def test_a_value_that_does_not_fit_is_rejected_with_the_field_and_what_it_must_be(
    annotation: Any, wire: Any, expected: str
) -> None:
    with pytest.raises(UndecodableBody) as caught:
        load(annotation, wire)
    assert isinstance(caught.value, Reject)
    assert ": x is " in str(caught.value)
    assert str(caught.value).endswith(f"which is not {expected}")


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ({"at": "2026-05-04T00:00:00Z", "lines": []}, "number is missing"),
        ({"number": "7", "at": "2026-05-04T00:00:00Z", "lines": []}, "number is '7'"),
        (
            {"number": 7, "at": "2026-05-04T00:00:00Z", "lines": [{"article": "a", "price": "x"}]},
            r"lines[0].price is 'x'",
        ),
        ({"number": 7, "at": "2026-05-04T00:00:00Z", "lines": [{"article": "a"}]}, r"lines[0].price is missing"),
        ({"number": 7, "at": "2026-05-04T00:00:00Z", "lines": [5]}, r"lines[0] is 5"),
        ({"number": 7, "at": "2026-05-04T00:00:00Z", "lines": [], "tags": {"a b": 5}}, "tags['a b'] is 5"),
        ([], "the body is []"),
        (None, "the body is None"),
    ],
)
def test_the_path_leads_into_what_is_nested(wire: Any, path: str) -> None:
    with pytest.raises(UndecodableBody) as caught:
        DataclassMessage.of(Order).from_received(received(json.dumps(wire))).get_body()
    assert path in str(caught.value)
    assert "is no Order: " in str(caught.value)


def test_the_only_one_of_a_union_that_may_be_meant_tells_what_is_wrong() -> None:
    with pytest.raises(UndecodableBody, match=r"x\.price is 'x', which is not a decimal number"):
        load(Line | None, {"article": "a", "price": "x"})


def test_what_a_dataclass_refuses_itself_is_rejected_with_its_words() -> None:
    @dataclass
    class Positive:
        n: int

        def __post_init__(self) -> None:
            if self.n < 0:
                raise ValueError("n must not be negative")

    @dataclass
    class Holder:
        inner: Positive

    with pytest.raises(UndecodableBody, match="the body is no Positive: n must not be negative"):
        DataclassMessage.of(Positive).from_received(received('{"n": -1}')).get_body()
    globals()["Positive"] = Positive
    try:
        with pytest.raises(UndecodableBody, match="inner is no Positive: n must not be negative"):
            DataclassMessage.of(Holder).from_received(received('{"inner": {"n": -1}}')).get_body()
    finally:
        del globals()["Positive"]


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (int, "7"),
        (int, True),
        (str, None),
        (Decimal, Decimal("NaN")),
        (float, float("inf")),
        (date, AT),
        (datetime, date(2026, 5, 4)),
        (Colour, "red"),
        (Literal["a"], "b"),
        (list[int], (x for x in "ab")),
        (list[int], ["a"]),
        (dict[str, int], [1]),
        (dict[str, int], {1: 1}),
        (dict[bool, int], {True: 1}),
        (set[int], [1]),
        (tuple[int, str], (1,)),
        (Line, {"article": "a", "price": "1"}),
    ],
)
def test_an_instance_that_does_not_fit_its_annotations_is_not_sent(annotation: Any, value: Any) -> None:
    with pytest.raises(InvalidBody, match=r"cannot be made of this body: x(\[0\])? (is|has)"):
        dump(annotation, value)


def test_another_object_is_not_sent() -> None:
    message = DataclassMessage.of(Line)(body={"article": "a"})  # type: ignore[arg-type]
    with pytest.raises(InvalidBody, match=r"the body is {'article': 'a'}, which is not a Line"):
        _ = message.raw_body


class TestWhatCannotBeAPayload:
    @pytest.mark.parametrize("annotation", [bytes, complex, object, type, T, list[bytes], dict[str, object], "int"])
    def test_has_a_field_of_a_type_that_json_cannot_carry(self, annotation: Any) -> None:
        cls = dataclasses.make_dataclass("Odd", [("x", annotation)])
        if annotation == "int":
            assert load("int", 7) == 7
            return
        with pytest.raises(WrongArgument, match=r"Odd cannot be a payload: Odd\.x: "):
            DataclassMessage.of(cls)

    def test_has_such_a_field_within(self) -> None:
        inner = dataclasses.make_dataclass("Inner", [("x", bytes)])
        outer = dataclasses.make_dataclass("Outer", [("inner", list[inner | None])])  # type: ignore[valid-type]
        with pytest.raises(WrongArgument, match=r"Outer cannot be a payload: Inner\.x: bytes"):
            DataclassMessage.of(outer)

    def test_has_an_enum_whose_values_are_no_single_values(self) -> None:
        odd = enum.Enum("odd", {"A": (1, 2)})
        with pytest.raises(WrongArgument, match="no single value of JSON"):
            DataclassMessage.of(dataclasses.make_dataclass("Odd", [("x", odd)]))

    def test_takes_more_than_its_fields(self) -> None:
        @dataclass
        class Secretive:
            n: int
            password: dataclasses.InitVar[str]

        with pytest.raises(WrongArgument, match="also takes password, which is no field"):
            DataclassMessage.of(Secretive)

    @pytest.mark.parametrize("given", [str, dict, Line("a", Decimal(1)), "Line", None])
    def test_is_no_dataclass(self, given: Any) -> None:
        with pytest.raises(WrongArgument, match="is no dataclass"):
            DataclassMessage.of(given)

    def test_is_generic(self) -> None:
        @dataclass
        class Box(Generic[T]):
            content: T

        with pytest.raises(WrongArgument, match="no type that JSON can carry"):
            DataclassMessage.of(Box)
