"""Single values of Python, such as numbers and dates, and what stands for them in JSON."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.dateparse import parse_date, parse_datetime, parse_duration, parse_time
from django.utils.duration import duration_iso_string


class Scalar(NamedTuple):
    """What a value must be, for errors, and the two directions. Both raise any of ArithmeticError, TypeError and
    ValueError for a value that is not right."""

    expected: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def as_float(value: Any) -> Any:
    """What JSON is read into has `Decimal` for numbers with a point, so that none of their digits is lost; this is the
    same with floats, for where nobody asked for a `Decimal`."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [as_float(item) for item in value]
    if isinstance(value, dict):
        return {key: as_float(item) for key, item in value.items()}
    return value


def _exactly(*kinds: type) -> Callable[[Any], Any]:
    def same(value: Any) -> Any:
        # By type(), since True is an int and an Enum may be a str.
        if type(value) not in kinds:
            raise TypeError
        return value

    return same


def _float(value: Any) -> float:
    number = float(_exactly(int, float, Decimal)(value))
    if not math.isfinite(number):
        raise ValueError
    return number


def _decimal(value: Any) -> Decimal:
    number = Decimal(_exactly(str, int, Decimal)(value))
    if not number.is_finite():
        raise ValueError
    return number


def _text(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        parsed = parse(_exactly(str)(value))
        if parsed is None:
            raise ValueError
        return parsed

    return read


def _plain(kind: type) -> Callable[[Any], Any]:
    """For numbers on their way out: a member of an IntEnum is a number."""

    def plain(value: Any) -> Any:
        if not isinstance(value, (int, kind)) or isinstance(value, bool):
            raise TypeError
        number: Any = kind
        return _float(number(value)) if kind is float else number(value)

    return plain


def _written(kind: type, write: Callable[[Any], str]) -> Callable[[Any], str]:
    def checked(value: Any) -> str:
        # A datetime is a date, and would come back as neither.
        if not isinstance(value, kind) or (kind is date and isinstance(value, datetime)):
            raise TypeError
        return write(value)

    return checked


def _as_text(value: Any) -> str:
    return str(value)


def _iso(value: Any) -> str:
    return str(value.isoformat())


#: By type. Written out in full: DjangoJSONEncoder, which would write most of them, cuts times to milliseconds.
SCALARS: dict[type, Scalar] = {
    str: Scalar("text", _exactly(str), _written(str, str.__str__)),
    int: Scalar("a whole number", _exactly(int), _plain(int)),
    float: Scalar("a number", _float, _plain(float)),
    bool: Scalar("true or false", _exactly(bool), _exactly(bool)),
    type(None): Scalar("null", _exactly(type(None)), _exactly(type(None))),
    Decimal: Scalar("a decimal number", _decimal, lambda value: str(_decimal(value))),
    datetime: Scalar("a date with a time", _text(parse_datetime), _written(datetime, _iso)),
    date: Scalar("a date", _text(parse_date), _written(date, _iso)),
    time: Scalar("a time", _text(parse_time), _written(time, _iso)),
    timedelta: Scalar("a duration", _text(parse_duration), _written(timedelta, duration_iso_string)),
    uuid.UUID: Scalar("a UUID", _text(uuid.UUID), _written(uuid.UUID, _as_text)),
}
