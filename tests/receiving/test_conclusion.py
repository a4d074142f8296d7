"""What follows from a run: what is logged, kept and told."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from django_sqs import signals
from django_sqs.exceptions import ReceiverTimeout, Reject, RestartLater
from django_sqs.message import Message
from django_sqs.receiving.conclusion import BodyUnavailable, DeleteRefused, Ignored
from django_sqs.receiving.keeping import KeepingFailed
from django_sqs.receiving.settlement import NOTHING
from tests.receiving.concluding import Concluding, boom, listening
from tests.receiving.support import actions, held

pytestmark = pytest.mark.usefixtures("no_jitter")


# --- what becomes of it


def test_what_was_handled_is_deleted(concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture) -> None:
    message = held("a")
    with caplog.at_level(logging.DEBUG, "django_sqs"):
        assert concluding().conclude(None, message) is None
    assert message.succeeded
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.DEBUG, "test__jobs: message a was handled.")
    ]


def test_what_failed_is_logged_with_its_traceback_kept_and_deleted(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    with_delete = concluding(on_error="delete")
    message = held("a", count=2)
    assert with_delete.conclude(boom(), message) is None
    assert not message.succeeded
    (kept,) = with_delete.shelf.kept
    assert kept[:2] == ("a", "ValueError: boom")
    assert kept[2].startswith("Traceback (most recent call last):")
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.message == "test__jobs: message a failed (receive 2)."
    assert record.exc_info is not None
    facts = record.__dict__
    assert (facts["queue"], facts["message_id"], facts["receive_count"], facts["action"]) == (
        "test__jobs",
        "a",
        2,
        "failed",
    )


def test_what_failed_and_is_to_be_retried_stays(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    retrying = concluding(on_error="retry", retry_delays=(10, 20))
    assert retrying.conclude(boom(), held("a", count=2)) == 20.0
    assert retrying.shelf.kept == []
    assert actions(caplog.records) == ["failed"]


def test_what_is_rejected_is_kept_without_a_traceback(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    retrying = concluding(on_error="retry")
    assert retrying.conclude(Reject("it is not wanted")) is None
    assert retrying.shelf.kept == [("a", "Reject: it is not wanted", "")]
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert record.message == "test__jobs: message a was rejected: Reject: it is not wanted."


def test_a_restart_is_no_failure(concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture) -> None:
    plain = concluding()
    with caplog.at_level(logging.INFO, "django_sqs"):
        assert plain.conclude(RestartLater(30)) == 30.0
    assert plain.shelf.kept == []
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.INFO, None)
    assert record.message == "test__jobs: message a is to be restarted in 30 s."


def test_what_ran_too_long_is_kept_with_the_stack_of_its_thread(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    plain = concluding()
    assert plain.conclude(ReceiverTimeout(5, "File x, line 3")) is None
    ((_, _, kept),) = plain.shelf.kept
    assert kept == "File x, line 3"
    assert actions(caplog.records) == ["timed_out"]
    assert "File x, line 3" in caplog.text


def test_what_could_not_be_deleted_before_its_run_stays(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    with listening() as heard:
        assert concluding(delete_on_start=True, retry_delays=(7,)).conclude(DeleteRefused("no")) == 7.0
    assert actions(caplog.records) == ["delete_refused"]
    assert heard == [], "it was not run"


def test_what_has_its_body_elsewhere_stays_until_it_is_there(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    with listening() as heard:
        assert concluding(retry_delays=(7,)).conclude(BodyUnavailable("S3 is away")) == 7.0
    assert actions(caplog.records) == ["body_unavailable"]
    assert heard == []


def test_what_needs_no_receiver_is_deleted(concluding: Callable[..., Concluding]) -> None:
    with listening() as heard:
        assert concluding().conclude(Ignored()) is None
    assert heard == []


def test_what_cannot_be_kept_stays(concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture) -> None:
    plain = concluding(retry_delays=(7,))
    plain.shelf.failure = KeepingFailed("the database is away")
    assert plain.conclude(Reject("bad")) == 7.0
    assert actions(caplog.records) == ["rejected", "not_kept"]
    assert "could not be kept and stays in the queue: the database is away" in caplog.text


class BareRestart(RestartLater):
    """Does not call its base class, so that it has no delay."""

    def __init__(self) -> None:
        pass


@pytest.mark.parametrize(("deleted", "outcome"), [(False, 7.0), (True, NOTHING)])
def test_whatever_goes_wrong_in_here_the_message_stays_and_the_handler_lives(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture, deleted: bool, outcome: object
) -> None:
    message = held("a")
    message.deleted = deleted
    assert concluding(retry_delays=(7,)).conclude(BareRestart(), message) == outcome
    assert actions(caplog.records) == ["not_concluded"]
    assert "AttributeError" in caplog.text


def test_a_fault_in_keeping_is_no_reason_to_delete(concluding: Callable[..., Concluding]) -> None:
    plain = concluding(retry_delays=(7,))
    plain.shelf.failure = RuntimeError("a fault of ours")
    assert plain.conclude(boom()) == 7.0


# --- the listeners


def test_listeners_are_told_what_became_of_a_message(concluding: Callable[..., Concluding]) -> None:
    retrying = concluding(on_error="retry", retry_delays=(7,))
    error = boom()
    restart = RestartLater(3)
    with listening() as heard:
        retrying.conclusions.started(held("a"))
        retrying.conclude(None)
        retrying.conclude(error)
        retrying.conclude(restart)
        retrying.conclude(Reject("bad"))
    assert [facts["name"] for facts in heard] == [
        "message_received",
        "message_succeeded",
        "message_failed",
        "message_retried",
        "message_retried",
        "message_failed",
    ]
    assert {facts["queue"] for facts in heard} == {"test__jobs"}
    assert {facts["sender"] for facts in heard} == {retrying.queue}
    assert isinstance(heard[1]["message"], Message)
    assert heard[2]["exception"] is error
    assert (heard[3]["exception"], heard[3]["delay"]) == (error, 7.0)
    assert (heard[4]["exception"], heard[4]["delay"]) == (restart, 3.0)


def test_that_a_message_stays_because_it_cannot_be_kept_is_told(concluding: Callable[..., Concluding]) -> None:
    plain = concluding(retry_delays=(7,))
    plain.shelf.failure = KeepingFailed("no")
    with listening("message_retried") as heard:
        plain.conclude(boom())
    assert [facts["delay"] for facts in heard] == [7.0]


def test_a_listener_that_raises_is_logged_and_changes_nothing(
    concluding: Callable[..., Concluding], caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**facts: Any) -> None:
        raise RuntimeError("the listener is broken")

    signals.message_succeeded.connect(fail)
    try:
        with listening("message_succeeded") as heard:
            assert concluding().conclude(None) is None
    finally:
        signals.message_succeeded.disconnect(fail)
    assert len(heard) == 1
    # Django logs it too, by its own logger.
    records = [record for record in caplog.records if record.name.startswith("django_sqs")]
    assert actions(records) == ["listener_failed"]
    assert records[0].exc_info is not None
    assert str(records[0].exc_info[1]) == "the listener is broken"


def test_only_a_success_that_nobody_listens_to_is_quick(concluding: Callable[..., Concluding]) -> None:
    conclusions = concluding().conclusions
    assert conclusions.is_quick(None)
    assert not conclusions.is_quick(boom())
    with listening("message_succeeded"):
        assert not conclusions.is_quick(None)


def test_whether_anybody_listens_to_the_start_is_known(concluding: Callable[..., Concluding]) -> None:
    conclusions = concluding().conclusions
    assert not conclusions.has_start_listeners
    with listening("message_received"):
        assert conclusions.has_start_listeners
