"""What AWS refuses, or cannot be asked."""

from __future__ import annotations

from django_sqs.exceptions.base import DjangoSQSError


class AWSError(DjangoSQSError):
    """AWS could not do {action}: {detail}."""

    transient = False
    #: The answer was lost: the request may have been carried out all the same.
    maybe_done = False


class EndpointUnreachable(AWSError):
    """SQS does not answer at {endpoint} ({action}: {detail}). Check the network, SQS_ENDPOINT_URL and AWS_REGION; for
    development, start a server with "manage.py sqs_local"."""

    transient = True


class InvalidEndpoint(AWSError):
    """SQS_ENDPOINT_URL is {endpoint!r}, which is no address of a server. It looks like "http://127.0.0.1:9324", with
    no underscore in the name of the host; leave it out to use Amazon's own."""


class CredentialsMissing(AWSError):
    """No AWS credentials were found ({detail}). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the settings or the
    environment, or run where a profile or a role gives them."""

    transient = True


class CredentialsRefused(AWSError):
    """AWS refused the credentials while asked for {action} ({detail}). They are wrong, expired, or belong to another
    partition: check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."""

    transient = True


class RegionMissing(AWSError):
    """No AWS region is set. Set AWS_REGION in the settings or the environment, for example "eu-west-1"."""


class InvalidRegion(AWSError):
    """AWS_REGION is no region ({detail}). It looks like "eu-west-1"."""


class AccessDenied(AWSError):
    """AWS denied {action} on the queue {queue!r} ({detail}). The IAM policy of these credentials must allow
    sqs:{action} on it."""

    transient = True


class QueueMissing(AWSError):
    """The queue {queue!r} does not exist at AWS. Create it with "manage.py sqs_setup", or set SQS_CREATE_QUEUES = True
    to have missing queues created when they are first used."""

    transient = True


class QueueNotYetCreated(QueueMissing):
    """The queue {queue!r} does not exist yet. It is created when it is first used, or by "manage.py sqs_setup"."""


class QueueDeletedRecently(QueueMissing):
    """The queue {queue!r} was deleted less than 60 seconds ago, and SQS allows its name again only after that. Try
    again in a minute."""


class Throttled(AWSError):
    """AWS throttles {action} on the queue {queue!r} ({detail}). Try again later, or ask for a higher quota."""

    transient = True


class InFlightLimit(Throttled):
    """The queue {queue!r} gives no more messages: as many as SQS allows are in flight ({detail}), received and neither
    deleted nor released. Look for receivers that take too long, or that die and leave messages hidden."""


class ServiceFault(AWSError):
    """SQS failed to do {action} on the queue {queue!r} ({detail}). It is a fault at AWS: try again later."""

    transient = True


class PayloadUnavailable(AWSError):
    """S3 could not do {action} for the object {pointer}: {detail}. Check the network, SQS_PAYLOAD_BUCKET, and
    that the IAM policy allows s3:PutObject, s3:GetObject, s3:DeleteObject and s3:ListBucket there."""

    transient = True


class RequestRefused(AWSError):
    """SQS refused {action} on the queue {queue!r}: {detail}."""
