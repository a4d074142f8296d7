"""The keywords of a send that concern the sending, not the content."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any

import pytest
from django.utils import timezone as django_timezone

from django_sqs.exceptions import WrongArgument
from django_sqs.message import JSONMessage, Message, ModelInstanceMessage
from django_sqs.sending.options import NAMES, SendOptions, reserved_parameters, split_keywords


def test_keywords_are_parted_from_the_content() -> None:
    options, content = split_keywords({"body": "a", "suffix": "big", "delay": 5, "instance": 7})
    assert options == SendOptions(suffix="big", delay=5)
    assert content == {"body": "a", "instance": 7}


def test_attributes_that_are_none_are_no_attributes() -> None:
    options, _ = split_keywords({"message_attributes": None})
    assert options.message_attributes == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("suffix", value) for value in (5, b"x", True)),
        ("delay", []),
        *(("delay", value) for value in ("5", True)),
        *(("eta", value) for value in ("now", 5, datetime.now().date())),
        *(("group_id", value) for value in (5, b"x")),
        *(("deduplication_id", value) for value in (5, b"x")),
        *(("message_attributes", value) for value in (["a"], "a", 5)),
        *(("immediate", value) for value in (1, None, "yes")),
        *(("using", value) for value in (5, b"default")),
    ],
)
def test_a_value_of_the_wrong_type_is_refused_with_the_right_one(name: str, value: Any) -> None:
    with pytest.raises(WrongArgument, match=rf"{name}=.* is not right\. It takes"):
        SendOptions(**{name: value})


class TestADelay:
    @pytest.mark.parametrize(
        ("delay", "seconds"),
        [(None, 0), (0, 0), (5, 5), (0.1, 0.1), (timedelta(minutes=1), 60), (timedelta(days=30), 2_592_000)],
    )
    def test_is_in_seconds(self, delay: Any, seconds: float) -> None:
        assert SendOptions(delay=delay).seconds_ahead() == seconds

    @pytest.mark.parametrize(
        "delay", [-1, -0.001, timedelta(-1), timedelta(days=3_651), 1e300, float("nan"), float("inf")]
    )
    def test_that_cannot_be_meant_is_refused(self, delay: Any) -> None:
        with pytest.raises(WrongArgument, match="out of range"):
            SendOptions(delay=delay).seconds_ahead()


class TestATime:
    def test_is_a_delay_from_now(self) -> None:
        eta = django_timezone.now() + timedelta(days=100)
        assert 8_639_990 <= SendOptions(eta=eta).seconds_ahead() <= 8_640_000

    def test_may_be_in_any_zone(self) -> None:
        eta = datetime.now(tz=timezone(timedelta(hours=5))) + timedelta(seconds=100)
        assert 90 <= SendOptions(eta=eta).seconds_ahead() <= 100

    def test_that_has_passed_is_now(self) -> None:
        assert SendOptions(eta=datetime(2000, 1, 1, tzinfo=timezone.utc)).seconds_ahead() == 0

    def test_too_far_away_is_refused(self) -> None:
        with pytest.raises(WrongArgument, match="out of range"):
            SendOptions(eta=django_timezone.now() + timedelta(days=3_651)).seconds_ahead()

    def test_without_a_zone_is_refused_with_what_to_do(self) -> None:
        class Nowhere(tzinfo):
            def utcoffset(self, when: datetime | None) -> None:
                return None

            dst = utcoffset

            def tzname(self, when: datetime | None) -> None:
                return None

        for zone in (None, Nowhere()):
            with pytest.raises(WrongArgument, match=r"has no time zone\. Use django\.utils\.timezone\.now\(\)"):
                SendOptions(eta=datetime(2030, 1, 1, tzinfo=zone)).seconds_ahead()

    def test_and_a_delay_are_refused_together(self) -> None:
        with pytest.raises(WrongArgument, match="Both delay= and eta="):
            SendOptions(delay=1, eta=django_timezone.now()).seconds_ahead()


def test_our_classes_take_none_of_these_keywords() -> None:
    for cls in (Message, JSONMessage, ModelInstanceMessage):
        assert reserved_parameters(cls) == []


def test_a_class_that_takes_one_is_found() -> None:
    class Odd(Message):
        def __init__(self, *, body: str, delay: int = 0, using: str = "") -> None: ...

    assert reserved_parameters(Odd) == ["delay", "using"]
    assert set(NAMES) > {"delay", "using"}
