"""botocore's exceptions, turned into ours: sentences that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

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
_IN_FLIGHT_LIMIT = {"OverLimit"}
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
    try:
        yield
    except errors.AWSError:
        raise
    except Exception as error:
        raise translation(error, action, queue, endpoint) from error


def translation(error: Exception, action: str, queue: str, endpoint: str | None) -> errors.AWSError:
    """What botocore raised, as a subclass of `AWSError`."""
    from botocore.exceptions import BotoCoreError, ClientError

    if isinstance(error, ClientError):
        return _from_answer(error, action, queue)
    if isinstance(error, BotoCoreError):
        return _from_client(error, action, queue, endpoint)
    # botocore reads answers that are not SQS's (a proxy's page, half a response) without care, and fails anyhow.
    detail = f"its answer makes no sense, {type(error).__name__}: {error}"
    return errors.ServiceFault(action=action, queue=queue, detail=detail)


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
        (_IN_FLIGHT_LIMIT, errors.InFlightLimit),
        (THROTTLING, errors.Throttled),
    ):
        if codes & names:
            return kind(**facts)
    if status >= 500:
        return errors.ServiceFault(**facts)
    return errors.RequestRefused(**facts)


def check_endpoint(url: str | None) -> None:
    """Raises `InvalidEndpoint` for what cannot be the address of a server."""
    if url is not None and not _is_address(url):
        raise errors.InvalidEndpoint(action="a client", queue="", detail="no address", endpoint=url)


def _is_address(url: str) -> bool:
    from botocore.utils import is_valid_endpoint_url, is_valid_ipv6_endpoint_url

    try:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.port == 0:
            return False
        # What botocore itself would refuse later, with a bare ValueError.
        return bool(is_valid_endpoint_url(url) or is_valid_ipv6_endpoint_url(url))
    except ValueError:  # a bracket that is not closed, a port that is no number
        return False


def _from_client(error: Exception, action: str, queue: str, endpoint: str | None) -> errors.AWSError:
    from botocore import exceptions as botocore

    detail = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    facts = {"action": action, "queue": queue, "detail": detail, "endpoint": endpoint or "Amazon's endpoint"}
    if isinstance(error, (botocore.HTTPClientError, botocore.ConnectionError)):
        never_sent = (botocore.EndpointConnectionError, botocore.ConnectTimeoutError, botocore.ProxyConnectionError)
        return errors.EndpointUnreachable(**facts, maybe_done=not isinstance(error, never_sent))
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
    if isinstance(error, botocore.InvalidRegionError):
        return errors.InvalidRegion(**facts)
    if isinstance(error, botocore.ParamValidationError):
        return errors.RequestRefused(**facts)
    return errors.ServiceFault(**facts, maybe_done=True)
