"""The settings, typed, read when they are used so that `override_settings` works."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast, overload
from urllib.parse import urlsplit

from django.conf import settings as django_settings

from django_sqs.exceptions import InvalidSetting

T = TypeVar("T")

#: What the names of these settings end in must never be printed.
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "SQS_QUEUES")


class Setting(Generic[T]):
    """One setting: its default, and what its value must be. An empty string counts as unset."""

    def __init__(self, default: T, accepts: Callable[[Any], bool], expected: str) -> None:
        self.default = default
        self.accepts = accepts
        self.expected = expected

    def __set_name__(self, owner: type[Conf], name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type[Conf]) -> Setting[T]: ...
    @overload
    def __get__(self, instance: Conf, owner: type[Conf]) -> T: ...
    def __get__(self, instance: Conf | None, owner: type[Conf]) -> Setting[T] | T:
        if instance is None:
            return self
        value = getattr(django_settings, self.name, None)
        if value is None or value == "":
            return self.default
        if not self.accepts(value):
            secret = any(word in self.name for word in _SECRET_WORDS)
            shown = f"a {type(value).__name__}" if secret else repr(value)
            raise InvalidSetting(name=self.name, shown=shown, expected=self.expected)
        return cast(T, value)


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def is_number(low: float, high: float) -> Callable[[Any], bool]:
    """A test for a number from `low` to `high`; True and False are no numbers."""

    def check(value: Any) -> bool:
        return isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high

    return check


def _is_names(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(name, str) for name in value)


def _is_queue_table(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(k, str) and isinstance(v, Mapping) for k, v in value.items())


class Conf:
    """All settings of django-sqs. The names are those in the settings file."""

    AWS_ACCESS_KEY_ID = Setting[str | None](None, is_text, "a string")
    AWS_SECRET_ACCESS_KEY = Setting[str | None](None, is_text, "a string")
    AWS_SESSION_TOKEN = Setting[str | None](None, is_text, "a string")
    AWS_REGION = Setting[str | None](None, is_text, 'the name of a region, such as "eu-west-1"')
    SQS_ENDPOINT_URL = Setting[str | None](None, is_text, 'an address, such as "http://127.0.0.1:9324"')
    SQS_QUEUE_PREFIX = Setting("", is_text, "a string")
    # 60 s: long enough that the keeper, which extends in time, tolerates an outage of half a minute; short enough that
    # what a killed process held comes back within a minute.
    SQS_DEFAULT_VISIBILITY_TIMEOUT = Setting[float](60, is_number(2, 43_200), "a number of seconds from 2 to 43,200")
    SQS_POLL_PERIOD = Setting[float](10, is_number(0.1, 3_600), "a number of seconds from 0.1 to 3,600")
    SQS_CREATE_QUEUES = Setting[bool | None](None, is_flag, "True or False")
    SQS_ON_ERROR = Setting("delete", lambda value: value in ("delete", "retry"), '"delete" or "retry"')
    SQS_KEEP_FAILED = Setting(True, is_flag, "True or False")
    SQS_SEND_ON_COMMIT = Setting(True, is_flag, "True or False")
    SQS_TRANSPORT = Setting(
        "django_sqs.sending.transports.SQSTransport", is_text, "the dotted path of a transport class"
    )
    SQS_RECEIVER_MODULES = Setting[tuple[str, ...]](
        ("receivers",), _is_names, 'a list of module names, such as ["receivers"]'
    )
    SQS_PAYLOAD_BUCKET = Setting[str | None](None, is_text, "the name of a bucket of S3")
    SQS_PAYLOAD_THRESHOLD = Setting[int](
        262_144, lambda value: isinstance(value, int) and is_number(0, 1_048_576)(value), "bytes from 0 to 1,048,576"
    )
    SQS_PAYLOAD_ENDPOINT_URL = Setting[str | None](None, is_text, 'an address, such as "http://127.0.0.1:9000"')
    SQS_STATUS_TOKEN = Setting[str | None](None, is_text, "a string")
    SQS_QUEUES = Setting[Mapping[str, Mapping[str, Any]]](
        {}, _is_queue_table, 'a dict of dicts, such as {"emails": {"concurrency": 4}}'
    )

    @property
    def debug(self) -> bool:
        """Django's DEBUG."""
        return bool(django_settings.DEBUG)

    @property
    def region(self) -> str | None:
        """The region of the settings, else of the environment's AWS_REGION, which botocore itself does not read."""
        return self.AWS_REGION or os.environ.get("AWS_REGION") or None

    @property
    def create_queues(self) -> bool:
        """May a missing queue be created when it is first used? By default only where that cannot surprise anyone: in
        development, and at a server that is not Amazon's."""
        if self.SQS_CREATE_QUEUES is not None:
            return self.SQS_CREATE_QUEUES
        return self.debug or not is_amazon(self.SQS_ENDPOINT_URL)


def is_amazon(endpoint_url: str | None) -> bool:
    """Is this endpoint one of Amazon's own? (None, the default, is.)"""
    if endpoint_url is None:
        return True
    try:
        host = urlsplit(endpoint_url).hostname or ""
    except ValueError:  # told of where it is used
        return False
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


#: The names that the settings file may use.
KNOWN = tuple(name for name, value in vars(Conf).items() if isinstance(value, Setting))

conf = Conf()
