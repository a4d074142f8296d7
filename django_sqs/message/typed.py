"""Between values of JSON and Python's types, by annotations: for dataclasses and what their fields may be."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence, Sequence
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, NewType, Union, get_args, get_origin, get_type_hints

from django_sqs.message.codecs import Codec, Misfit, Unsupported, fixed, many, mapping, one_of, single, unfit, union
from django_sqs.message.scalars import SCALARS, as_float

_SEQUENCES = (list, Sequence, MutableSequence)
_SETS = (set, frozenset)
_MAPPINGS = (dict, Mapping, MutableMapping)
_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def codec_of(annotation: Any) -> Codec:
    """The codec of an annotation. Raises `Unsupported` for one that is not understood, and `NameError` where one in it
    is a name that is not defined (yet)."""
    annotation = _bare(annotation)
    if annotation is Any:
        return Codec(lambda value, at: as_float(value), lambda value, at: value)
    if get_origin(annotation) is not None:
        return _codec_of_form(annotation)
    if not isinstance(annotation, type):
        raise Unsupported(f"{annotation!r} is no type that JSON can carry")
    if annotation in SCALARS:
        return single(SCALARS[annotation])
    if dataclasses.is_dataclass(annotation):
        return _dataclass(annotation)
    if issubclass(annotation, Enum):
        return one_of([(member, member.value) for member in annotation], f"a value of {annotation.__name__}")
    if annotation in (list, *_SETS):
        return many(codec_of(Any), annotation)
    if annotation is tuple:
        return many(codec_of(Any), tuple)
    if annotation is dict:
        return mapping(codec_of(str), codec_of(Any))
    raise Unsupported(f"{annotation.__qualname__} is no type that JSON can carry")


def _bare(annotation: Any) -> Any:
    """Without what is only another name for it, or a remark on it."""
    while True:
        if annotation is None:
            return type(None)
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif type(annotation).__name__ == "TypeAliasType":  # "type Name = ...", since Python 3.12
            annotation = annotation.__value__
        else:
            return annotation


def _codec_of_form(annotation: Any) -> Codec:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return one_of([(value, value) for value in arguments], " or ".join(map(repr, arguments)))
    if origin in (Union, types.UnionType):
        return union([codec_of(argument) for argument in arguments], " or ".join(map(_name, arguments)))
    if origin is tuple and not (len(arguments) == 2 and arguments[1] is Ellipsis):
        return fixed([codec_of(argument) for argument in arguments])
    if origin in _SEQUENCES:
        return many(codec_of(arguments[0]), list)
    if origin is tuple or origin in _SETS:
        return many(codec_of(arguments[0]), origin)
    if origin in _MAPPINGS:
        return mapping(codec_of(arguments[0]), codec_of(arguments[1]))
    raise Unsupported(f"{annotation!r} is no type that JSON can carry")


def _name(annotation: Any) -> str:
    bare = _bare(annotation)
    if bare in SCALARS:
        return SCALARS[bare].expected
    return bare.__name__ if isinstance(bare, type) else str(bare).replace("typing.", "")


# --- dataclasses


class _Field(NamedTuple):
    name: str
    codec: Codec
    required: bool


def _dataclass(kind: type) -> Codec:
    # Looked up when it is used, since a dataclass may have fields of its own type.
    return Codec(lambda value, at: _load(kind, value, at), lambda value, at: _dump(kind, value, at))


@cache
def fields_of(kind: type) -> tuple[_Field, ...]:
    """What is read and written of a dataclass: the fields that its `__init__` takes. Raises as `codec_of()`."""
    try:
        hints = get_type_hints(kind, include_extras=True)
    except TypeError as error:
        raise Unsupported(f"the annotations of {kind.__qualname__} cannot be read: {error}") from error
    found = []
    for field in dataclasses.fields(kind):
        if not field.init:
            continue
        try:
            codec = codec_of(hints[field.name])
        except Unsupported as error:
            raise Unsupported(f"{kind.__qualname__}.{field.name}: {error}") from error
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        found.append(_Field(field.name, codec, required))
    return tuple(found)


def _load(kind: type, value: Any, at: str) -> Any:
    if not isinstance(value, dict):
        raise unfit(value, at, f"an object with the fields of {kind.__name__}")
    given = {}
    for field in fields_of(kind):
        path = f"{at}.{field.name}" if at else field.name
        if field.name in value:
            given[field.name] = field.codec.load(value[field.name], path)
        elif field.required:
            raise Misfit(path, "is missing")
    try:
        return kind(**given)
    except Exception as error:
        # __post_init__ is the place for a dataclass's own rules.
        raise Misfit(at, f"is no {kind.__name__}: {error}") from error


def _dump(kind: type, value: Any, at: str) -> Any:
    if not isinstance(value, kind):
        raise unfit(value, at, f"a {kind.__name__}")
    prefix = f"{at}." if at else ""
    return {field.name: field.codec.dump(getattr(value, field.name), prefix + field.name) for field in fields_of(kind)}


def check(kind: type, seen: set[type] | None = None) -> None:
    """Raises as `codec_of()` where this dataclass, or one within it, is not understood."""
    seen = set() if seen is None else seen
    if kind in seen:
        return
    seen.add(kind)
    names = {field.name for field in dataclasses.fields(kind) if field.init}
    for name, parameter in inspect.signature(kind).parameters.items():
        if name not in names and parameter.default is parameter.empty and parameter.kind not in _COLLECTING:
            raise Unsupported(f"{kind.__qualname__}() also takes {name}, which is no field")
    fields_of(kind)
    for hint in get_type_hints(kind, include_extras=True).values():
        for nested in _dataclasses_in(hint):
            check(nested, seen)


def _dataclasses_in(annotation: Any) -> Iterator[type]:
    annotation = _bare(annotation)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        yield annotation
    elif get_origin(annotation) not in (None, Literal):
        for argument in get_args(annotation):
            yield from _dataclasses_in(argument)
