"""Registering queues, and the public functions on them."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.core.signals import request_started
from django.db.models.signals import post_save
from django.test import override_settings

import django_sqs
from django_sqs import queues, receiver, register, send, send_many
from django_sqs.exceptions import DuplicateQueue, InvalidOption, InvalidQueueName, UnknownQueue, WrongArgument
from django_sqs.message import JSONMessage, Message
from django_sqs.receiver_proxy import ReceiverProxy
from django_sqs.registered_queue import RegisteredQueue
from django_sqs.registry import autodiscover
from django_sqs.testing import capture

pytestmark = pytest.mark.usefixtures("own_queues")


def handle(message: Message) -> None:
    """Handles it."""


def handle_too(message: Message) -> None:
    """Handles it too."""


class TestTheDecorator:
    def test_takes_a_name(self) -> None:
        proxy = receiver("letters")(handle)
        assert isinstance(proxy, ReceiverProxy)
        assert queues["letters"] is proxy.registered_queue
        assert queues["letters"].fn is handle

    def test_takes_options(self) -> None:
        proxy = receiver("letters", visibility_timeout=5, message_class=JSONMessage, suffixes=("big",))(handle)
        declared = proxy.registered_queue.declared
        assert (declared.visibility_timeout, declared.message_class, declared.suffixes) == (5, JSONMessage, ("big",))

    def test_needs_no_parentheses(self) -> None:
        proxy = receiver(handle)
        assert isinstance(proxy, ReceiverProxy)
        assert list(queues) == ["tests__test_registry__handle"]

    @pytest.mark.parametrize("name", [None, "", False, 0])
    def test_names_the_queue_after_the_function_where_no_name_is_given(self, name: Any) -> None:
        receiver(name)(handle)
        assert list(queues) == ["tests__test_registry__handle"]

    @pytest.mark.parametrize("signal", [post_save, request_started, [post_save], (post_save, request_started)])
    def test_says_that_it_is_not_djangos(self, signal: Any) -> None:
        keywords: Any = {"sender": object}
        with pytest.raises(WrongArgument, match=r"django\.dispatch\.receiver"):
            receiver(signal)
        with pytest.raises(WrongArgument, match=r"django\.dispatch\.receiver"):
            receiver(signal, **keywords)

    @pytest.mark.parametrize("name", [5, b"letters", {"a": 1}, object()])
    def test_refuses_what_is_no_name(self, name: Any) -> None:
        with pytest.raises(WrongArgument, match="It takes a name"):
            receiver(name)

    @pytest.mark.parametrize("name", ["with space", "a.b", "x" * 81])
    def test_refuses_a_name_that_sqs_would(self, name: str) -> None:
        with pytest.raises(InvalidQueueName):
            receiver(name)(handle)
        assert not queues

    @pytest.mark.parametrize("thing", [5, None, "text"])
    def test_decorates_functions_only(self, thing: Any) -> None:
        with pytest.raises(WrongArgument, match="decorates functions"):
            receiver("letters")(thing)

    def test_refuses_a_function_that_is_a_receiver_already(self) -> None:
        proxy = receiver("letters")(handle)
        with pytest.raises(WrongArgument, match=r"register\(name, fn\.direct\)"):
            receiver("others")(proxy)
        with pytest.raises(WrongArgument, match="is a receiver already"):
            receiver(proxy)

    def test_refuses_an_option_that_is_none(self) -> None:
        unknown: Any = {"conurrency": 4}
        with pytest.raises(WrongArgument, match="Did you mean concurrency"):
            receiver("letters", **unknown)(handle)

    def test_refuses_a_bad_option(self) -> None:
        with pytest.raises(InvalidOption, match="processes=0 of the queue 'letters'"):
            receiver("letters", processes=0)(handle)
        assert not queues


class TestRegister:
    def test_registers_a_receiver(self) -> None:
        queue = register("letters", handle, concurrency=4)
        assert isinstance(queue, RegisteredQueue)
        assert queues["letters"] is queue
        assert queue.fn is handle
        assert queue.declared.concurrency == 4
        assert queue.origin == "tests.test_registry.handle"

    def test_registers_a_queue_that_is_only_sent_to(self) -> None:
        queue = register("letters")
        assert queue.fn is None
        assert queue.origin == __name__

    def test_takes_the_function_of_a_receiver_for_a_second_queue(self) -> None:
        proxy = receiver("letters")(handle)
        assert register("others", proxy).fn is handle

    def test_takes_any_callable_for_a_queue_with_a_name(self) -> None:
        assert register("letters", partial(handle)).fn is not None

    def test_needs_a_name_where_the_callable_has_none(self) -> None:
        with pytest.raises(WrongArgument, match="Give the queue a name"):
            register(None, partial(handle))

    def test_needs_a_name_or_a_function(self) -> None:
        for nothing in (None, ""):
            with pytest.raises(WrongArgument, match="neither a name nor a function"):
                register(nothing)

    @pytest.mark.parametrize("fn", [5, "handle", [handle]])
    def test_refuses_what_cannot_be_called(self, fn: Any) -> None:
        with pytest.raises(WrongArgument, match="takes a function, or None"):
            register("letters", fn)

    @pytest.mark.parametrize("name", [5, b"letters", ["letters"]])
    def test_refuses_what_is_no_name(self, name: Any) -> None:
        with pytest.raises(WrongArgument, match="must be a string"):
            register(name)

    def test_names_a_fifo_queue_as_sqs_wants_it(self) -> None:
        assert register("orders", fifo=True).name == "orders.fifo"
        assert register("parcels.fifo").is_fifo


class TestTwiceTheSameName:
    def test_with_the_same_function_replaces(self) -> None:
        register("letters", handle)
        again = register("letters", handle, concurrency=2)
        assert queues["letters"] is again

    def test_with_another_function_names_both(self) -> None:
        register("letters", handle)
        with pytest.raises(DuplicateQueue, match=r"tests\.test_registry\.handle and by .*handle_too"):
            register("letters", handle_too)
        assert queues["letters"].fn is handle

    def test_with_and_without_a_receiver_is_an_error(self) -> None:
        register("letters")
        with pytest.raises(DuplicateQueue, match=r"tests\.test_registry and by"):
            register("letters", handle)

    def test_for_sending_by_the_same_module_replaces(self) -> None:
        register("letters")
        register("letters")

    def test_for_sending_by_two_modules_is_an_error(self) -> None:
        register("letters")
        other: dict[str, Any] = {"__name__": "other.module"}
        with pytest.raises(DuplicateQueue, match=r"other\.module"):
            exec("from django_sqs import register; register('letters')", other)


class TestTheRegistry:
    def test_is_a_mapping_in_the_order_of_names(self) -> None:
        for name in ("b", "a", "c"):
            register(name)
        assert list(queues) == ["a", "b", "c"]
        assert len(queues) == 3
        assert [queue.name for queue in queues.values()] == ["a", "b", "c"]
        assert "a" in queues
        assert "z" not in queues
        assert queues.get("z") is None
        assert queues.get("z", 5) == 5

    @pytest.mark.parametrize("name", ["lettres", None, 5, ["letters"]])
    def test_tells_of_a_name_that_is_none_with_the_nearest(self, name: Any) -> None:
        register("letters")
        with pytest.raises(UnknownQueue, match="letters") as raised:
            queues[name]
        assert repr(name) in str(raised.value)


class TestSendByName:
    def test_sends_a_message_or_the_keywords_for_one(self) -> None:
        register("letters")
        with capture() as sent:
            assert send("letters", Message(body="a")).body == "a"
            assert send("letters", body="b").body == "b"
            assert send_many("letters", [Message(body="c"), {"body": "d"}]) == 2
        assert [message.body for message in sent] == ["a", "b", "c", "d"]

    async def _both(self) -> int:
        await django_sqs.asend("letters", body="a")
        return await django_sqs.asend_many("letters", [{"body": "b"}])

    def test_can_be_awaited(self) -> None:
        import asyncio

        register("letters")
        with capture() as sent:
            assert asyncio.run(self._both()) == 1
        assert [message.body for message in sent] == ["a", "b"]

    def test_to_an_unknown_queue_lists_the_nearest(self) -> None:
        register("letters")
        with pytest.raises(UnknownQueue, match="The nearest names are: letters"):
            send("lettres", body="a")
        with pytest.raises(UnknownQueue, match="The nearest names are: letters"):
            send_many("lettres", [])


class TestDiscovery:
    def test_imports_the_receivers_of_every_app(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "discovered").mkdir()
        (tmp_path / "discovered" / "__init__.py").write_text("")
        (tmp_path / "discovered" / "jobs.py").write_text("import django_sqs\ndjango_sqs.register('found')\n")
        monkeypatch.syspath_prepend(tmp_path)
        with override_settings(INSTALLED_APPS=["django_sqs", "discovered"], SQS_RECEIVER_MODULES=["none", "jobs"]):
            autodiscover()
        assert list(queues) == ["found"]

    def test_does_not_hide_an_import_that_fails_within(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "broken_app").mkdir()
        (tmp_path / "broken_app" / "__init__.py").write_text("")
        (tmp_path / "broken_app" / "receivers.py").write_text("import no_such_module_anywhere\n")
        monkeypatch.syspath_prepend(tmp_path)
        broken = override_settings(INSTALLED_APPS=["django_sqs", "broken_app"])
        with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
            broken.enable()


def test_the_package_shows_what_it_promises() -> None:
    for name in django_sqs.__all__:
        assert getattr(django_sqs, name) is not None
        assert name in dir(django_sqs)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = django_sqs.nonsense  # type: ignore[attr-defined]
