"""The message that a send is about: the one that was given, or one made of the keywords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_sqs.exceptions import WrongArgument
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.message.payload import DataclassMessage
from django_sqs.message.wrapping import WrappingMessage


def make_message(queue: str, cls: type[BaseMessage[Any]], message: Any, content: Mapping[str, Any]) -> BaseMessage[Any]:
    """A message of the class. Raises `WrongArgument` with what to give instead, and what the class itself raises."""
    if message is None:
        return _made(queue, cls, content)
    if content:
        raise WrongArgument(
            problem=f"Both a message and {_named(content)} were given for {queue!r}.", mend="Give one of them."
        )
    if cls._takes(message):
        return cls(body=message)
    if not isinstance(message, cls):
        shown = shorten(message) if isinstance(message, str) else f"a {type(message).__name__}"
        raise WrongArgument(
            problem=f"The queue {queue!r} takes messages of the class {cls.__name__}, not {shown}.",
            mend=f"Give {_example(cls)}.",
        )
    given: BaseMessage[Any] = message
    return given


def _made(queue: str, cls: type[BaseMessage[Any]], content: Mapping[str, Any]) -> BaseMessage[Any]:
    if not content:
        raise WrongArgument(problem=f"There is nothing to send to {queue!r}.", mend=f"Give {_example(cls)}.")
    try:
        return cls(**content)
    except WrongArgument:
        raise
    except TypeError as error:
        raise WrongArgument(
            problem=f"A {cls.__name__} for {queue!r} cannot be made with {_named(content)} ({error}).",
            mend=f"Give {_example(cls)}.",
        ) from error


def _named(content: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}=" for name in content)


def _example(cls: type[BaseMessage[Any]]) -> str:
    from django_sqs.message import ModelInstanceMessage

    inner = cls
    while issubclass(inner, WrappingMessage):
        inner = inner.inner_class
    if issubclass(inner, DataclassMessage):
        return f"{inner.payload_class.__name__}(...), or a {cls.__name__}(body=...)"
    keyword = "instance=a_model_instance" if issubclass(cls, ModelInstanceMessage) else "body=..."
    return f"{keyword}, or a {cls.__name__}({keyword})"
