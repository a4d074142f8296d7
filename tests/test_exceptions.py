"""Errors are sentences, made of a docstring and the facts, and survive being carried between processes."""

from __future__ import annotations

import copy
import inspect
import pickle
import string
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from django_sqs import exceptions
from django_sqs.exceptions import (
    AWSError,
    BatchFailed,
    DjangoSQSError,
    EndpointUnreachable,
    InstanceNotFound,
    InvalidBody,
    InvalidQueueName,
    InvalidSetting,
    ModelNotFound,
    Reject,
    RestartLater,
    SendFailed,
    UndecodableBody,
    UnknownQueue,
    WrongArgument,
)

OURS = [
    cls
    for _, cls in inspect.getmembers(exceptions, inspect.isclass)
    if issubclass(cls, DjangoSQSError) and cls is not DjangoSQSError
]


def fields(cls: type[DjangoSQSError]) -> set[str]:
    """What the first paragraph of its docstring wants to be told."""
    text = (cls.__doc__ or "").split("\n\n")[0]
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("cls", OURS)
def test_every_error_is_made_of_its_docstring_and_its_facts(cls: type[DjangoSQSError]) -> None:
    facts = {name: f"the {name}" for name in fields(cls)}
    if cls is UnknownQueue:
        facts.pop("hint")
    error = cls(**facts)
    text = str(error)
    assert text
    assert "\n" not in text
    assert "{" not in text
    for name, value in facts.items():
        assert value in text
        assert getattr(error, name) == value


@pytest.mark.parametrize("cls", OURS)
def test_every_error_can_be_pickled_and_copied(cls: type[DjangoSQSError]) -> None:
    facts = {name: f"the {name}" for name in fields(cls) - ({"hint"} if cls is UnknownQueue else set())}
    error = cls(**facts)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301
        assert type(again) is cls
        assert str(again) == str(error)
        assert again.facts == error.facts


def test_braces_in_a_fact_are_left_alone() -> None:
    assert "{secret}" in str(WrongArgument(problem="{secret}", mend="{0}"))


def test_without_docstrings_an_error_still_tells_its_facts() -> None:
    program = "from django_sqs.exceptions import NoReceiver; print(NoReceiver(queue='letters'))"
    root = Path(exceptions.__file__).parents[2]
    done = subprocess.run([sys.executable, "-OO", "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "NoReceiver: {'queue': 'letters'}\n"


def test_errors_are_also_what_python_and_django_would_raise() -> None:
    assert issubclass(UnknownQueue, LookupError)
    assert issubclass(WrongArgument, TypeError)
    assert issubclass(InvalidBody, ValueError)
    assert issubclass(InvalidQueueName, ValueError)
    assert issubclass(InvalidSetting, ImproperlyConfigured)


@pytest.mark.parametrize("cls", [UndecodableBody, ModelNotFound, InstanceNotFound])
def test_what_no_retry_will_mend_is_a_rejection(cls: type[Exception]) -> None:
    assert issubclass(cls, Reject)


class TestUnknownQueue:
    def test_names_the_nearest(self) -> None:
        error = UnknownQueue(name="emial", known=["orders", "email", "emails"])
        assert "'emial'" in str(error)
        assert "email, emails" in str(error)
        assert "orders" not in str(error)

    def test_names_some_where_none_is_near(self) -> None:
        assert "a, b" in str(UnknownQueue(name="zzzzzz", known=["b", "a"]))

    def test_says_so_where_there_are_none(self) -> None:
        assert "No queue is registered at all." in str(UnknownQueue(name="a"))

    @pytest.mark.parametrize("name", [5, None, ["a"]])
    def test_bears_any_name(self, name: Any) -> None:
        assert repr(name) in str(UnknownQueue(name=name, known=["a"]))


class TestRestartLater:
    @pytest.mark.parametrize(
        ("delay", "expected"), [(None, None), (0, 0), (1.5, 1.5), (43_200, 43_200), (timedelta(minutes=1), 60)]
    )
    def test_takes_seconds_or_a_timedelta(self, delay: Any, expected: float | None) -> None:
        assert RestartLater(delay).delay == expected

    @pytest.mark.parametrize("delay", [-1, 43_201, float("nan"), float("inf"), timedelta(days=1), timedelta(-1)])
    def test_refuses_what_sqs_cannot_do(self, delay: Any) -> None:
        with pytest.raises(ValueError, match="12 hours"):
            RestartLater(delay)

    @pytest.mark.parametrize("delay", ["5", True, [], object()])
    def test_refuses_what_is_no_time(self, delay: Any) -> None:
        with pytest.raises(TypeError, match="seconds or a timedelta"):
            RestartLater(delay)

    def test_tells_when(self) -> None:
        assert str(RestartLater(delay=30)) == "in 30 s"
        assert str(RestartLater()) == ""


def test_a_rejection_has_its_reason_as_text() -> None:
    assert Reject("too old").reason == "too old"
    assert Reject().reason
    assert Reject(ValueError("odd")).reason == "odd"  # type: ignore[arg-type]


def test_a_failed_batch_says_how_many() -> None:
    error = BatchFailed(message for message in "ab")
    assert error.messages == ["a", "b"]
    assert str(error).startswith("2 messages")


def test_errors_of_aws_tell_whether_to_try_again() -> None:
    facts = {"action": "SendMessage", "queue": "letters", "detail": "no", "endpoint": "http://localhost"}
    assert EndpointUnreachable(**facts).transient
    assert not AWSError(**facts).transient


def test_send_failed_holds_which_went_and_which_did_not() -> None:
    error = SendFailed(queue="letters", count=1, total=2, reasons="no", sent=["a"], failed=[("b", "no")])
    assert (error.sent, error.failed) == (["a"], [("b", "no")])
    assert str(error).startswith("1 of 2 messages for 'letters' were not sent: no.")
