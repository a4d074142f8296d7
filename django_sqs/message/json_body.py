"""Messages whose body is JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from django_sqs.message.base import BaseMessage


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def load_json(text: str, parse_float: Callable[[str], Any] | None = None) -> Any:
    """Strict JSON: NaN and the infinities, which Python would read, are refused. Nesting too deep to read is an error
    like any other, not a RecursionError that looks like a fault of the receiver. `parse_float` makes what a number with
    a point or an exponent becomes, in place of a float."""
    try:
        return json.loads(text, parse_constant=_no_constant, parse_float=parse_float)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def dump_json(value: Any) -> str:
    """Compact and unescaped, since SQS bills by 64 KiB of UTF-8; as `DjangoJSONEncoder` writes dates, UUIDs and
    Decimals."""
    # Here, because it imports the whole of Django's models, which importing django_sqs must not.
    from django.core.serializers.json import DjangoJSONEncoder

    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class JSONMessage(BaseMessage[Any]):
    """Any value that JSON knows, and dates, times, UUIDs and Decimals on the way out (as `DjangoJSONEncoder` writes
    them)."""

    def encode(self, body: Any) -> str:
        return dump_json(body)

    def decode(self, raw_body: str) -> Any:
        return load_json(raw_body)
