"""Taking apart what others sent: each fact is of the type it must be, or an error says which is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from django_sqs.exceptions import UndecodableBody
from django_sqs.message.base import SHOWN_CHARS

T = TypeVar("T")

_NAMES: dict[type[Any], str] = {dict: "an object", list: "an array", str: "text", int: "a whole number"}


def shown(value: Any) -> str:
    """A value as it may stand in an error: the first 200 characters of what Python would print."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARS else text[:SHOWN_CHARS] + "..."


def need(values: Mapping[str, Any], name: str, kind: type[T], where: str = "") -> T:
    """The value of this name. Raises `UndecodableBody` where it is missing or of another type; `where` is the path that
    leads to the values, for the error: "Records[0].s3"."""
    if name not in values:
        raise UndecodableBody(f"the body has no {_path(where, name)}")
    return _typed(values[name], kind, _path(where, name))


def may_have(values: Mapping[str, Any], name: str, kind: type[T], where: str = "") -> T | None:
    """The value of this name, or None where there is none. Raises `UndecodableBody` where it is of another type."""
    value = values.get(name)
    return None if value is None else _typed(value, kind, _path(where, name))


def _path(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _typed(value: Any, kind: type[T], path: str) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UndecodableBody(f"{path} of the body is {shown(value)}, which is not {_NAMES[kind]}")
    return value
