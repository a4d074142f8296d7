"""Many bodies from one: what a peer has sent, each time with other ids."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Iterator
from contextlib import suppress

_ID = re.compile(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32})\b")


def with_fresh_ids(body: str) -> Iterator[str]:
    """The body for ever, each with ids of its own: two that are the same in the body are the same in each, for a task's
    id stands in several places. A body in base64 is read, and written again."""
    text, encoded = body, False
    with suppress(binascii.Error, UnicodeDecodeError):
        text, encoded = base64.b64decode(body, validate=True).decode(), True
    ids = set(_ID.findall(text))
    if not ids:
        raise ValueError("There is no id in the body, so that its messages could not be told apart.")
    while True:
        made = text
        for known in ids:
            made = made.replace(known, str(uuid.uuid4()) if "-" in known else uuid.uuid4().hex)
        yield base64.b64encode(made.encode()).decode() if encoded else made
