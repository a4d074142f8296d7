"""The keywords of a send that concern the sending, not the content."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta, timezone
from typing import Any

from django_sqs.exceptions import WrongArgument
from django_sqs.message.base import BaseMessage
from django_sqs.sending.delays import MAX_AHEAD_SECS


@dataclass(frozen=True, kw_only=True)
class SendOptions:
    """How one message is to be sent. Times in seconds."""

    suffix: str | None = None
    delay: float | timedelta | None = None
    eta: datetime | None = None
    group_id: str | None = None
    deduplication_id: str | None = None
    message_attributes: Mapping[str, Any] = field(default_factory=dict)
    immediate: bool = False
    using: str | None = None

    def __post_init__(self) -> None:
        for name, kind, text in (
            ("suffix", str, "a string"),
            ("delay", (int, float, timedelta), "seconds or a timedelta"),
            ("eta", datetime, "a datetime with a time zone"),
            ("group_id", str, "a string"),
            ("deduplication_id", str, "a string"),
            ("message_attributes", Mapping, "a dict of names and values"),
            ("using", str, "the alias of a database"),
        ):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
                raise WrongArgument(problem=f"{name}={value!r} is not right.", mend=f"It takes {text}.")
        if not isinstance(self.immediate, bool):
            raise WrongArgument(problem=f"immediate={self.immediate!r} is not right.", mend="It takes True or False.")

    def seconds_ahead(self) -> float:
        """The delay from now. Raises `WrongArgument` where it is none, or longer than ten years."""
        if self.delay is not None and self.eta is not None:
            raise WrongArgument(problem="Both delay= and eta= were given.", mend="Give one of them.")
        if self.eta is not None:
            if self.eta.utcoffset() is None:
                raise WrongArgument(
                    problem=f"eta={self.eta!r} has no time zone.",
                    mend="Use django.utils.timezone.now() + timedelta(...).",
                )
            seconds = max(0.0, (self.eta - datetime.now(tz=timezone.utc)).total_seconds())
        elif isinstance(self.delay, timedelta):
            seconds = self.delay.total_seconds()
        else:
            seconds = self.delay or 0
        if not 0 <= seconds <= MAX_AHEAD_SECS:
            raise WrongArgument(
                problem=f"A delay of {seconds:g} seconds is out of range.",
                mend="A message can be delayed for 0 seconds to ten years.",
            )
        return seconds


NAMES = tuple(entry.name for entry in fields(SendOptions))


def split_keywords(keywords: Mapping[str, Any]) -> tuple[SendOptions, dict[str, Any]]:
    """The options of the sending, and what is left for the message class."""
    ours = {name: value for name, value in keywords.items() if name in NAMES}
    if ours.get("message_attributes", ...) is None:
        del ours["message_attributes"]
    rest = {name: value for name, value in keywords.items() if name not in NAMES}
    return SendOptions(**ours), rest


def reserved_parameters(message_class: type[BaseMessage[Any]]) -> list[str]:
    """Those keywords of the class's `__init__` that it may not have, because they concern the sending."""
    parameters = inspect.signature(message_class.__init__).parameters
    return [name for name in NAMES if name in parameters]
