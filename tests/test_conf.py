"""Settings are read when they are used, and checked."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from django_sqs.conf import KNOWN, Conf, Setting, conf, is_amazon
from django_sqs.exceptions import InvalidSetting

GOOD: dict[str, Any] = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "key",
    "AWS_SESSION_TOKEN": "token",
    "AWS_REGION": "eu-west-1",
    "SQS_ENDPOINT_URL": "http://localhost:9324",
    "SQS_QUEUE_PREFIX": "me",
    "SQS_DEFAULT_VISIBILITY_TIMEOUT": 2.5,
    "SQS_POLL_PERIOD": 0.1,
    "SQS_CREATE_QUEUES": False,
    "SQS_ON_ERROR": "retry",
    "SQS_KEEP_FAILED": False,
    "SQS_SEND_ON_COMMIT": False,
    "SQS_TRANSPORT": "django_sqs.testing.OutboxTransport",
    "SQS_RECEIVER_MODULES": ["receivers", "jobs"],
    "SQS_PAYLOAD_BUCKET": "bucket",
    "SQS_PAYLOAD_THRESHOLD": 1_000,
    "SQS_PAYLOAD_ENDPOINT_URL": "http://localhost:9000",
    "SQS_STATUS_TOKEN": "token",
    "SQS_QUEUES": {"emails": {"concurrency": 4}},
}
BAD: list[tuple[str, Any]] = [
    *((name, 5) for name in GOOD if isinstance(GOOD[name], str)),
    ("AWS_REGION", b"eu-west-1"),
    ("SQS_DEFAULT_VISIBILITY_TIMEOUT", 1),
    ("SQS_DEFAULT_VISIBILITY_TIMEOUT", 43_201),
    ("SQS_DEFAULT_VISIBILITY_TIMEOUT", "60"),
    ("SQS_DEFAULT_VISIBILITY_TIMEOUT", True),
    ("SQS_DEFAULT_VISIBILITY_TIMEOUT", float("nan")),
    ("SQS_POLL_PERIOD", 0),
    ("SQS_POLL_PERIOD", -5),
    ("SQS_CREATE_QUEUES", "yes"),
    ("SQS_ON_ERROR", "ignore"),
    ("SQS_KEEP_FAILED", 1),
    ("SQS_SEND_ON_COMMIT", 0),
    ("SQS_RECEIVER_MODULES", "receivers"),
    ("SQS_RECEIVER_MODULES", [5]),
    ("SQS_PAYLOAD_THRESHOLD", -1),
    ("SQS_PAYLOAD_THRESHOLD", 1.5),
    ("SQS_PAYLOAD_THRESHOLD", True),
    ("SQS_QUEUES", []),
    ("SQS_QUEUES", {"emails": 5}),
    ("SQS_QUEUES", {5: {}}),
]


def test_every_setting_is_known_and_tried_here() -> None:
    assert set(KNOWN) == set(GOOD)
    assert {name for name, _ in BAD} == set(GOOD)


@pytest.mark.parametrize("name", KNOWN)
def test_a_good_value_is_used_while_it_is_set(name: str) -> None:
    before = getattr(conf, name)
    with override_settings(**{name: GOOD[name]}):
        assert getattr(conf, name) == GOOD[name]
    assert getattr(conf, name) == before


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("unset", [None, ""])
def test_what_is_empty_counts_as_unset(name: str, unset: str | None) -> None:
    setting: Setting[Any] = vars(Conf)[name]
    with override_settings(**{name: unset}):
        assert getattr(conf, name) == setting.default


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_bad_value_is_told_of_by_name_and_with_what_is_right(name: str, value: Any) -> None:
    with override_settings(**{name: value}), pytest.raises(InvalidSetting, match=f"{name} .* must be"):
        getattr(conf, name)


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "SQS_STATUS_TOKEN"]
)
def test_a_secret_is_not_told(name: str) -> None:
    with override_settings(**{name: ["hunter2"]}), pytest.raises(InvalidSetting) as raised:
        getattr(conf, name)
    assert "hunter2" not in str(raised.value)
    assert "a list" in str(raised.value)


class TestRegion:
    def test_is_that_of_the_settings(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        settings.AWS_REGION = "eu-west-1"
        assert conf.region == "eu-west-1"

    def test_else_that_of_the_environment(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        settings.AWS_REGION = ""
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        assert conf.region == "us-east-1"
        monkeypatch.setenv("AWS_REGION", "")
        assert conf.region is None


class TestCreatingQueues:
    @pytest.mark.parametrize(
        ("debug", "endpoint", "expected"),
        [
            (True, None, True),
            (False, None, False),
            (False, "https://sqs.eu-west-1.amazonaws.com", False),
            (False, "https://sqs.cn-north-1.amazonaws.com.cn", False),
            (False, "https://sqs.eu-west-1.api.aws", False),
            (False, "http://localhost:9324", True),
            (False, "https://amazonaws.com.example.org", True),
            (False, "http://[", True),
        ],
    )
    def test_is_the_default_where_it_surprises_nobody(
        self, settings: Any, debug: bool, endpoint: str | None, expected: bool
    ) -> None:
        settings.DEBUG = debug
        settings.SQS_ENDPOINT_URL = endpoint
        assert conf.create_queues is expected

    @pytest.mark.parametrize("wanted", [True, False])
    def test_is_as_it_was_set(self, settings: Any, wanted: bool) -> None:
        settings.SQS_CREATE_QUEUES = wanted
        settings.DEBUG = not wanted
        assert conf.create_queues is wanted


def test_amazons_own_endpoint_is_amazons() -> None:
    assert is_amazon(None)
