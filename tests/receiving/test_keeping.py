"""Where a message goes that is given up: the dead-letter queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from django_sqs.exceptions import RequestRefused
from django_sqs.receiving.keeping import REASON_ATTRIBUTE, Keeping, sanitised
from tests.receiving.support import POLICY, FakeQueue, Registering, actions, held

if TYPE_CHECKING:
    pass


# --- the dead-letter queue


def test_it_goes_to_the_dead_letter_queue_that_was_named(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead")
    keep = Keeping(registered(dead_letter="dead"), physical, None)
    attributes = {"color": {"DataType": "String", "StringValue": "red"}}
    keep.keep(held("a", body="x", MessageAttributes=attributes), "it failed", "the traceback")
    assert dead.name == "test__dead"
    assert dead.made("send") == [
        [
            {
                "MessageBody": "x",
                "MessageAttributes": {
                    **attributes,
                    REASON_ATTRIBUTE: {"DataType": "String", "StringValue": "it failed"},
                },
            }
        ]
    ]
    assert physical.calls == [], "its redrive policy need not be asked for"


def test_it_goes_to_the_dead_letter_queue_of_the_redrive_policy(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    physical.answer("attributes", POLICY)
    keep = Keeping(registered(), physical, None)
    keep.keep(held("a"), "it failed", "")
    keep.keep(held("b"), "it failed", "")
    assert dead.name == "test__dead"
    assert len(dead.made("send")) == 2
    assert physical.made("attributes") == [("RedrivePolicy",)], "asked for once"
    assert keep.has_redrive_policy()


@pytest.mark.parametrize(("suffixes", "name"), [(("big",), "test__dead__big"), ((), "test__dead")])
def test_it_goes_to_the_dead_letter_queue_with_the_same_suffix_if_there_is_one(
    registered: Registering, physical: FakeQueue, dead: FakeQueue, suffixes: tuple[str, ...], name: str
) -> None:
    registered(name="dead", suffixes=suffixes)
    Keeping(registered(dead_letter="dead", suffixes=("big",)), physical, "big").keep(held("a"), "", "")
    assert dead.name == name


def test_on_a_fifo_queue_a_dead_letter_keeps_its_group_and_has_a_fresh_id(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead.fifo")
    keep = Keeping(registered(name="jobs.fifo", dead_letter="dead.fifo"), physical, None)
    keep.keep(held("a", group="g", count=3), "", "")
    keep.keep(held("b"), "", "")
    first, second = (entries[0] for entries in dead.made("send"))
    assert (first["MessageGroupId"], first["MessageDeduplicationId"]) == ("g", "a-3")
    assert (second["MessageGroupId"], second["MessageDeduplicationId"]) == ("b", "b-1")


def test_the_reason_takes_no_place_where_ten_attributes_are_there_already(
    registered: Registering, physical: FakeQueue, dead: FakeQueue
) -> None:
    registered(name="dead")
    keep = Keeping(registered(dead_letter="dead"), physical, None)
    ten = {f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(10)}
    keep.keep(held("a", MessageAttributes=ten), "new", "")
    again = {**ten, REASON_ATTRIBUTE: {"DataType": "String", "StringValue": "old"}}
    del again["a0"]
    keep.keep(held("b", MessageAttributes=again), "new", "")
    first, second = (entries[0]["MessageAttributes"] for entries in dead.made("send"))
    assert first == ten
    assert second[REASON_ATTRIBUTE]["StringValue"] == "new", "it has come back from a dead-letter queue before"


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("plain", "plain"),
        ("", "no reason given"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("nul\0 bell\a end\ufffe", "nul? bell? end?"),
        ("a lone surrogate \ud800", "a lone surrogate ?"),
        ("\U0001f600", "\U0001f600"),
        ("x" * 2000, "x" * 1024),
        ("x" * 1023 + "\u00e9", "x" * 1023),
    ],
)
def test_a_reason_is_made_fit_for_an_attribute(reason: str, text: str) -> None:
    assert sanitised(reason) == text


# --- the redrive policy


@pytest.mark.parametrize("told", [{}, {"RedrivePolicy": ""}, {"RedrivePolicy": "{}"}, {"RedrivePolicy": "no JSON"}])
def test_a_queue_without_a_redrive_policy_has_none(
    registered: Registering, physical: FakeQueue, told: dict[str, str]
) -> None:
    physical.always("attributes", told)
    keep = Keeping(registered(), physical, None)
    assert not keep.has_redrive_policy()
    assert not keep.has_redrive_policy()
    assert len(physical.made("attributes")) == 1


def test_a_redrive_policy_that_cannot_be_asked_for_is_asked_for_again(
    registered: Registering, physical: FakeQueue, dead: FakeQueue, caplog: pytest.LogCaptureFixture
) -> None:
    physical.answer("attributes", RequestRefused(action="GetQueueAttributes", queue="q", detail="no"), POLICY)
    keep = Keeping(registered(), physical, None)
    assert not keep.has_redrive_policy()
    assert actions(caplog.records) == ["redrive_policy_unknown"]
    assert keep.has_redrive_policy()
