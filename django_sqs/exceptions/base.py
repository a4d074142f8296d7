"""The class that all errors are subclasses of."""

from __future__ import annotations

from typing import Any


class DjangoSQSError(Exception):
    """Something went wrong in django-sqs."""

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        for name, value in facts.items():
            setattr(self, name, value)
        # Python run with -OO has no docstrings: the class and the facts still tell what happened.
        doc = type(self).__doc__
        if doc is None:
            super().__init__(f"{type(self).__name__}: {facts!r}")
        else:
            super().__init__(" ".join(doc.split("\n\n")[0].split()).format_map(facts))

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.facts))


def _rebuild(cls: type[DjangoSQSError], facts: dict[str, Any]) -> DjangoSQSError:
    return cls(**facts)
