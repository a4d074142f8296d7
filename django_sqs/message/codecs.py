"""What reads values of JSON and writes them, put together from smaller such things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django_sqs.message.facts import shown
from django_sqs.message.scalars import Scalar, as_float

#: Turns a value into another. The text is the path that leads to it, for errors.
Conversion = Callable[[Any, str], Any]

_SETS = (set, frozenset)


class Misfit(ValueError):
    """A value is not what its annotation says. `at` is the path of the field, empty for the whole."""

    def __init__(self, at: str, problem: str) -> None:
        self.at = at
        super().__init__(f"{at or 'the body'} {problem}")


class Unsupported(TypeError):
    """An annotation that is not understood."""


class Codec(NamedTuple):
    """How a type is read from JSON, and how it is written as JSON. Both raise `Misfit`."""

    load: Conversion
    dump: Conversion


def unfit(value: Any, at: str, expected: str) -> Misfit:
    """The error for a value that is not what it must be."""
    return Misfit(at, f"is {shown(value)}, which is not {expected}")


# --- single values


def single(kind: Scalar) -> Codec:
    """A single value."""

    def conversion(convert: Callable[[Any], Any]) -> Conversion:
        def converted(value: Any, at: str) -> Any:
            try:
                return convert(value)
            except (ArithmeticError, TypeError, ValueError):
                raise unfit(value, at, kind.expected) from None

        return converted

    return Codec(conversion(kind.read), conversion(kind.write))


def one_of(pairs: Sequence[tuple[Any, Any]], expected: str) -> Codec:
    """One of some values, each with what stands for it in JSON."""
    for _, value in pairs:
        if value is not None and not isinstance(value, (str, int, float)):
            raise Unsupported(f"{expected} may be {value!r}, which is no single value of JSON")

    def load(given: Any, at: str) -> Any:
        given = as_float(given)
        for member, value in pairs:
            # True is no 1 in JSON, nor is 1.0.
            if isinstance(value, type(given)) and isinstance(value, bool) is isinstance(given, bool) and value == given:
                return member
        raise unfit(given, at, expected)

    def dump(given: Any, at: str) -> Any:
        for member, value in pairs:
            if type(member) is type(given) and member == given:
                return value
        raise unfit(given, at, expected)

    return Codec(load, dump)


def union(codecs: Sequence[Codec], expected: str) -> Codec:
    """The first of some types that a value fits."""

    def first_of(conversions: Sequence[Conversion]) -> Conversion:
        def converted(value: Any, at: str) -> Any:
            deeper = []
            for convert in conversions:
                try:
                    return convert(value, at)
                except Misfit as misfit:
                    if misfit.at != at:
                        deeper.append(misfit)
            # The only one that could be meant knows best what is wrong.
            raise deeper[0] if len(deeper) == 1 else unfit(value, at, expected)

        return converted

    return Codec(first_of([codec.load for codec in codecs]), first_of([codec.dump for codec in codecs]))


# --- several values


def many(codec: Codec, kind: type) -> Codec:
    """Any number of values of one type, in a list, tuple or set."""

    accepted: Any = (list, tuple) if kind is list else kind

    def load(value: Any, at: str) -> Any:
        if not isinstance(value, list):
            raise unfit(value, at, "an array")
        items = [codec.load(item, f"{at}[{index}]") for index, item in enumerate(value)]
        try:
            return kind(items)
        except TypeError as error:  # what cannot be in a set
            raise Misfit(at, f"cannot be a {kind.__name__}: {error}") from error

    def dump(value: Any, at: str) -> Any:
        if not isinstance(value, accepted):
            raise unfit(value, at, f"a {kind.__name__}")
        # A set in one order always: SQS tells copies of a message by a hash of the body.
        ordered: Iterable[Any] = sorted(value, key=repr) if kind in _SETS else value
        return [codec.dump(item, f"{at}[{index}]") for index, item in enumerate(ordered)]

    return Codec(load, dump)


def fixed(codecs: Sequence[Codec]) -> Codec:
    """A tuple of so many values."""

    def each(conversions: Sequence[Conversion], accepted: Any, make: type) -> Conversion:
        def converted(value: Any, at: str) -> Any:
            if not isinstance(value, accepted) or len(value) != len(conversions):
                raise unfit(value, at, f"{len(conversions)} values")
            pairs = enumerate(zip(conversions, value, strict=True))
            return make([convert(item, f"{at}[{index}]") for index, (convert, item) in pairs])

        return converted

    return Codec(
        each([codec.load for codec in codecs], list, tuple), each([codec.dump for codec in codecs], tuple, list)
    )


def mapping(keys: Codec, values: Codec) -> Codec:
    """A dict. Names in JSON are text, so that keys are of types which text can stand for."""

    def load(value: Any, at: str) -> Any:
        if not isinstance(value, dict):
            raise unfit(value, at, "an object")
        return {_load_key(keys, key, at): values.load(item, f"{at}[{key!r}]") for key, item in value.items()}

    def dump(value: Any, at: str) -> Any:
        if not isinstance(value, Mapping):
            raise unfit(value, at, "a dict")
        return {_dump_key(keys, key, at): values.dump(item, f"{at}[{key!r}]") for key, item in value.items()}

    return Codec(load, dump)


def _load_key(keys: Codec, key: str, at: str) -> Any:
    """The names in an object are text always: one that is to be a number is tried as that too."""
    try:
        return keys.load(key, at)
    except Misfit:
        if key.lstrip("-").isdecimal() and key.isascii():
            return keys.load(int(key), at)
        raise


def _dump_key(keys: Codec, key: Any, at: str) -> str:
    written = keys.dump(key, at)
    if isinstance(written, bool) or not isinstance(written, (str, int)):
        raise Misfit(at, f"has the key {shown(key)}, which cannot be a name in JSON")
    return str(written)
