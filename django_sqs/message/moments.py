"""Times as AWS services write them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from django.utils.dateparse import parse_datetime


def parse_moment(value: Any) -> datetime:
    """An aware datetime: of ISO 8601 text (UTC where it names no zone), or of seconds since 1970, as some imitations of
    AWS send. Raises `ValueError` for anything else."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, tz=timezone.utc)
        moment = parse_datetime(value) if isinstance(value, str) else None
    except (OverflowError, OSError, ValueError) as error:
        raise ValueError(f"{value!r} is no time: {error}") from error
    if moment is None:
        raise ValueError(f"{value!r} is no time")
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=timezone.utc)


def format_moment(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z, as AWS writes it. Raises `ValueError` where it has no time zone."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment!r} has no time zone")
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
