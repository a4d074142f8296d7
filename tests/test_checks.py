from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core import checks
from django.core.checks import CheckMessage, run_checks
from django.core.checks.registry import registry

from django_sqs import register
from django_sqs.checks import check_all

if TYPE_CHECKING:
    from pytest_django import Settings

pytestmark = pytest.mark.usefixtures("own_queues")

ERRORS = {f"django_sqs.E00{number}" for number in range(1, 9)}
WARNINGS = {"django_sqs.W001", "django_sqs.W002"}


def handle(message: object) -> None:
    """A receiver."""


def found(*ids: str) -> list[CheckMessage]:
    """What the checks say. All of it has one of these ids, the right level, and a hint."""
    messages = check_all()
    assert {message.id for message in messages} == {f"django_sqs.{short}" for short in ids}
    for message in messages:
        assert message.hint
        assert type(message) is (checks.Error if message.id in ERRORS else checks.Warning)
        assert message.id in ERRORS | WARNINGS
    return messages


def test_the_settings_of_the_tests_are_right() -> None:
    register("emails", handle, suffixes=("big",), visibility_timeout=2)
    found()


def test_manage_py_check_runs_them(settings: Settings) -> None:
    settings.SQS_POLL_PERIOD = "often"
    assert [message.id for message in run_checks(tags=["django_sqs"])] == ["django_sqs.E005"]
    assert check_all in registry.get_checks()


def test_a_missing_prefix_is_an_error_while_debug_is_on(settings: Settings) -> None:
    settings.SQS_QUEUE_PREFIX = ""
    register("emails", handle)
    found()
    settings.DEBUG = True
    assert "SQS_QUEUE_PREFIX" in found("E001")[0].msg
    settings.SQS_QUEUE_PREFIX = "mine"
    found()


@pytest.mark.parametrize("prefix", ["p" * 77, "with space", "dotted.name", "ü"])
def test_a_name_that_sqs_would_refuse_with_its_prefix_is_an_error(settings: Settings, prefix: str) -> None:
    settings.SQS_QUEUE_PREFIX = prefix
    queue = register("emails", handle)
    (message,) = found("E002")
    assert message.obj is queue


def test_a_name_that_is_too_long_with_its_suffix_is_an_error() -> None:
    register("emails", handle, suffixes=("big", "s" * 70))
    (message,) = found("E002")
    assert "84 characters" in message.msg
    assert "s" * 70 in (message.hint or "")


@pytest.mark.parametrize("seconds", [0, 1, 1.9])
def test_a_receivers_visibility_timeout_below_two_seconds_is_an_error(seconds: float) -> None:
    register("emails", handle, visibility_timeout=seconds)
    (message,) = found("E003")
    assert "'emails'" in message.msg


def test_a_queue_that_is_only_sent_to_may_have_any_visibility_timeout() -> None:
    register("emails", visibility_timeout=0)
    found()


def test_a_visibility_timeout_in_sqs_queues_is_checked_too(settings: Settings) -> None:
    register("emails", handle)
    settings.SQS_QUEUES = {"emails": {"visibility_timeout": 1}}
    found("E003")


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ((), True),
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), True),
        (("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), True),
        (("AWS_ACCESS_KEY_ID",), False),
        (("AWS_SECRET_ACCESS_KEY",), False),
        (("AWS_SESSION_TOKEN",), False),
        (("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), False),
    ],
)
def test_credentials_are_set_whole_or_not_at_all(settings: Settings, given: tuple[str, ...], right: bool) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        setattr(settings, name, "s3cr3t" if name in given else "")
    messages = found(*([] if right else ["E004"]))
    for message in messages:
        assert all(name in message.msg for name in given)
        assert "s3cr3t" not in str(message)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_REGION", 1),
        ("SQS_QUEUE_PREFIX", 3),
        ("SQS_DEFAULT_VISIBILITY_TIMEOUT", 1),
        ("SQS_DEFAULT_VISIBILITY_TIMEOUT", 43_201),
        ("SQS_DEFAULT_VISIBILITY_TIMEOUT", "60"),
        ("SQS_POLL_PERIOD", True),
        ("SQS_KEEP_FAILED", "yes"),
        ("SQS_ON_ERROR", "ignore"),
        ("SQS_RECEIVER_MODULES", "receivers"),
        ("SQS_QUEUES", ["emails"]),
        ("SQS_TRANSPORT", "no.such.Transport"),
        ("SQS_TRANSPORT", "django_sqs.conf.conf"),
        ("SQS_ENDPOINT_URL", "127.0.0.1:9324"),
        ("SQS_ENDPOINT_URL", "ftp://127.0.0.1"),
        ("SQS_ENDPOINT_URL", "http://"),
        ("SQS_ENDPOINT_URL", "http://127.0.0.1:port"),
        ("SQS_ENDPOINT_URL", "http://[::1"),
    ],
)
def test_a_setting_that_cannot_be_is_an_error(settings: Settings, name: str, value: Any) -> None:
    register("emails", handle)
    setattr(settings, name, value)
    (message,) = found("E005")
    assert name in message.msg


