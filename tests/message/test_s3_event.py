"""Events of S3, however they reach the queue."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_sqs.exceptions import InvalidBody, UndecodableBody
from django_sqs.message import S3EventMessage, S3Record, SNSMessage
from tests.message import samples
from tests.message.samples import envelope, received, s3_event_of_event_bridge, s3_notification, s3_record

AT = datetime(2026, 5, 4, 3, 2, 1, tzinfo=timezone.utc)


def message_of(wire: str) -> S3EventMessage:
    return S3EventMessage.from_received(received(wire))


def record_of(wire: str) -> S3Record:
    (record,) = message_of(wire).records
    return record


class TestARecord:
    def test_has_what_s3_told(self) -> None:
        record = record_of(s3_notification())
        assert record == S3Record(
            event_name="ObjectCreated:Put",
            event_time=AT,
            bucket="photos",
            key="a.jpg",
            size=1024,
            etag="e0",
            version_id="v0",
            sequencer="0055AED6DCD90281E5",
            region="eu-west-1",
        )
        assert record.raw["userIdentity"] == {"principalId": "AWS:AIDA"}

    @pytest.mark.parametrize(
        ("wire", "key"),
        [
            ("Happy%20Face.jpg", "Happy Face.jpg"),
            ("Happy+Face.jpg", "Happy Face.jpg"),
            ("a%2Bb.txt", "a+b.txt"),
            ("2026/05/%C3%BC%E2%82%AC.txt", "2026/05/ü€.txt"),
            ("100%25", "100%"),
            ("100%", "100%"),
            ("%F0%9F%98%80", "\U0001f600"),
        ],
    )
    def test_has_the_key_decoded(self, wire: str, key: str) -> None:
        assert record_of(s3_notification(s3_record(key=wire))).key == key

    @given(key=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
    def test_has_any_key_as_it_is_in_the_bucket(self, key: str) -> None:
        assert record_of(s3_notification(s3_record(key=quote_plus(key)))).key == key
        assert record_of(s3_event_of_event_bridge(key=key)).key == key

    def test_of_a_removal_has_none_for_what_s3_does_not_send(self) -> None:
        wire = s3_notification(s3_record("ObjectRemoved:Delete", size=None, eTag=None, versionId=None, sequencer=None))
        record = record_of(wire)
        assert (record.size, record.etag, record.version_id, record.sequencer) == (None, None, None, None)

    def test_has_none_for_null(self) -> None:
        wire = json.loads(s3_notification())
        wire["Records"][0]["s3"]["object"]["versionId"] = None
        assert record_of(json.dumps(wire)).version_id is None

    def test_names_events_without_the_service(self) -> None:
        assert record_of(s3_notification(s3_record("s3:LifecycleTransition"))).event_name == "LifecycleTransition"

    def test_comes_with_others_in_their_order(self) -> None:
        wire = s3_notification(s3_record(key="a"), s3_record(key="b"))
        assert [record.key for record in message_of(wire).records] == ["a", "b"]
        assert message_of(wire).body == message_of(wire).records


class TestTheWayToTheQueue:
    @pytest.mark.parametrize(
        ("name", "kind", "reason", "deletion"),
        [
            ("ObjectCreated:Put", "Object Created", "PutObject", None),
            ("ObjectCreated:Post", "Object Created", "POST Object", None),
            ("ObjectCreated:Copy", "Object Created", "CopyObject", None),
            ("ObjectCreated:CompleteMultipartUpload", "Object Created", "CompleteMultipartUpload", None),
            ("ObjectRemoved:Delete", "Object Deleted", "DeleteObject", "Permanently Deleted"),
            ("ObjectRemoved:DeleteMarkerCreated", "Object Deleted", "DeleteObject", "Delete Marker Created"),
            ("LifecycleExpiration:Delete", "Object Deleted", "Lifecycle Expiration", "Permanently Deleted"),
            (
                "LifecycleExpiration:DeleteMarkerCreated",
                "Object Deleted",
                "Lifecycle Expiration",
                "Delete Marker Created",
            ),
            ("ObjectRestore:Post", "Object Restore Initiated", "", None),
            ("ObjectRestore:Completed", "Object Restore Completed", "", None),
            ("ObjectRestore:Delete", "Object Restore Expired", "", None),
            ("LifecycleTransition", "Object Storage Class Changed", "", None),
            ("IntelligentTiering", "Object Access Tier Changed", "", None),
            ("ObjectAcl:Put", "Object ACL Updated", "", None),
            ("ObjectTagging:Put", "Object Tags Added", "", None),
            ("ObjectTagging:Delete", "Object Tags Deleted", "", None),
        ],
    )
    def test_makes_no_difference_to_the_records(self, name: str, kind: str, reason: str, deletion: str | None) -> None:
        direct = s3_notification(s3_record(name))
        expected = message_of(direct).records
        through_event_bridge = s3_event_of_event_bridge(kind, reason, deletion_type=deletion)
        assert message_of(envelope(direct)).records == expected
        assert message_of(through_event_bridge).records == expected
        assert message_of(envelope(through_event_bridge)).records == expected

    def test_leaves_an_event_its_name_that_s3_tells_event_bridge_only(self) -> None:
        assert (
            record_of(s3_event_of_event_bridge("Object Annotation Created", "")).event_name
            == "Object Annotation Created"
        )
        assert record_of(s3_event_of_event_bridge("Object Created", "Unheard Of")).event_name == "ObjectCreated"

    def test_through_event_bridge_leaves_the_key_as_it_is(self) -> None:
        assert record_of(s3_event_of_event_bridge(key="a+b%20c")).key == "a+b%20c"


class TestTheTestEvent:
    @pytest.mark.parametrize("wire", [samples.s3_test_event(), envelope(samples.s3_test_event())])
    def test_is_ignored(self, wire: str) -> None:
        message = message_of(wire)
        assert message.ignored
        assert message.records == ()

    def test_is_ignored_inside_of_another_class_too(self) -> None:
        message = SNSMessage.of(S3EventMessage).from_received(received(envelope(samples.s3_test_event())))
        assert message.ignored
        assert not SNSMessage.of(S3EventMessage).from_received(received(envelope(s3_notification()))).ignored

    @pytest.mark.parametrize("wire", [s3_notification(), '{"Records": []}', s3_event_of_event_bridge()])
    def test_is_the_only_one_that_is(self, wire: str) -> None:
        assert not message_of(wire).ignored


class TestABodyThatIsSomethingElse:
    @pytest.mark.parametrize(
        "wire",
        [
            "",
            "text",
            "[]",
            "5",
            "{}",
            '{"Records": {}}',
            '{"Event": "s3:Other"}',
            json.dumps(samples.event()),
            envelope("text"),
            envelope("[]"),
            envelope(Type="SubscriptionConfirmation"),
        ],
    )
    def test_is_rejected(self, wire: str) -> None:
        with pytest.raises(UndecodableBody):
            message_of(wire).get_body()

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("eventName", None),
            ("eventName", 5),
            ("eventTime", None),
            ("eventTime", "yesterday"),
            ("eventTime", 1e300),
            ("s3", "text"),
            ("s3.bucket", []),
            ("s3.bucket.name", None),
            ("s3.object", None),
            ("s3.object.key", 5),
            ("s3.object.key", "%FF"),
            ("s3.object.size", "1024"),
            ("s3.object.size", True),
            ("s3.object.size", 1.5),
            ("s3.object.sequencer", 5),
        ],
    )
    def test_is_rejected_with_the_path_of_what_is_wrong(self, path: str, value: Any) -> None:
        second = s3_record()
        *way, last = path.split(".")
        inner = second
        for name in way:
            inner = inner[name]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
        with pytest.raises(UndecodableBody, match=rf"Records\[1\]\.{path}\b"):
            message_of(s3_notification(s3_record(), second)).get_body()

    def test_that_is_no_record_is_named(self) -> None:
        with pytest.raises(UndecodableBody, match=r"Records\[0\] of the body is 5, not an object"):
            message_of('{"Records": [5]}').get_body()

    @pytest.mark.parametrize("detail", [{}, {"bucket": {"name": "b"}}, {"bucket": "b", "object": {"key": "k"}}])
    def test_of_event_bridge_is_rejected_as_well(self, detail: Any) -> None:
        wire = json.dumps(samples.event(source="aws.s3", detail=detail))
        with pytest.raises(UndecodableBody, match=r"detail\."):
            message_of(wire).get_body()


class TestSending:
    def test_looks_as_s3_would_send_it(self) -> None:
        record = S3Record(event_name="ObjectCreated:Put", event_time=AT, bucket="photos", key="ü b/+.jpg", size=0)
        message = S3EventMessage(body=(record,))
        told = json.loads(message.raw_body)["Records"][0]
        assert told["s3"]["object"] == {"key": "%C3%BC+b/%2B.jpg", "size": 0}
        assert told["eventTime"] == "2026-05-04T03:02:01Z"
        assert message_of(message.raw_body).records == (record,)

    def test_of_what_was_received_gives_the_same_records(self) -> None:
        records = message_of(s3_event_of_event_bridge(key="a b")).records
        assert message_of(S3EventMessage(body=records).raw_body).records == records

    def test_takes_a_list_too(self) -> None:
        records = list(message_of(s3_notification()).records)
        assert S3EventMessage(body=records).body == tuple(records)  # type: ignore[arg-type]

    @pytest.mark.parametrize("body", [None, [], "text", {"Records": []}, [5]])
    def test_refuses_what_is_no_record(self, body: Any) -> None:
        with pytest.raises(InvalidBody, match="it takes a list of S3Record"):
            S3EventMessage(body=body)

    def test_refuses_a_time_without_a_zone(self) -> None:
        record = S3Record(event_name="x", event_time=datetime(2026, 5, 4), bucket="b", key="k")
        with pytest.raises(InvalidBody, match="no time zone"):
            _ = S3EventMessage(body=(record,)).raw_body
