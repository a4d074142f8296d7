"""Payloads in S3: what is asked, and what its refusals become."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from django_sqs.aws import client, payload_store
from django_sqs.aws.client import Connection, get_s3_client
from django_sqs.aws.payload_store import S3PayloadStore
from django_sqs.exceptions import (
    AWSError,
    CredentialsMissing,
    PayloadMissing,
    PayloadUnavailable,
    Reject,
    UndecodableBody,
)
from django_sqs.message.s3_payload import Pointer

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

POINTER = Pointer("payloads", "k1")


@pytest.fixture(autouse=True)
def own_clients() -> Iterator[None]:
    client.forget_clients()
    yield
    client.forget_clients()


@pytest.fixture
def stub() -> Iterator[Stubber]:
    """What S3 answers, to all but deletes."""
    with Stubber(get_s3_client(Connection.for_payloads(), payload_store._TUNING)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def deletes() -> Iterator[Stubber]:
    """What S3 answers to deletes."""
    with Stubber(get_s3_client(Connection.for_payloads(), payload_store._DELETING)) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def content(data: bytes) -> dict[str, Any]:
    return {"Body": StreamingBody(BytesIO(data), len(data))}


def test_a_payload_is_stored_as_utf_8(stub: Stubber) -> None:
    expected = {"Bucket": "payloads", "Key": "k1", "Body": "ü".encode(), "ContentType": "text/plain; charset=utf-8"}
    stub.add_response("put_object", {}, expected)
    S3PayloadStore().put(POINTER, "ü")


def test_a_payload_is_had_as_text(stub: Stubber) -> None:
    stub.add_response("get_object", content("ü".encode()), {"Bucket": "payloads", "Key": "k1"})
    assert S3PayloadStore().get(POINTER) == "ü"


def test_a_payload_that_is_no_text_is_rejected(stub: Stubber) -> None:
    stub.add_response("get_object", content(b"\xff"), None)
    with pytest.raises(UndecodableBody, match="the object 'k1' in the bucket 'payloads' is no UTF-8 text"):
        S3PayloadStore().get(POINTER)


@pytest.mark.parametrize("code", ["NoSuchKey", "NoSuchBucket", "404"])
def test_a_payload_that_is_not_there_is_rejected(stub: Stubber, code: str) -> None:
    stub.add_client_error("get_object", code, "It is not there.", 404)
    with pytest.raises(
        PayloadMissing, match=rf"'k1' in the bucket 'payloads' is gone, or never was \({code}\)"
    ) as caught:
        S3PayloadStore().get(POINTER)
    assert isinstance(caught.value, Reject)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDenied", 403),
        ("SlowDown", 503),
        ("InternalError", 500),
        ("ExpiredToken", 400),
        ("PermanentRedirect", 301),
    ],
)
def test_a_payload_that_cannot_be_had_now_is_waited_for(stub: Stubber, code: str, status: int) -> None:
    stub.add_client_error("get_object", code, "For the test.", status)
    with pytest.raises(
        PayloadUnavailable, match=rf"S3 could not do GetObject .*{code}: For the test\. Check"
    ) as caught:
        S3PayloadStore().get(POINTER)
    assert isinstance(caught.value, AWSError)
    assert caught.value.transient


def test_a_bucket_that_is_not_there_takes_nothing(stub: Stubber) -> None:
    stub.add_client_error("put_object", "NoSuchBucket", "It is not there.", 404)
    with pytest.raises(PayloadUnavailable, match="S3 could not do PutObject"):
        S3PayloadStore().put(POINTER, "a")


def test_a_connection_that_breaks_in_the_middle_is_waited_for(stub: Stubber) -> None:
    stub.add_response("get_object", {"Body": StreamingBody(BytesIO(b"half"), 8)}, None)
    with pytest.raises(PayloadUnavailable, match="IncompleteReadError"):
        S3PayloadStore().get(POINTER)


def test_credentials_that_are_half_set_are_told_of_as_such(settings: SettingsWrapper) -> None:
    settings.AWS_SECRET_ACCESS_KEY = None
    with pytest.raises(CredentialsMissing):
        S3PayloadStore().get(POINTER)


def test_an_address_that_is_none_is_told_of_by_its_setting(settings: SettingsWrapper) -> None:
    settings.SQS_PAYLOAD_ENDPOINT_URL = "nowhere"
    with pytest.raises(PayloadUnavailable, match=r"'nowhere' is no address of a server \(SQS_PAYLOAD_ENDPOINT_URL"):
        S3PayloadStore().get(POINTER)


class TestDeleting:
    def test_is_one_request(self, deletes: Stubber) -> None:
        expected = {"Bucket": "payloads", "Delete": {"Objects": [{"Key": "k1"}, {"Key": "k2"}], "Quiet": True}}
        deletes.add_response("delete_objects", {}, expected)
        S3PayloadStore().delete([POINTER, Pointer("payloads", "k2")])

    def test_of_nothing_is_none(self, deletes: Stubber) -> None:
        S3PayloadStore().delete([])

    def test_that_fails_in_part_is_logged(self, deletes: Stubber, caplog: pytest.LogCaptureFixture) -> None:
        failed = [{"Key": "k2", "Code": "AccessDenied", "Message": "no"}]
        deletes.add_response("delete_objects", {"Errors": failed}, None)
        with caplog.at_level(logging.WARNING, "django_sqs"):
            S3PayloadStore().delete([POINTER, Pointer("payloads", "k2")])
        (record,) = caplog.records
        assert (
            "'k2' in the bucket 'payloads' was not deleted after its message: AccessDenied: no" in record.getMessage()
        )

    def test_that_fails_is_logged_for_each(self, deletes: Stubber, caplog: pytest.LogCaptureFixture) -> None:
        deletes.add_client_error("delete_objects", "AccessDenied", "no", 403)
        with caplog.at_level(logging.WARNING, "django_sqs"):
            S3PayloadStore().delete([POINTER, Pointer("payloads", "k2")])
        assert [record.__dict__["action"] for record in caplog.records] == ["payload_left"] * 2


class TestWhereS3Is:
    @pytest.mark.parametrize(
        ("sqs", "own", "found"),
        [
            (None, None, None),
            ("https://sqs.eu-west-1.amazonaws.com", None, None),
            ("http://127.0.0.1:9324", None, "http://127.0.0.1:9324"),
            ("http://127.0.0.1:9324", "http://127.0.0.1:9000", "http://127.0.0.1:9000"),
            (None, "http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ],
    )
    def test_is_as_the_settings_say(self, settings: SettingsWrapper, sqs: Any, own: Any, found: Any) -> None:
        settings.SQS_ENDPOINT_URL = sqs
        settings.SQS_PAYLOAD_ENDPOINT_URL = own
        assert Connection.for_payloads().endpoint_url == found

    @pytest.mark.parametrize(("endpoint", "style"), [(None, None), ("http://s3.local:9000", "path")])
    def test_buckets_are_in_the_path_at_servers_that_are_not_amazons(
        self, settings: SettingsWrapper, endpoint: Any, style: Any
    ) -> None:
        settings.SQS_ENDPOINT_URL = endpoint
        made = get_s3_client(Connection.for_payloads(), payload_store._TUNING)
        assert (made.meta.config.s3 or {}).get("addressing_style") == style
        assert made.meta.config.read_timeout == 10
