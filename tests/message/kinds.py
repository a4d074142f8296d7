"""Dataclasses for the tests of payloads, and single fields of any type."""

from __future__ import annotations

import dataclasses
import enum
import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any, NewType, Optional, TypeVar, Union

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
