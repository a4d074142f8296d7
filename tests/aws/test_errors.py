"""What botocore raises comes out as a sentence that says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import exceptions as botocore
from botocore.exceptions import ClientError

from django_sqs import exceptions as errors
from django_sqs.aws.errors import translated


def answered(code: str, status: int = 400, message: str = "Some words.", query_code: str = "") -> ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": message, "QueryErrorCode": query_code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, "SendMessage")


def translation(error: Exception) -> errors.AWSError:
    with pytest.raises(errors.AWSError) as raised, translated("SendMessage", "test__letters", "http://localhost:1"):
        raise error
    assert raised.value.__cause__ is error
    return raised.value


@pytest.mark.parametrize(
    ("code", "status", "kind", "words"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", 400, errors.QueueMissing, "sqs_setup"),
        ("QueueDoesNotExist", 400, errors.QueueMissing, "SQS_CREATE_QUEUES"),
        ("QueueDeletedRecently", 400, errors.QueueDeletedRecently, "60 seconds"),
        ("AccessDenied", 403, errors.AccessDenied, "must allow sqs:SendMessage"),
        ("AccessDeniedException", 400, errors.AccessDenied, "IAM policy"),
        ("KmsAccessDenied", 400, errors.AccessDenied, "IAM policy"),
        ("InvalidClientTokenId", 403, errors.CredentialsRefused, "AWS_ACCESS_KEY_ID"),
        ("ExpiredToken", 403, errors.CredentialsRefused, "expired"),
        ("ExpiredTokenException", 400, errors.CredentialsRefused, "expired"),
        ("SignatureDoesNotMatch", 403, errors.CredentialsRefused, "wrong"),
        ("ThrottlingException", 400, errors.Throttled, "throttles"),
        ("RequestThrottled", 403, errors.Throttled, "throttles"),
        ("OverLimit", 403, errors.Throttled, "in flight"),
        ("InternalError", 500, errors.ServiceFault, "try again later"),
        ("ServiceUnavailable", 503, errors.ServiceFault, "try again later"),
        ("502", 502, errors.ServiceFault, "try again later"),
        ("InvalidAttributeValue", 400, errors.RequestRefused, "SQS refused SendMessage"),
        ("403", 403, errors.RequestRefused, "SQS refused SendMessage"),
    ],
)
def test_answers_are_told_apart_by_their_code(code: str, status: int, kind: type[Exception], words: str) -> None:
    error = translation(answered(code, status))
    assert isinstance(error, kind)
    assert words in str(error)
    assert "test__letters" in str(error) or kind is errors.CredentialsRefused


def test_the_code_of_the_older_protocol_counts_too() -> None:
    error = translation(answered("Odd", query_code="AWS.SimpleQueueService.NonExistentQueue"))
    assert isinstance(error, errors.QueueMissing)


def test_what_sqs_said_is_told_as_part_of_our_sentence() -> None:
    assert "(Odd: Some words)" not in str(translation(answered("Odd")))
    assert str(translation(answered("Odd"))).endswith("Odd: Some words.")
    assert "no message" in str(translation(answered("Odd", message="")))


@pytest.mark.parametrize("response", [{}, {"Error": {}}, {"Error": {"Code": None}}])
def test_an_answer_without_a_code_is_an_error_all_the_same(response: Any) -> None:
    assert isinstance(translation(ClientError(response, "SendMessage")), errors.RequestRefused)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (botocore.EndpointConnectionError(endpoint_url="http://localhost:1"), errors.EndpointUnreachable),
        (botocore.ConnectTimeoutError(endpoint_url="http://localhost:1"), errors.EndpointUnreachable),
        (botocore.ReadTimeoutError(endpoint_url="http://localhost:1"), errors.EndpointUnreachable),
        (botocore.ConnectionClosedError(endpoint_url="http://localhost:1"), errors.EndpointUnreachable),
        (botocore.SSLError(endpoint_url="http://localhost:1", error=OSError("bad")), errors.EndpointUnreachable),
        (botocore.ProxyConnectionError(proxy_url="http://proxy"), errors.EndpointUnreachable),
        (botocore.NoRegionError(), errors.RegionMissing),
        (botocore.InvalidRegionError(region_name="x y"), errors.InvalidRegion),
        (botocore.NoCredentialsError(), errors.CredentialsMissing),
        (botocore.PartialCredentialsError(provider="env", cred_var="x"), errors.CredentialsMissing),
        (botocore.CredentialRetrievalError(provider="x", error_msg="no"), errors.CredentialsMissing),
        (botocore.ProfileNotFound(profile="x"), errors.CredentialsMissing),
        (botocore.ParamValidationError(report="odd"), errors.RequestRefused),
        (botocore.UnknownServiceError(service_name="x", known_service_names="y"), errors.ServiceFault),
    ],
)
def test_what_fails_on_our_side_is_told_apart(error: Exception, kind: type[Exception]) -> None:
    assert isinstance(translation(error), kind)


@pytest.mark.parametrize("error", [KeyError("QueueUrl"), AttributeError("x"), TypeError("y"), UnicodeError("z")])
def test_an_answer_that_makes_no_sense_is_a_fault_of_the_server(error: Exception) -> None:
    told = translation(error)
    assert isinstance(told, errors.ServiceFault)
    assert told.transient
    assert f"its answer makes no sense, {type(error).__name__}" in str(told)


def test_an_error_that_is_ours_already_is_left_alone() -> None:
    ours = errors.RegionMissing(action="a client", queue="", detail="")
    with pytest.raises(errors.RegionMissing) as raised, translated("SendMessage", "letters", None):
        raise ours
    assert raised.value is ours


def test_the_end_of_the_program_passes() -> None:
    with pytest.raises(KeyboardInterrupt), translated("SendMessage", "letters", None):
        raise KeyboardInterrupt
