"""Events of Amazon S3: of objects that were created, removed, restored and so on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from django_sqs.exceptions import InvalidBody, UndecodableBody
from django_sqs.message.base import BaseMessage, shorten
from django_sqs.message.event_bridge import Event, read_event
from django_sqs.message.facts import may_have, need, shown
from django_sqs.message.json_body import dump_json, load_json
from django_sqs.message.moments import format_moment, parse_moment
from django_sqs.message.sns import open_envelope

_TEST_EVENT = "s3:TestEvent"
# What S3 tells EventBridge, as the name of the event that it tells a queue or a topic.
_KINDS = {
    "Object Created": "ObjectCreated",
    "Object Deleted": "ObjectRemoved",
    "Object Restore Initiated": "ObjectRestore:Post",
    "Object Restore Completed": "ObjectRestore:Completed",
    "Object Restore Expired": "ObjectRestore:Delete",
    "Object Storage Class Changed": "LifecycleTransition",
    "Object Access Tier Changed": "IntelligentTiering",
    "Object ACL Updated": "ObjectAcl:Put",
    "Object Tags Added": "ObjectTagging:Put",
    "Object Tags Deleted": "ObjectTagging:Delete",
}
_WAYS_TO_CREATE = {
    "PutObject": ":Put",
    "POST Object": ":Post",
    "CopyObject": ":Copy",
    "CompleteMultipartUpload": ":CompleteMultipartUpload",
}
_WAYS_TO_DELETE = {"Permanently Deleted": ":Delete", "Delete Marker Created": ":DeleteMarkerCreated"}


@dataclass(frozen=True, kw_only=True)
class S3Record:
    """What happened to one object."""

    #: S3's name of the event without "s3:" in front: "ObjectCreated:Put". Through EventBridge, which names events
    #: otherwise, it is the same name; one that S3 tells only there is the name that it has there.
    event_name: str
    #: When it happened; EventBridge tells whole seconds only.
    event_time: datetime
    bucket: str
    #: The object's key as it is, not in the encoding of an address.
    key: str
    #: The object's size in bytes; None where S3 sends none, as for a removal.
    size: int | None = None
    etag: str | None = None
    #: The version, in a bucket that has versions.
    version_id: str | None = None
    #: Text that tells the order of events of one key: fill the shorter one with zeros on its right, then compare. None
    #: where S3 sends none.
    sequencer: str | None = None
    region: str = ""
    #: All that S3 told of it: the record, or the event of EventBridge as an object of JSON.
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


class S3EventMessage(BaseMessage[tuple[S3Record, ...]]):
    """Events of S3, which it sends to the queue itself, through a topic of SNS, or through EventBridge; the records are
    the same. Its body is a tuple of them.

    The event by which S3 tests a queue ("s3:TestEvent") is acknowledged without calling the receiver.
    """

    def set_body(self, body: Iterable[S3Record]) -> None:
        given: Any = body
        records = tuple(given) if isinstance(given, Iterable) else ()
        if not records or not all(isinstance(record, S3Record) for record in records):
            raise InvalidBody(
                message_class=type(self).__name__, reason=f"it takes a list of S3Record, not {shorten(str(body))}"
            )
        super().set_body(records)

    def encode(self, body: tuple[S3Record, ...]) -> str:
        return dump_json({"Records": [_told(record) for record in body]})

    def decode(self, raw_body: str) -> tuple[S3Record, ...]:
        value = _opened(raw_body)
        if _is_test(value):
            return ()
        records = value.get("Records")
        if isinstance(records, list):
            return tuple(_record(record, f"Records[{index}]") for index, record in enumerate(records))
        if "detail-type" in value:
            return (_of_event_bridge(read_event(value), value),)
        raise UndecodableBody(f"{shorten(raw_body)} is no event of S3: it has neither Records nor a detail-type")

    @property
    def records(self) -> tuple[S3Record, ...]:
        """What happened, one record for each object."""
        return self.get_body()

    @property
    def ignored(self) -> bool:
        return not self.get_body() and self._raw is not None and _is_test(_opened(self._raw))


def _opened(raw_body: str) -> dict[str, Any]:
    envelope = open_envelope(raw_body)
    value = load_json(raw_body if envelope is None else envelope["Message"])
    if not isinstance(value, dict):
        raise UndecodableBody(f"{shorten(raw_body)} is no event of S3, which is an object")
    return value


def _is_test(value: Mapping[str, Any]) -> bool:
    return value.get("Event") == _TEST_EVENT


def _record(value: Any, where: str) -> S3Record:
    if not isinstance(value, dict):
        raise UndecodableBody(f"{where} of the body is {shown(value)}, not an object")
    s3 = need(value, "s3", dict, where)
    bucket = need(s3, "bucket", dict, f"{where}.s3")
    thing = need(s3, "object", dict, f"{where}.s3")
    inside = f"{where}.s3.object"
    return S3Record(
        event_name=need(value, "eventName", str, where).removeprefix("s3:"),
        event_time=_moment(value.get("eventTime"), f"{where}.eventTime"),
        bucket=need(bucket, "name", str, f"{where}.s3.bucket"),
        key=_decoded(need(thing, "key", str, inside), f"{inside}.key"),
        size=may_have(thing, "size", int, inside),
        etag=may_have(thing, "eTag", str, inside),
        version_id=may_have(thing, "versionId", str, inside),
        sequencer=may_have(thing, "sequencer", str, inside),
        region=may_have(value, "awsRegion", str, where) or "",
        raw=value,
    )


def _moment(value: Any, where: str) -> datetime:
    try:
        return parse_moment(value)
    except ValueError as error:
        raise UndecodableBody(f"{where} of the body is not right: {error}") from error


def _decoded(key: str, where: str) -> str:
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError as error:
        raise UndecodableBody(f"{where} of the body is {shown(key)}, which is no encoding of UTF-8") from error


def _of_event_bridge(event: Event, value: Mapping[str, Any]) -> S3Record:
    if event.source != "aws.s3":
        raise UndecodableBody(f"the body is an event of {shown(event.source)}, not of S3 (aws.s3)")
    bucket = need(event.detail, "bucket", dict, "detail")
    thing = need(event.detail, "object", dict, "detail")
    inside = "detail.object"
    return S3Record(
        event_name=_event_name(event),
        event_time=event.time,
        bucket=need(bucket, "name", str, "detail.bucket"),
        # Not encoded there.
        key=need(thing, "key", str, inside),
        size=may_have(thing, "size", int, inside),
        # Imitations of S3 send "eTag" here too.
        etag=may_have(thing, "etag", str, inside) or may_have(thing, "eTag", str, inside),
        version_id=may_have(thing, "version-id", str, inside),
        sequencer=may_have(thing, "sequencer", str, inside),
        region=event.region,
        raw=value,
    )


def _event_name(event: Event) -> str:
    name = _KINDS.get(event.detail_type, event.detail_type)
    reason, deletion = str(event.detail.get("reason")), str(event.detail.get("deletion-type"))
    if event.detail_type == "Object Created":
        return name + _WAYS_TO_CREATE.get(reason, "")
    if event.detail_type == "Object Deleted":
        kind = "LifecycleExpiration" if reason == "Lifecycle Expiration" else name
        return kind + _WAYS_TO_DELETE.get(deletion, "")
    return name


def _told(record: S3Record) -> dict[str, Any]:
    thing: dict[str, Any] = {"key": quote_plus(record.key, safe="/")}
    for name, value in (
        ("size", record.size),
        ("eTag", record.etag),
        ("versionId", record.version_id),
        ("sequencer", record.sequencer),
    ):
        if value is not None:
            thing[name] = value
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": record.region,
        "eventTime": format_moment(record.event_time),
        "eventName": record.event_name,
        "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": record.bucket}, "object": thing},
    }
