"""Within Django's test cases: their own blocks are no transaction, those of the code under test are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import SimpleTestCase, TestCase, TransactionTestCase

from django_sqs import asend, register, send
from django_sqs.registry import Queues
from tests.sample.models import Article
from tests.sending.support import Recorder, recorded, rolled_back


class Sending:
    """What the test cases share."""

    wire: Recorder

    @pytest.fixture(autouse=True)
    def _wire(self, own_queues: Queues) -> Iterator[None]:
        register("letters")
        with recorded() as self.wire:
            yield
        assert not {"set_autocommit", "savepoint_commit"} & vars(connections["default"]).keys()


class TestInATestCase(Sending, TestCase):
    databases = {"default", "other"}

    @classmethod
    def setUpTestData(cls) -> None:
        Article.objects.create(title="in the block of the class")

    def test_its_own_blocks_are_no_transaction(self) -> None:
        send("letters", body="a")
        send("letters", body="b", using="other")
        assert self.wire.bodies == ["a", "b"]

    def test_the_outermost_block_of_the_code_is_the_transaction(self) -> None:
        with transaction.atomic():
            send("letters", body="a")
            with transaction.atomic():
                send("letters", body="b")
            assert self.wire.calls == []
        assert self.wire.calls == [["a", "b"]]

    def test_what_that_block_rolls_back_is_not_sent(self) -> None:
        with rolled_back():
            send("letters", body="a")
        with transaction.atomic():
            with rolled_back():
                send("letters", body="b")
            send("letters", body="c")
        assert self.wire.calls == [["c"]]

    def test_a_block_of_the_code_that_is_marked_for_rollback_sends_nothing(self) -> None:
        with transaction.atomic():
            send("letters", body="a")
            transaction.set_rollback(True)
        assert self.wire.calls == []

    def test_captured_callbacks_are_there_and_send_nothing_twice(self) -> None:
        with self.captureOnCommitCallbacks(execute=True) as callbacks, transaction.atomic():
            send("letters", body="a")
            send("letters", body="b")
        assert len(callbacks) == 2
        assert self.wire.calls == [["a", "b"]]

    def test_captured_callbacks_that_run_within_the_block_send_at_once(self) -> None:
        with transaction.atomic():
            with self.captureOnCommitCallbacks(execute=True):
                send("letters", body="a")
            assert self.wire.bodies == ["a"]
        assert self.wire.bodies == ["a"]

    def test_a_callback_that_sends_does_so_when_it_is_run(self) -> None:
        with self.captureOnCommitCallbacks(execute=True), transaction.atomic():
            transaction.on_commit(lambda: send("letters", body="a"))
        assert self.wire.bodies == ["a"]

    def test_a_message_in_a_block_without_a_savepoint_goes_when_its_callback_is_run(self) -> None:
        with self.captureOnCommitCallbacks(execute=True):
            with transaction.atomic(savepoint=False):
                send("letters", body="a")
            assert self.wire.calls == []
        assert self.wire.bodies == ["a"]

    def test_the_other_database_has_its_own_blocks(self) -> None:
        with transaction.atomic(using="other"):
            send("letters", body="a")
            send("letters", body="b", using="other")
            assert self.wire.bodies == ["a"]
        assert self.wire.bodies == ["a", "b"]

    def test_the_hooks_run_by_hand_send_what_waits(self) -> None:
        with transaction.atomic(savepoint=False):
            send("letters", body="a")
        # As helpers of older projects do within a test case.
        for _, callback, *_ in connection.run_on_commit:
            callback()
        assert self.wire.bodies == ["a"]

    async def test_an_asynchronous_test_is_in_the_same_blocks(self) -> None:
        await asend("letters", body="a")
        assert self.wire.bodies == ["a"]


class TestInATransactionTestCase(Sending, TransactionTestCase):
    databases = {"default", "other"}

    def test_a_block_is_a_transaction(self) -> None:
        with transaction.atomic():
            send("letters", body="a")
            assert self.wire.calls == []
        assert self.wire.calls == [["a"]]

    def test_without_a_block_a_message_goes_at_once(self) -> None:
        send("letters", body="a")
        assert self.wire.bodies == ["a"]


class TestInASimpleTestCase(Sending, SimpleTestCase):
    def test_a_message_goes_at_once_without_the_database(self) -> None:
        send("letters", body="a")
        assert self.wire.bodies == ["a"]


@pytest.fixture
def wire(own_queues: Queues) -> Iterator[Recorder]:
    register("letters")
    with recorded() as recorder:
        yield recorder


@pytest.mark.usefixtures("db")
def test_the_block_of_pytest_django_is_no_transaction(wire: Recorder) -> None:
    send("letters", body="a")
    assert wire.bodies == ["a"]


@pytest.mark.usefixtures("db")
def test_a_block_within_that_of_pytest_django_is_one(wire: Recorder) -> None:
    with transaction.atomic():
        send("letters", body="a")
        assert wire.calls == []
    assert wire.bodies == ["a"]


@pytest.mark.usefixtures("db")
def test_pytest_djangos_captured_callbacks_send_nothing_twice(
    wire: Recorder, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks, transaction.atomic():
        send("letters", body="a")
    assert len(callbacks) == 1
    assert wire.bodies == ["a"]


@pytest.mark.usefixtures("transactional_db")
def test_with_transactional_db_a_block_is_a_transaction(wire: Recorder) -> None:
    send("letters", body="a")
    with transaction.atomic():
        send("letters", body="b")
        assert wire.bodies == ["a"]
    assert wire.bodies == ["a", "b"]


def test_a_send_without_access_to_the_database_does_not_ask_it(wire: Recorder) -> None:
    # pytest-django refuses any use of a connection here, also where an earlier test has left it open.
    send("letters", body="a")
    assert wire.bodies == ["a"]
