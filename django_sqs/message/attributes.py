"""Message attributes: plain Python values on our side, SQS's typed ones on the wire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

#: SQS's limit of attributes a message.
MAX_ATTRIBUTES = 10
#: The attribute of a message whose delay is longer than SQS's: when it is due, in seconds since 1970.
DUE_ATTRIBUTE = "django_sqs_due"
_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)\Z")

_LABEL = re.compile(r"(?!(String|Number|Binary)(\.|\Z))[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")
#: SQS's limit for the type with its label, in characters.
_MAX_TYPE_CHARS = 256


@dataclass(frozen=True)
class Labelled:
    """The value of a message attribute with a label of your own, which SQS passes on: `Labelled(300, "cents")` has the
    type `Number.cents`. What comes before the dot follows from the value."""

    value: Any
    label: str


def encode_attributes(values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """SQS's form of str, int, float, Decimal and bytes values, and of such with a label. Raises `ValueError` with a
    sentence on anything else.

    The rules for names are SQS's: up to 256 characters of A-Z, a-z, 0-9, _, - and single dots inside, and no "AWS." or
    "Amazon." in front.
    """
    if len(values) > MAX_ATTRIBUTES:
        raise ValueError(f"it has {len(values)} message attributes, SQS allows {MAX_ATTRIBUTES}")
    return {_checked_name(name): _encode(name, value) for name, value in values.items()}


def _checked_name(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.match(name):
        raise ValueError(f"{name!r} cannot be the name of a message attribute")
    return name


def _encode(name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, Labelled) and not isinstance(value.value, Labelled):
        encoded = _encode(name, value.value)
        label: Any = value.label
        kind = f"{encoded['DataType']}.{label}"
        if not isinstance(label, str) or not _LABEL.match(label) or len(kind) > _MAX_TYPE_CHARS:
            raise ValueError(
                f"the message attribute {name!r} has the label {label!r}; a label is letters, digits, _, - and"
                ' single dots, such as "cents", without the type in front'
            )
        return {**encoded, "DataType": kind}
    if isinstance(value, bool):
        raise ValueError(f'the message attribute {name!r} is {value!r}; SQS knows no booleans, send "true" or 1')
    if isinstance(value, str) and value:
        return {"DataType": "String", "StringValue": value}
    if isinstance(value, (int, float, Decimal)):
        return {"DataType": "Number", "StringValue": _number(name, value)}
    if isinstance(value, (bytes, bytearray, memoryview)) and len(value):
        return {"DataType": "Binary", "BinaryValue": bytes(value)}
    raise ValueError(
        f"the message attribute {name!r} is {value!r}; it must be a number, or a str or bytes that is not empty"
    )


def _number(name: str, value: float | Decimal) -> str:
    text = str(value)
    number = Decimal(text)
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if not number.is_finite() or len(digits) > 38 or (number and not -128 <= number.adjusted() <= 126):
        raise ValueError(
            f"the message attribute {name!r} is {value!r}; SQS takes numbers of up to 38 digits, from 1e-128 to 1e+126"
        )
    return text


def decode_attributes(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Plain Python values of received attributes: int or Decimal for numbers, bytes for binary, else str. Custom labels
    (Number.cents) follow their type. A number that is none stays text: it must not make its message unreadable."""
    return {name: _decode(value) for name, value in raw.items()}


def labels(raw: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The custom labels of received attributes, by the names of those that have one."""
    return {name: kind.split(".", 1)[1] for name, value in raw.items() if "." in (kind := str(value.get("DataType")))}


def without_labels(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are received."""
    return {name: value.value if isinstance(value, Labelled) else value for name, value in values.items()}


def with_labels(values: Mapping[str, Any], told: Mapping[str, str]) -> dict[str, Any]:
    """The values as they are sent, with the labels of a message that has them."""
    return {
        name: Labelled(value, told[name]) if name in told and not isinstance(value, Labelled) else value
        for name, value in values.items()
    }


def _decode(value: Mapping[str, Any]) -> Any:
    kind = str(value.get("DataType", "String")).split(".", 1)[0]
    if kind == "Binary":
        return value.get("BinaryValue", b"")
    text = value.get("StringValue", "")
    if kind == "Number":
        try:
            return int(text) if text.lstrip("+-").isdecimal() else Decimal(text)
        except (ValueError, InvalidOperation):
            return text
    return text
