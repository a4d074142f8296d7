"""Which messages go at once, and which wait for which transaction."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction

from django_sqs import asend, asend_many, send, send_many
from django_sqs.exceptions import InvalidSetting, NotInTransaction, WrongArgument
from django_sqs.message import Message
from tests.sending.support import Recorder, rolled_back

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


def test_outside_a_transaction_a_message_goes_at_once(wire: Recorder) -> None:
    assert send("letters", body="a").id == "id of a"


def test_immediate_does_not_wait(wire: Recorder) -> None:
    with rolled_back():
        assert send("letters", body="a", immediate=True).id
        assert send_many("letters", [{"body": "b"}], immediate=True) == 1
    assert wire.bodies == ["a", "b"]


def test_the_setting_turns_waiting_off(wire: Recorder, settings: Any) -> None:
    settings.SQS_SEND_ON_COMMIT = False
    with transaction.atomic():
        send("letters", body="a")
        send_many("letters", [{"body": "b"}])
        assert wire.bodies == ["a", "b"]
    assert wire.bodies == ["a", "b"]


def test_each_database_has_its_own_transaction(wire: Recorder) -> None:
    with transaction.atomic(using="other"):
        send("letters", body="default is in no transaction")
        assert wire.bodies == ["default is in no transaction"]
        send("letters", body="a", using="other")
        with rolled_back():
            send("letters", body="dropped with default")
            send("letters", body="b", using="other")
        assert len(wire.bodies) == 1
    assert wire.calls[1:] == [["a", "b"]]


def test_an_alias_that_is_none_is_refused_by_name(wire: Recorder) -> None:
    with pytest.raises(WrongArgument, match=r"using='nowhere' is no database\. .* default, other"):
        send("letters", body="a", using="nowhere")
    assert wire.calls == []


def test_with_autocommit_off_a_send_says_what_to_do(wire: Recorder) -> None:
    transaction.set_autocommit(False)
    try:
        with pytest.raises(NotInTransaction, match="immediate=True"):
            send("letters", body="a")
        with pytest.raises(NotInTransaction, match="'default'"):
            send_many("letters", [{"body": "a"}])
        assert send("letters", body="b", immediate=True).id
        assert send("letters", body="c", using="other").id
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)
    assert wire.bodies == ["b", "c"]


def test_with_autocommit_off_in_the_settings_nothing_is_connected_to(
    wire: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = connections["other"]
    monkeypatch.setattr(other, "connection", None)
    monkeypatch.setitem(other.settings_dict, "AUTOCOMMIT", False)
    with pytest.raises(NotInTransaction, match="'other'"):
        send("letters", body="a", using="other")
    assert other.connection is None


def test_send_many_waits_as_well_and_counts_what_waits(wire: Recorder) -> None:
    with transaction.atomic():
        assert send_many("letters", ({"body": str(number)} for number in range(12))) == 12
        assert wire.calls == []
    assert [len(call) for call in wire.calls] == [10, 2]


def test_send_many_heeds_each_messages_own_keywords(wire: Recorder) -> None:
    messages: list[Any] = [
        {"body": "waits"},
        {"body": "goes", "immediate": True},
        {"message": Message(body="goes too"), "using": "other"},
    ]
    with transaction.atomic():
        assert send_many("letters", messages) == 3
        assert wire.bodies == ["goes", "goes too"]
    assert wire.bodies == ["goes", "goes too", "waits"]


def test_one_message_that_is_refused_leaves_none_of_send_many_waiting(wire: Recorder) -> None:
    messages: Any = [{"body": "a"}, 5]
    with transaction.atomic(), pytest.raises(WrongArgument, match="among its messages"):
        send_many("letters", messages)
    assert wire.calls == []


def test_a_wrong_transport_is_told_of_at_the_call_and_not_after_the_commit(letters: Any, settings: Any) -> None:
    settings.SQS_TRANSPORT = "django_sqs.sending.transports.Pigeon"
    with transaction.atomic(), pytest.raises(InvalidSetting, match="SQS_TRANSPORT"):
        send("letters", body="a")


async def _send_both() -> None:
    message = await asend("letters", body="a")
    assert message.id == "id of a"
    assert await asend_many("letters", [{"body": "b"}, {"body": "c"}]) == 2


def test_the_awaitable_twins_do_the_same(wire: Recorder) -> None:
    from asgiref.sync import async_to_sync

    with transaction.atomic():
        # Django's own code runs them like this, in the thread whose transaction is open.
        async_to_sync(asend)("letters", body="waits")
        assert wire.calls == []
    async_to_sync(_send_both)()
    assert wire.calls == [["waits"], ["a"], ["b", "c"]]


def test_a_project_without_a_database_sends() -> None:
    program = """
from django.conf import settings
settings.configure(INSTALLED_APPS=["django_sqs"], DATABASES={}, SQS_TRANSPORT="django_sqs.testing.OutboxTransport")
import django
django.setup()
import django_sqs
django_sqs.register("letters")
for body in "ab":
    django_sqs.send("letters", body=body)
from django_sqs.testing import OutboxTransport
print(*(sent.body for sent in OutboxTransport.outbox))
"""
    root = Path(__file__).parent.parent.parent
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=root)
    assert done.stdout == "a b\n", done.stderr
