"""Between values of JSON and dataclasses."""

from __future__ import annotations

import dataclasses
import enum
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NewType, Optional, TypeVar, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InvalidBody, Reject, UndecodableBody, WrongArgument
from django_sqs.message import DataclassMessage
from tests.message.samples import received

T = TypeVar("T")
# The older spellings, which are other objects at run time.
MAYBE_INT = Optional[int]  # noqa: UP045
INT_OR_STR = Union[int, str]  # noqa: UP007
UserId = NewType("UserId", int)
AT = datetime(2026, 5, 4, 3, 2, 1, 123_456, tzinfo=timezone.utc)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass(frozen=True)
class Line:
    article: str
    price: Decimal
    count: int = 1


@dataclass
class Order:
    number: int
    at: datetime
    lines: list[Line]
    note: str | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)
    parent: Optional[Tree] = None  # noqa: UP045


def load(annotation: Any, value: Any) -> Any:
    """A field of this type, from this value of JSON."""
    cls = dataclasses.make_dataclass("One", [("x", annotation)])
    wire = value if isinstance(value, str) and value.startswith("RAW ") else json.dumps({"x": value})
    return DataclassMessage.of(cls).from_received(received(wire.replace("RAW ", "", 1))).body.x


def dump(annotation: Any, value: Any) -> Any:
    cls = dataclasses.make_dataclass("One", [("x", annotation)])
    return json.loads(DataclassMessage.of(cls)(body=cls(x=value)).raw_body)["x"]


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


def test_members_of_number_enums_are_numbers() -> None:
    assert dump(int, Level.HIGH) == 2
    assert dump(float, 3) == 3.0


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
