"""Payloads of messages as objects in Amazon S3."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django_sqs.aws.client import Connection, Tuning, get_s3_client
from django_sqs.exceptions import AWSError, InvalidEndpoint, PayloadMissing, PayloadUnavailable, UndecodableBody
from django_sqs.message.s3_payload import Pointer

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

logger = logging.getLogger("django_sqs.receiving")

#: A payload may have many megabytes: the read time-out, in seconds, is between two packets, not for all of it.
_TUNING = Tuning(connect_timeout=3, read_timeout=10, attempts=3, pool=50)
#: Deleting is in nobody's way when it fails, so it does not try for long.
_DELETING = Tuning(connect_timeout=2, read_timeout=3, attempts=1, pool=16)
#: What S3 answers where there is no such object. (Who may not list the bucket gets AccessDenied instead.)
_MISSING = {"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "404"}


class S3PayloadStore:
    """Keeps payloads in S3, with the credentials of the settings (s3:PutObject, s3:GetObject, s3:DeleteObject)."""

    def put(self, pointer: Pointer, text: str) -> None:
        with _translated("PutObject", pointer):
            _client(_TUNING).put_object(
                Bucket=pointer.bucket, Key=pointer.key, Body=text.encode(), ContentType="text/plain; charset=utf-8"
            )

    def get(self, pointer: Pointer) -> str:
        with _translated("GetObject", pointer):
            content = _client(_TUNING).get_object(Bucket=pointer.bucket, Key=pointer.key)["Body"].read()
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise UndecodableBody(f"the object {pointer} is no UTF-8 text: {error}") from error

    def delete(self, pointers: Sequence[Pointer]) -> None:
        if not pointers:
            return
        try:
            with _translated("DeleteObjects", pointers[0]):
                answer = _client(_DELETING).delete_objects(
                    Bucket=pointers[0].bucket, Delete={"Objects": [{"Key": one.key} for one in pointers], "Quiet": True}
                )
        except AWSError as error:
            for pointer in pointers:
                _log_left(pointer, str(error))
            return
        for failure in answer.get("Errors", ()):
            reason = f"{failure.get('Code')}: {failure.get('Message')}"
            _log_left(Pointer(pointers[0].bucket, str(failure.get("Key"))), reason)


def _log_left(pointer: Pointer, reason: str) -> None:
    logger.warning(
        "The object %s was not deleted after its message: %s. A lifecycle rule should expire what is left.",
        pointer,
        reason,
        extra={"queue": None, "message_id": None, "receive_count": 0, "action": "payload_left"},
    )


def _client(tuning: Tuning) -> S3Client:
    return get_s3_client(Connection.for_payloads(), tuning)


@contextmanager
def _translated(action: str, pointer: Pointer) -> Iterator[None]:
    from botocore.exceptions import ClientError

    try:
        yield
    except InvalidEndpoint as error:
        detail = (
            f"{error.facts['endpoint']!r} is no address of a server (SQS_PAYLOAD_ENDPOINT_URL, else SQS_ENDPOINT_URL)"
        )
        raise PayloadUnavailable(action=action, pointer=pointer, detail=detail) from error
    except AWSError:  # no client could be made
        raise
    except ClientError as error:
        told: Any = error.response.get("Error", {})
        if told.get("Code") in _MISSING and action == "GetObject":
            raise PayloadMissing(f"the object {pointer} is gone, or never was ({told.get('Code')})") from error
        raise PayloadUnavailable(action=action, pointer=pointer, detail=_detail(told)) from error
    except Exception as error:
        # botocore's own, a broken connection in the middle of an object, and those of its HTTP library.
        raise PayloadUnavailable(action=action, pointer=pointer, detail=f"{type(error).__name__}: {error}") from error


def _detail(told: Any) -> str:
    return f"{told.get('Code')}: {str(told.get('Message') or 'no message').rstrip('. ')}"