def test_a_secret_of_the_wrong_type_is_not_shown(settings: Settings) -> None:
    settings.SQS_STATUS_TOKEN = 987654321
    assert "987654321" not in str(found("E005")[0])


@pytest.mark.parametrize(
    "url", ["", None, "http://localhost:9324", "https://sqs.eu-west-1.amazonaws.com", "http://[::1]:1"]
)
def test_an_address_of_a_server_is_right(settings: Settings, url: str | None) -> None:
    settings.SQS_ENDPOINT_URL = url
    found()


@pytest.mark.parametrize("entry", [{"concurency": 4}, {"concurrency": "4"}, {"on_error": "explode"}])
def test_a_wrong_option_in_sqs_queues_is_an_error(settings: Settings, entry: dict[str, Any]) -> None:
    queue = register("emails", handle)
    settings.SQS_QUEUES = {"emails": entry}
    (message,) = found("E006")
    assert message.obj is queue
    assert next(iter(entry)) in message.msg


def test_an_entry_of_sqs_queues_for_an_unknown_queue_is_warned_of(settings: Settings) -> None:
    register("emails", handle)
    settings.SQS_QUEUES = {"emials": {"concurrency": 4}}
    (message,) = found("W002")
    assert "'emials'" in message.msg
    assert "emails" in (message.hint or "")


@pytest.mark.parametrize("dead_letter", ["nowhere", "emails", "other.fifo", "back"])
def test_a_dead_letter_queue_that_cannot_be_one_is_an_error(dead_letter: str) -> None:
    register("other.fifo")
    register("back", dead_letter="emails" if dead_letter == "back" else None)
    queue = register("emails", handle, dead_letter=dead_letter)
    message = next(message for message in found("E007") if message.obj is queue)
    assert repr(dead_letter) in message.msg


def test_a_registered_dead_letter_queue_is_right() -> None:
    register("dead")
    register("emails", handle, dead_letter="dead")
    found()


def test_two_queues_of_one_name_at_aws_are_an_error() -> None:
    register("emails", suffixes=("big",))
    register("emails__big")
    (message,) = found("E008")
    assert "'test__emails__big'" in message.msg
    assert "'emails' with the suffix 'big'" in message.msg


def test_a_misspelt_setting_is_warned_of_even_where_the_right_one_is_set(settings: Settings) -> None:
    settings.SQS_QUEUE_PREFX = "oops"
    (message,) = found("W001")
    assert "SQS_QUEUE_PREFX" in message.msg
    assert "SQS_QUEUE_PREFIX" in message.msg


def test_a_reworded_setting_is_warned_of_where_the_right_one_is_not_set(settings: Settings) -> None:
    settings.SQS_PREFIX = "of something else"
    found()
    settings.SQS_QUEUE_PREFIX = ""
    assert "SQS_PREFIX" in found("W001")[0].msg


def test_settings_of_other_packages_are_no_mistakes(settings: Settings) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        setattr(settings, name, "")
    for name in ("AWS_S3_ACCESS_KEY_ID", "AWS_STORAGE_BUCKET_NAME", "AWS_SES_REGION_NAME", "AWS_S3_REGION_NAME"):
        setattr(settings, name, "x")
    found()


def test_one_wrong_setting_does_not_hide_what_the_other_checks_find(settings: Settings) -> None:
    settings.SQS_QUEUES = "nonsense"
    settings.SQS_QUEUE_PREFX = "oops"
    register("emails", handle, suffixes=("s" * 80,))
    found("E002", "E005", "W001")


def test_no_check_asks_aws(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from django_sqs.aws import client

    def refuse(*args: object) -> None:
        raise AssertionError("a check made a client")

    monkeypatch.setattr(client, "_make_client", refuse)
    register("dead")
    register("emails", handle, suffixes=("big",), dead_letter="dead")
    found()
