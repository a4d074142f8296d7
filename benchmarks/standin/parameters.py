"""Reading the parameters of a request, each with the error that SQS gives for a bad one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from benchmarks.standin import errors
from benchmarks.standin.limits import BATCH_ENTRIES, MAXIMUM_DELAY_SECONDS
from benchmarks.standin.message import (
    MAXIMUM_BYTES,
    Draft,
    MessageAttributes,
    attributes_md5,
    check_attributes,
    check_body,
    size_of,
)

JSON = dict[str, Any]

_ENTRY_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def text(parameters: Mapping[str, Any], name: str) -> str:
    """A required text."""
    value = parameters.get(name)
    if not value:
        raise errors.missing(name)
    if not isinstance(value, str):
        raise errors.SQSError("SerializationException", f"{name} is not a string.")
    return value


def number(parameters: Mapping[str, Any], name: str, lowest: int, highest: int, default: int | None) -> int | None:
    """An optional whole number between two bounds."""
    value = parameters.get(name)
    if value is None:
        return default
    # Older clients send numbers as text.
    if isinstance(value, bool) or not str(value).lstrip("-").isdecimal():
        raise errors.SQSError("SerializationException", f"{name} is not a number.")
    if not lowest <= int(value) <= highest:
        raise errors.invalid_value(value, name, f"Must be between {lowest} and {highest}, if provided.")
    return int(value)


def names(parameters: Mapping[str, Any], name: str) -> list[str]:
    """An optional list of texts."""
    value = parameters.get(name) or []
    if not isinstance(value, list):
        raise errors.SQSError("SerializationException", f"{name} is not a list.")
    return [str(item) for item in value]


def mapping(parameters: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An optional map."""
    value = parameters.get(name) or {}
    if not isinstance(value, dict):
        raise errors.SQSError("SerializationException", f"{name} is not a map.")
    return value


def draft(parameters: Mapping[str, Any]) -> Draft:
    """The message of a SendMessage request or of one entry of a batch, as yet unchecked."""
    trace = mapping(parameters, "MessageSystemAttributes").get("AWSTraceHeader") or {}
    return Draft(
        body=text(parameters, "MessageBody"),
        attributes=mapping(parameters, "MessageAttributes"),
        delay=number(parameters, "DelaySeconds", 0, MAXIMUM_DELAY_SECONDS, None),
        group_id=parameters.get("MessageGroupId"),
        deduplication_id=parameters.get("MessageDeduplicationId"),
        trace_header=trace.get("StringValue"),
    )


def check(message: Draft, maximum_bytes: int) -> None:
    """Refuse a message that its queue does not take."""
    if message.attributes:
        check_attributes(message.attributes)
    if size_of(message) > maximum_bytes:
        raise errors.SQSError(
            "InvalidParameterValue",
            f"One or more parameters are invalid. Reason: Message must be shorter than {maximum_bytes} bytes.",
        )
    check_body(message.body)


def entries(parameters: Mapping[str, Any], kind: str) -> list[JSON]:
    """The entries of a batch request, their number and their ids checked."""
    value = parameters.get("Entries")
    if not value or not isinstance(value, list):
        raise errors.SQSError(
            "EmptyBatchRequest", f"There should be at least one {kind}BatchRequestEntry in the request."
        )
    if len(value) > BATCH_ENTRIES:
        raise errors.SQSError(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {BATCH_ENTRIES}. You have sent {len(value)}.",
        )
    seen: set[str] = set()
    for entry in value:
        entry_id = entry.get("Id") if isinstance(entry, dict) else None
        if not isinstance(entry_id, str) or not _ENTRY_ID.fullmatch(entry_id):
            raise errors.SQSError(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and "
                "underscores. It can be at most 80 letters long.",
            )
        if entry_id in seen:
            raise errors.SQSError("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")
        seen.add(entry_id)
    return value


def check_batch_size(total: int) -> None:
    """Refuse a batch that is too large as a whole."""
    if total > MAXIMUM_BYTES:
        raise errors.SQSError(
            "BatchRequestTooLong",
            f"Batch requests cannot be longer than {MAXIMUM_BYTES} bytes. You have sent {total} bytes.",
        )


def selected(attributes: MessageAttributes, wanted: list[str]) -> JSON:
    """The message attributes that a receive asked for, and their digest: nothing where none match."""
    if not wanted or not attributes:
        return {}
    if "All" not in wanted and ".*" not in wanted:
        prefixes = tuple(name[:-2] for name in wanted if name.endswith(".*"))
        attributes = {
            name: value
            for name, value in attributes.items()
            if name in wanted or (prefixes and name.startswith(prefixes))
        }
    if not attributes:
        return {}
    return {"MessageAttributes": attributes, "MD5OfMessageAttributes": attributes_md5(attributes)}
