"""Messages whose body is an instance of a dataclass, and receivers that are called with it."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from django_sqs.exceptions import InvalidBody, UndecodableBody, WrongArgument
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.message.codecs import Misfit, Unsupported
from django_sqs.message.json_body import dump_json, load_json
from django_sqs.message.typed import check, codec_of

PayloadT = TypeVar("PayloadT")


class DataclassMessage(BaseMessage[PayloadT]):
    """An instance of a dataclass, as an object of JSON on the wire: `DataclassMessage.of(Order)`.

    A field may be of str, int, float, bool, Decimal, datetime, date, time, timedelta, UUID, an Enum, a Literal, another
    dataclass, a list, tuple, set, dict or union of these, None, or Any. Nothing is converted that JSON can tell: "7" is
    no int. A name in the JSON that is no field is passed over, so that a sender may add one before its receivers know
    it; a field that is missing takes its default.
    """

    #: The dataclass.
    payload_class: ClassVar[type[Any]]

    @classmethod
    def of(cls, payload_class: type[PayloadT]) -> type[DataclassMessage[PayloadT]]:
        """The message class for a dataclass; always the same for the same one. Raises `WrongArgument` for a class that
        is none, or has a field that JSON cannot carry."""
        given: Any = payload_class
        if not (inspect.isclass(given) and dataclasses.is_dataclass(given)):
            raise WrongArgument(
                problem=f"{payload_class!r} is no dataclass.",
                mend="For other classes write a message class with encode() and decode().",
            )
        make: Any = _subclass  # a class can be hashed, whatever mypy makes of its __hash__
        made: type[DataclassMessage[PayloadT]] = make(cls, payload_class)
        return made

    def encode(self, body: PayloadT) -> str:
        try:
            return dump_json(codec_of(self.payload_class).dump(body, ""))
        except Misfit as misfit:
            raise InvalidBody(message_class=type(self).__name__, reason=str(misfit)) from misfit

    def decode(self, raw_body: str) -> PayloadT:
        value = load_json(raw_body, parse_float=Decimal)
        try:
            body: PayloadT = codec_of(self.payload_class).load(value, "")
        except Misfit as misfit:
            raise UndecodableBody(f"{shorten(raw_body)} is no {self.payload_class.__name__}: {misfit}") from misfit
        return body

    @classmethod
    def _takes(cls, value: object) -> bool:
        return isinstance(value, cls.payload_class)


@functools.cache
def _subclass(cls: type[Any], payload_class: type[Any]) -> type[Any]:
    try:
        check(payload_class)
    except Unsupported as error:
        raise WrongArgument(
            problem=f"{payload_class.__name__} cannot be a payload: {error}.",
            mend="Write a message class with encode() and decode() for it, or give the field another type.",
        ) from error
    except NameError:
        # Some class is defined further down; what is wrong besides shows when the first message comes.
        pass
    name = f"{cls.__name__}.of({payload_class.__name__})"
    return type(name, (cls,), {"payload_class": payload_class, "__doc__": cls.__doc__, "__module__": cls.__module__})


# --- calling a receiver with its payload


def wants_message(fn: Callable[..., Any]) -> bool:
    """Does the receiver take the message beside the payload? It does where a second positional parameter has no
    default, or is called `message`. Raises `WrongArgument` for a function that cannot be called with a payload."""
    try:
        parameters = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):  # some functions written in C do not tell
        return False
    positional = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    collects = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    required = [one for one in positional if one.default is one.empty]
    named = [one for one in parameters if one.kind is one.KEYWORD_ONLY and one.default is one.empty]
    if len(required) > 2 or named or not (positional or collects):
        raise WrongArgument(
            problem=f"{getattr(fn, '__qualname__', fn)!r} cannot be called with a payload.",
            mend="With payload=..., a receiver takes (payload) or (payload, message).",
        )
    return len(required) == 2 or (len(positional) > 1 and positional[1].name == "message")


def called_with_payload(fn: Callable[..., Any], payload_class: type[Any], batch: bool) -> Callable[..., Any]:
    """The receiver as the engine calls it, with a message or a list of them: it is called with the payload or payloads,
    and with the same beside them where it wants that. Raises `WrongArgument` where the dataclass has a name in its
    annotations that is not defined even now: no message could be read."""
    try:
        check(payload_class)
    except NameError as error:
        raise WrongArgument(
            problem=f"{payload_class.__name__} cannot be a payload: {error} (in an annotation of it, or within).",
            mend="Define it in the module of the dataclass, not in a function nor under TYPE_CHECKING.",
        ) from error
    both = wants_message(fn)

    @functools.wraps(fn)
    def call(given: Any) -> Any:
        payload = [message.get_body() for message in given] if batch else given.get_body()
        return fn(payload, given) if both else fn(payload)

    return call
