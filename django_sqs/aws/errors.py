"""botocore's exceptions, turned into ours: sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django_sqs import exceptions as errors

_CREDENTIALS_REFUSED = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "KmsAccessDenied", "KMS.AccessDeniedException"}
_QUEUE_MISSING = {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}
_DELETED_RECENTLY = {"AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently"}
#: Codes that mean "later": of a whole request, and of one entry of a batch.
THROTTLING = {
    "KmsThrottled",
    "KMS.ThrottlingException",
    "OverLimit",
    "RequestLimitExceeded",
    "RequestThrottled",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


@contextmanager
def translated(action: str, queue: str, endpoint: str | None) -> Iterator[None]:
    """Within it, what botocore raises comes out as a subclass of `AWSError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _from_answer(error, action, queue) from error
    except (BotoCoreError, ValueError) as error:
        raise _from_client(error, action, queue, endpoint) from error


def _from_answer(error: Exception, action: str, queue: str) -> errors.AWSError:
    response = getattr(error, "response", {})
    told = response.get("Error", {})
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    codes = {str(told.get("Code", "")), str(told.get("QueryErrorCode", ""))}
    detail = f"{told.get('Code') or status}: {str(told.get('Message') or 'no message').rstrip('. ')}"
    facts = {"action": action, "queue": queue, "detail": detail, "codes": codes}
    for names, kind in (
        (_DELETED_RECENTLY, errors.QueueDeletedRecently),
        (_QUEUE_MISSING, errors.QueueMissing),
        (_CREDENTIALS_REFUSED, errors.CredentialsRefused),
        (_DENIED, errors.AccessDenied),
        (THROTTLING, errors.Throttled),
    ):
        if codes & names:
            return kind(**facts)
    if status >= 500:
        return errors.ServiceFault(**facts)
    return errors.RequestRefused(**facts)


def _from_client(error: Exception, action: str, queue: str, endpoint: str | None) -> errors.AWSError:
    from botocore import exceptions as botocore

    detail = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    facts = {"action": action, "queue": queue, "detail": detail, "endpoint": endpoint or "Amazon's endpoint"}
    if isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        return errors.EndpointUnreachable(**facts)
    if isinstance(error, botocore.NoRegionError):
        return errors.RegionMissing(**facts)
    if isinstance(
        error,
        (
            botocore.NoCredentialsError,
            botocore.PartialCredentialsError,
            botocore.CredentialRetrievalError,
            botocore.MetadataRetrievalError,
            botocore.ProfileNotFound,
            botocore.SSOError,
        ),
    ):
        return errors.CredentialsMissing(**facts)
    if type(error) is ValueError and "endpoint" in detail.lower():
        return errors.InvalidEndpoint(**facts)
    # What botocore cannot read of an answer is a fault of what answered: a proxy's page, half a response.
    if isinstance(error, botocore.ParamValidationError):
        return errors.RequestRefused(**facts)
    return errors.ServiceFault(**facts)
