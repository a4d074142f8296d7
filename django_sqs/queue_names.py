"""The names of queues: PREFIX__name__suffix, `.fifo` always last."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django_sqs.conf import conf
from django_sqs.exceptions import InvalidQueueName, MissingSetting, WrongArgument

#: SQS's limit, `.fifo` included.
MAX_NAME_CHARS = 80
FIFO = ".fifo"
_ALLOWED = re.compile(r"[A-Za-z0-9_-]+\Z")


def check_bare_name(name: Any) -> str:
    """The name, if a queue can be called so. Raises `InvalidQueueName`."""
    if not isinstance(name, str) or not name:
        raise InvalidQueueName(name=name, reason="it must be a string that is not empty")
    _check(name.removesuffix(FIFO), name)
    return name


def name_of_function(fn: Callable[..., Any]) -> str:
    """The name for a queue that was registered without one: the function's module and name, dots as `__`. Raises
    `WrongArgument` for a callable that has none of its own, such as a partial."""
    if not isinstance(getattr(fn, "__qualname__", None), str) or not isinstance(getattr(fn, "__module__", None), str):
        raise WrongArgument(problem=f"{fn!r} has no name to call its queue after.", mend="Give the queue a name.")
    return f"{fn.__module__}.{fn.__qualname__}".replace(".<locals>", "").replace(".", "__")


def full_name(name: str, suffix: str | None = None) -> str:
    """The name at AWS. Raises `MissingSetting` where the prefix is required and missing, else `InvalidQueueName`, and
    `WrongArgument` for a suffix that is no string."""
    if suffix is not None and not isinstance(suffix, str):
        raise WrongArgument(problem=f"suffix={suffix!r} is not right.", mend="It takes a string.")
    prefix = conf.SQS_QUEUE_PREFIX
    if not prefix and conf.debug:
        raise MissingSetting()
    stem, fifo = (name[: -len(FIFO)], FIFO) if name.endswith(FIFO) else (name, "")
    full_stem = "__".join(part for part in (prefix, stem, suffix) if part)
    _check(full_stem, full_stem + fifo)
    return full_stem + fifo


def _check(stem: str, name: str) -> None:
    if not _ALLOWED.match(stem):
        wrong = sorted({char for char in stem if not _ALLOWED.match(char)})
        reason = f"it has {', '.join(map(repr, wrong))} in it" if wrong else "it is empty"
        raise InvalidQueueName(name=name, reason=reason)
    if len(name) > MAX_NAME_CHARS:
        raise InvalidQueueName(name=name, reason=f"it has {len(name)} characters")
