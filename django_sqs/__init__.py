"""Django reusable app for Amazon SQS receivers."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_sqs.exceptions import BatchFailed, Reject, RestartLater
    from django_sqs.registry import asend, asend_many, queues, receiver, register, send, send_many
else:
    # What "import django_sqs" alone is enough for, besides __all__.
    _MODULES = ("exceptions", "message", "registered_queue", "registry", "signals")

    def __getattr__(name: str) -> object:
        # At the first use: pytest imports this package in every project of an environment, to find the fixtures in it.
        if name in _MODULES:
            return import_module(f"{__name__}.{name}")
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = "exceptions" if name[0].isupper() else "registry"
        value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_MODULES})


__version__ = "1.0.0"

__all__ = [
    "BatchFailed",
    "Reject",
    "RestartLater",
    "asend",
    "asend_many",
    "queues",
    "receiver",
    "register",
    "send",
    "send_many",
]
