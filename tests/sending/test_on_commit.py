"""Messages leave when the transaction commits, and never if it rolls back. In real transactions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction

from django_sqs import register, send
from django_sqs.message import Message
from django_sqs.registry import Queues
from tests.sample.models import Article
from tests.sending.support import Boom, Recorder, boom, count_requests, rolled_back, send_in_transaction

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


@pytest.fixture(autouse=True)
def no_watch_is_left() -> Iterator[None]:
    yield
    for alias in connections:
        left = {"set_autocommit", "savepoint_commit", "run_and_clear_commit_hooks"} & vars(connections[alias]).keys()
        assert not left, f"the connection {alias} was left with {left}"


def test_a_message_goes_at_the_commit_and_has_its_id_then(wire: Recorder) -> None:
    with transaction.atomic():
        message = send("letters", body="a")
        assert wire.calls == []
        assert message.id is None
    assert wire.calls == [["a"]]
    assert message.id == "id of a"


def test_a_message_is_encoded_at_the_call(wire: Recorder) -> None:
    message = Message(body="as it was")
    with transaction.atomic():
        send("letters", message)
        message.body = "changed meanwhile"
    assert wire.bodies == ["as it was"]


def test_a_rollback_takes_the_message_with_it(wire: Recorder) -> None:
    with rolled_back():
        send("letters", body="a")
    assert wire.calls == []
    with transaction.atomic():
        send("letters", body="b")
    assert wire.bodies == ["b"]


def test_set_rollback_takes_the_message_with_it(wire: Recorder) -> None:
    with transaction.atomic():
        send("letters", body="a")
        transaction.set_rollback(True)
    assert wire.calls == []


def test_a_commit_that_the_database_refuses_takes_the_message_with_it(
    wire: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise DatabaseError("deferred constraint")

    monkeypatch.setattr(connection, "commit", refuse)
    with pytest.raises(DatabaseError):
        send_in_transaction("a")
    assert wire.calls == []


def test_a_connection_that_is_lost_right_after_the_commit_does_not_lose_the_message(
    wire: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(autocommit: bool) -> None:
        raise DatabaseError("server closed the connection")

    # What Django calls when it has committed.
    monkeypatch.setattr(connection, "_set_autocommit", lost)
    with pytest.raises(DatabaseError):
        send_in_transaction("a")
    assert wire.bodies == ["a"]
    monkeypatch.undo()
    connection.set_autocommit(True)
    assert wire.bodies == ["a"]


def test_savepoints_that_roll_back_take_only_their_own_messages(wire: Recorder) -> None:
    with transaction.atomic():
        send("letters", body="kept 1")
        with rolled_back():
            send("letters", body="dropped")
        with transaction.atomic():
            send("letters", body="kept 2")
            with rolled_back(), transaction.atomic():
                send("letters", body="dropped with the block around its own")
        send("letters", body="kept 3")
    assert wire.calls == [["kept 1", "kept 2", "kept 3"]]


def test_the_first_message_may_vanish_with_its_savepoint(wire: Recorder) -> None:
    with transaction.atomic():
        with rolled_back():
            send("letters", body="dropped")
        send("letters", body="kept")
    assert wire.calls == [["kept"]]


def test_blocks_without_savepoints_share_the_fate_of_the_transaction(wire: Recorder) -> None:
    with transaction.atomic(savepoint=False), transaction.atomic(savepoint=False):
        send("letters", body="a")
    assert wire.bodies == ["a"]


def test_durable_blocks_are_transactions(wire: Recorder) -> None:
    with transaction.atomic(durable=True):
        send("letters", body="a")
        assert wire.calls == []
    assert wire.bodies == ["a"]


def test_a_decorated_function_is_a_transaction_each_time(wire: Recorder) -> None:
    @transaction.atomic
    @transaction.atomic
    def work(body: str) -> None:
        send("letters", body=body)
        assert body not in wire.bodies

    work("a")
    work("b")
    assert wire.calls == [["a"], ["b"]]


def test_messages_leave_after_every_other_callback(wire: Recorder) -> None:
    order: list[str] = []
    with transaction.atomic():
        send("letters", body="a")
        transaction.on_commit(lambda: order.append(f"callback, {len(wire.calls)} sent"))
        send("letters", body="b")
        transaction.on_commit(lambda: order.append(f"callback, {len(wire.calls)} sent"), robust=True)
    assert order == ["callback, 0 sent", "callback, 0 sent"]
    assert wire.calls == [["a", "b"]]


def test_a_callback_that_raises_keeps_no_message_back(wire: Recorder) -> None:
    with pytest.raises(Boom):
        send_in_transaction("a", "b", then=boom)
    assert wire.bodies == ["a", "b"]


def test_a_callback_may_send_and_open_transactions_of_its_own(wire: Recorder) -> None:
    def callback() -> None:
        send("letters", body="at once")
        with transaction.atomic():
            send("letters", body="inner")
        with rolled_back():
            send("letters", body="never")

    send_in_transaction("outer", then=callback)
    assert wire.bodies == ["at once", "inner", "outer"]


def test_a_transaction_after_another_sends_only_its_own(wire: Recorder) -> None:
    for body in "abc":
        send_in_transaction(body)
    assert wire.calls == [["a"], ["b"], ["c"]]


def test_a_block_with_autocommit_off_commits_when_the_caller_does(wire: Recorder) -> None:
    transaction.set_autocommit(False)
    try:
        with transaction.atomic():
            send("letters", body="rolled back")
        transaction.rollback()
        with transaction.atomic():
            send("letters", body="a")
        assert wire.calls == []
        transaction.commit()
    finally:
        transaction.set_autocommit(True)
    assert wire.bodies == ["a"]


def test_a_connection_closed_within_its_block_takes_the_message_with_it(wire: Recorder) -> None:
    raw = connection.connection
    with transaction.atomic():
        send("letters", body="a")
        # What close() does within a block; for a database in memory it does nothing.
        connection.run_on_commit = []
        connection.closed_in_transaction = connection.needs_rollback = True
    raw.rollback()
    connection.connection = raw
    connection.autocommit = True
    connection.closed_in_transaction = False
    send_in_transaction("b")
    assert wire.bodies == ["b"]


def test_a_wrapper_of_others_around_ours_goes_on_working(wire: Recorder) -> None:
    calls = []
    with transaction.atomic():
        send("letters", body="a")
        ours = connection.set_autocommit

        def theirs(*args: Any, **kwargs: Any) -> None:
            calls.append(args)
            ours(*args, **kwargs)

        connection.set_autocommit = theirs  # type: ignore[method-assign]
    send_in_transaction("b")
    assert wire.bodies == ["a", "b"]
    assert calls[0] == (True,)
    assert vars(connections["default"])["set_autocommit"] is theirs
    del connection.set_autocommit
    send_in_transaction("c")
    assert wire.bodies == ["a", "b", "c"]


def test_a_wrapper_of_others_below_ours_comes_back(wire: Recorder) -> None:
    original = connection.set_autocommit

    def theirs(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)

    connection.set_autocommit = theirs  # type: ignore[method-assign]
    send_in_transaction("a")
    assert vars(connections["default"])["set_autocommit"] is theirs
    del connection.set_autocommit
    assert wire.bodies == ["a"]


def test_queues_and_suffixes_go_in_full_batches_each_in_its_order(wire: Recorder, own_queues: Queues) -> None:
    register("notes")
    with transaction.atomic():
        for number in range(11):
            send("letters", body=f"letter {number}")
            send("notes", body=f"note {number}")
            send("letters", body=f"big {number}", suffix="big")
    assert sorted(map(len, wire.calls)) == [1, 1, 1, 10, 10, 10]
    for kind in ("letter", "note", "big"):
        assert [body for body in wire.bodies if body.startswith(kind)] == [f"{kind} {n}" for n in range(11)]


def test_a_thousand_messages_of_one_transaction_take_a_hundred_batches(wire: Recorder) -> None:
    send_in_transaction(*map(str, range(1000)))
    assert [len(call) for call in wire.calls] == [10] * 100


@pytest.mark.usefixtures("letters")
def test_a_batch_is_one_request_and_gives_each_message_its_id(aws: Any) -> None:
    send("letters", body="so that the queue is there")
    requests = count_requests()
    with transaction.atomic():
        sent = [send("letters", body=str(number)) for number in range(100)]
        Article.objects.create(title="with the data")
    assert requests == ["SendMessageBatch"] * 10
    assert len({message.id for message in sent}) == 100
    url = aws.get_queue_url(QueueName="test__letters")["QueueUrl"]
    counted = aws.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == "101"
