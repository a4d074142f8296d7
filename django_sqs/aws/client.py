"""Sessions and clients of boto3: credentials, time-outs, retries.

A client is never shared across a fork: its sockets would be. The cache is emptied in every child.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django_sqs.aws.errors import check_endpoint, translated
from django_sqs.conf import conf, is_amazon
from django_sqs.exceptions import CredentialsMissing

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Where a queue is, and as whom we ask for it. What is None is left to boto3's own chain."""

    region: str | None = None
    endpoint_url: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None
    session_token: str | None = None

    def __repr__(self) -> str:
        # Never the keys: this stands in error reports.
        return f"<Connection region={self.region} endpoint_url={self.endpoint_url}>"

    @classmethod
    def from_settings(cls) -> Connection:
        """The connection that the flat settings describe."""
        return cls(
            region=conf.region,
            endpoint_url=conf.SQS_ENDPOINT_URL,
            access_key_id=conf.AWS_ACCESS_KEY_ID,
            secret_access_key=conf.AWS_SECRET_ACCESS_KEY,
            session_token=conf.AWS_SESSION_TOKEN,
        )

    @classmethod
    def for_payloads(cls) -> Connection:
        """The connection to S3 for payloads. A server that is not Amazon's is taken to have S3 as well, unless
        SQS_PAYLOAD_ENDPOINT_URL says where that is."""
        own = cls.from_settings()
        default = None if is_amazon(own.endpoint_url) else own.endpoint_url
        return replace(own, endpoint_url=conf.SQS_PAYLOAD_ENDPOINT_URL or default)


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """How a client waits and retries. Times in seconds."""

    connect_timeout: float
    read_timeout: float
    attempts: int
    pool: int


#: Senders and commands: a person or a web request waits, so give up after some seconds; three attempts, because SQS
#: does answer 503 now and then and a send that fails is an error page. The pool has room for some that send many
#: messages at a time.
CALLING = Tuning(connect_timeout=3, read_timeout=10, attempts=3, pool=32)


def polling(wait: float, pool: int) -> Tuning:
    """For long polls. The answer may take `wait` seconds by design; 10 s more is an outage. One attempt: the poller has
    a back-off of its own and must see each failure."""
    return Tuning(connect_timeout=3, read_timeout=wait + 10, attempts=1, pool=pool)


def settling(visibility_timeout: float, pool: int) -> Tuning:
    """For deletes and extensions. An extension that hangs must fail while there is time for another before the messages
    become visible: at most a third of the visibility timeout. One attempt: settler and keeper retry on their own."""
    third = visibility_timeout / 3
    return Tuning(connect_timeout=min(3, third), read_timeout=min(5, third), attempts=1, pool=pool)


_lock = threading.Lock()
_sessions: dict[Connection, Any] = {}
_clients: dict[tuple[Connection, Tuning, str], Any] = {}


def get_client(connection: Connection, tuning: Tuning) -> SQSClient:
    """The process's client for this connection and tuning; boto3's clients are safe to share between threads."""
    client: SQSClient = _get_client(connection, tuning, "sqs")
    return client


def get_s3_client(connection: Connection, tuning: Tuning) -> S3Client:
    """See get_client()."""
    client: S3Client = _get_client(connection, tuning, "s3")
    return client


def _get_client(connection: Connection, tuning: Tuning, service: str) -> Any:
    key = (connection, tuning, service)
    client = _clients.get(key)
    if client is None:
        # boto3's sessions are not thread-safe, making clients from one at the same time is not either.
        with _lock:
            client = _clients.get(key)
            if client is None:
                client = _clients[key] = _make_client(*key)
    return client


def _make_client(connection: Connection, tuning: Tuning, service: str) -> Any:
    from boto3.session import Session

    check_endpoint(connection.endpoint_url)
    if (connection.access_key_id is None) != (connection.secret_access_key is None):
        missing = "AWS_ACCESS_KEY_ID" if connection.access_key_id is None else "AWS_SECRET_ACCESS_KEY"
        raise CredentialsMissing(action="a client", queue="", detail=f"only one of the two is set, {missing} is not")
    with translated("a client", "", connection.endpoint_url):
        session = _sessions.get(connection)
        if session is None:
            session = _sessions[connection] = Session(
                aws_access_key_id=connection.access_key_id,
                aws_secret_access_key=connection.secret_access_key,
                aws_session_token=connection.session_token,
                region_name=connection.region,
            )
        config = _config(connection, tuning, service)
        client_of: Any = session.client
        client = client_of(service, endpoint_url=connection.endpoint_url, config=config)
    if tuning.attempts == 1:
        _never_retry(client, service)
    return client


def _config(connection: Connection, tuning: Tuning, service: str) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=tuning.connect_timeout,
        read_timeout=tuning.read_timeout,
        # "standard" backs off with jitter and limits retries by a budget; "legacy", the default, does neither, and
        # costs less where nothing is to be tried again.
        retries={
            "mode": "standard" if tuning.attempts > 1 else "legacy",
            "total_max_attempts": tuning.attempts,
        },
        # The default pool of 10 would throw away connections that parallel batches are about to use again.
        max_pool_connections=tuning.pool,
        # A long poll is silent for up to 20 s: keep-alive packets let NAT gateways keep the connection.
        tcp_keepalive=True,
        # botocore would build its user agent twice for each request, and compare each request's parameters with the
        # model of the service: together a tenth of what a request costs. What goes to SQS was checked when it was
        # made.
        user_agent=f"Boto3/{boto3.__version__} django-sqs",
        parameter_validation=service != "sqs",
        # Nothing of SQS can be compressed; botocore would look at each request whether it can.
        disable_request_compression=True,
    )
    if service == "s3" and not is_amazon(connection.endpoint_url):
        # Servers other than Amazon's have no host for each bucket, nor all of its checksums.
        config = config.merge(Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"))
    return config


def _never_retry(client: Any, service: str) -> None:
    """Leave out what botocore does for retries alone: it looks at every answer whether to try again, and gives each
    request an identity that tells its tries apart. Together 5 % of what a request costs."""
    events = client.meta.events
    events.unregister(f"needs-retry.{service}", unique_id=f"retry-config-{service}")
    with suppress(ImportError):
        from botocore.handlers import add_retry_headers

        events.unregister("request-created", add_retry_headers)


def forget_clients() -> None:
    """Drop all clients, without closing the sockets under another process's feet."""
    global _lock
    _lock = threading.Lock()
    _sessions.clear()
    _clients.clear()


def preload() -> None:
    """Import what clients need, so that forked processes share its pages."""
    import boto3.session  # noqa: F401
    import botocore.config
    import botocore.httpsession  # noqa: F401


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=forget_clients)
