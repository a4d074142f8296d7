"""Message attributes: plain Python values on our side, SQS's typed ones on the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.message.attributes import Labelled, decode_attributes, encode_attributes, labels

NUMBERS = (
    st.integers(-(10**37), 10**37)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e100, max_value=1e100).filter(
        lambda number: number == 0 or abs(number) > 1e-100
    )
    | st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**20), max_value=10**20)
)


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("a", {"DataType": "String", "StringValue": "a"}),
        (5, {"DataType": "Number", "StringValue": "5"}),
        (-5.5, {"DataType": "Number", "StringValue": "-5.5"}),
        (0.1, {"DataType": "Number", "StringValue": "0.1"}),
        (Decimal("1.10"), {"DataType": "Number", "StringValue": "1.10"}),
        (b"\0\xff", {"DataType": "Binary", "BinaryValue": b"\0\xff"}),
        (bytearray(b"a"), {"DataType": "Binary", "BinaryValue": b"a"}),
        (memoryview(b"a"), {"DataType": "Binary", "BinaryValue": b"a"}),
    ],
)
def test_plain_values_have_sqs_types(value: Any, encoded: dict[str, Any]) -> None:
    assert encode_attributes({"x": value}) == {"x": encoded}


@given(value=st.text(min_size=1) | NUMBERS | st.binary(min_size=1))
def test_values_come_back_as_they_were(value: Any) -> None:
    [decoded] = decode_attributes(encode_attributes({"x": value})).values()
    assert decoded == (Decimal(str(value)) if isinstance(value, float) else value)


@pytest.mark.parametrize("name", ["a", "A_b-c.d", "x" * 256, "awsome", "aws", "AWSTraceHeader", "0"])
def test_good_names_are_accepted(name: str) -> None:
    assert list(encode_attributes({name: 1})) == [name]


@pytest.mark.parametrize(
    "name", ["", ".a", "a.", "a..b", "x" * 257, "AWS.a", "aws.a", "Amazon.a", "aMaZoN.b", "a b", "ü", "a\n", 5, None]
)
def test_bad_names_are_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="cannot be the name of a message attribute"):
        encode_attributes({name: 1})


@pytest.mark.parametrize("value", ["", b"", None, [], {}, object(), 5j])
def test_values_that_are_none_are_refused_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match=r"the message attribute 'x' is .* it must be"):
        encode_attributes({"x": value})


@pytest.mark.parametrize(
    ("value", "label", "kind"),
    [
        (300, "cents", "Number.cents"),
        (Decimal("1.5"), "EUR", "Number.EUR"),
        ("2026-01-01", "iso-8601.date", "String.iso-8601.date"),
        (b"\x89PNG", "png", "Binary.png"),
        ("x", "y" * 249, "String." + "y" * 249),
    ],
)
def test_a_label_stands_behind_the_type(value: Any, label: str, kind: str) -> None:
    encoded = encode_attributes({"x": Labelled(value, label)})
    assert encoded["x"]["DataType"] == kind
    assert decode_attributes(encoded) == {"x": value}
    assert labels(encoded) == {"x": label}


@pytest.mark.parametrize(
    "label", ["", "a b", "ü", "a.", ".a", "a..b", "a\n", "y" * 250, 5, None, "Number.cents", "String"]
)
def test_a_label_that_sqs_does_not_take_is_refused(label: Any) -> None:
    with pytest.raises(ValueError, match=r"'x' has the label .*; a label is letters"):
        encode_attributes({"x": Labelled("a", label)})


def test_a_label_does_not_make_a_wrong_value_right() -> None:
    for value in (True, None, Labelled(1, "cents")):
        with pytest.raises(ValueError, match="the message attribute 'x' is"):
            encode_attributes({"x": Labelled(value, "cents")})


def test_attributes_without_a_label_tell_none() -> None:
    assert labels(encode_attributes({"a": "x", "b": 1, "c": b"x"}) | {"odd": {}}) == {}


@pytest.mark.parametrize("value", [True, False])
def test_booleans_are_refused_with_what_to_send(value: bool) -> None:
    with pytest.raises(ValueError, match="SQS knows no booleans"):
        encode_attributes({"x": value})


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity"), 10**127, Decimal("1e-129"), 10**38 + 1],
)
def test_numbers_that_sqs_does_not_take_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="SQS takes numbers of up to 38 digits"):
        encode_attributes({"x": value})


@pytest.mark.parametrize("value", [0, 10**126, Decimal("1e-128"), 10**38, Decimal("0." + "1" * 38)])
def test_numbers_at_the_limits_are_taken(value: Any) -> None:
    assert encode_attributes({"x": value})["x"]["DataType"] == "Number"


def test_a_number_too_long_to_write_is_refused() -> None:
    with pytest.raises(ValueError, match="digits"):
        encode_attributes({"x": 10**5_000})


def test_ten_attributes_are_the_limit() -> None:
    assert len(encode_attributes({f"x{number}": 1 for number in range(10)})) == 10
    with pytest.raises(ValueError, match="it has 11 message attributes, SQS allows 10"):
        encode_attributes({f"x{number}": 1 for number in range(11)})


@pytest.mark.parametrize(
    ("raw", "decoded"),
    [
        ({"DataType": "String.json", "StringValue": "{}"}, "{}"),
        ({"DataType": "Number.cents", "StringValue": "5"}, 5),
        ({"DataType": "Number", "StringValue": "+5"}, 5),
        ({"DataType": "Number", "StringValue": "1e3"}, Decimal("1e3")),
        ({"DataType": "Number", "StringValue": "five"}, "five"),
        ({"DataType": "Number", "StringValue": "+-5"}, "+-5"),
        ({"DataType": "Number", "StringValue": "9" * 5_000}, "9" * 5_000),
        ({"DataType": "Number"}, ""),
        ({"DataType": "Binary.png", "BinaryValue": b"a"}, b"a"),
        ({"DataType": "Binary"}, b""),
        ({}, ""),
        ({"DataType": "Odd", "StringValue": "a"}, "a"),
    ],
)
def test_whatever_is_received_is_a_value(raw: dict[str, Any], decoded: Any) -> None:
    assert decode_attributes({"x": raw}) == {"x": decoded}


@given(text=st.text())
def test_no_number_makes_its_message_unreadable(text: str) -> None:
    decode_attributes({"x": {"DataType": "Number", "StringValue": text}})
