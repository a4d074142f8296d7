"""Sending from coroutines: the transaction that counts is that of the thread which Django's asynchronous code uses for
the database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import transaction
from django.test import TransactionTestCase

from django_sqs import asend, asend_many, queues, register
from django_sqs.exceptions import WrongArgument
from django_sqs.testing import capture
from tests.sample.models import Article
from tests.sending.support import Boom, Recorder

pytestmark = pytest.mark.usefixtures("letters")


class TestTransactions(TransactionTestCase):
    """Coroutines around, within and outside of `atomic()`."""

    async def test_outside_of_a_block_a_message_goes_at_once(self) -> None:
        with capture() as sent:
            message = await asend("letters", body="a")
            assert message.id
            assert await asend_many("letters", [{"body": "b"}, {"body": "c"}]) == 2
        assert [one.body for one in sent] == ["a", "b", "c"]

    async def test_within_a_block_it_goes_at_the_commit(self) -> None:
        seen: list[Any] = []

        async def work() -> None:
            await asend("letters", body="a")
            await asend_many("letters", bodies("bc"))
            seen.append([one.body for one in sent])

        def block() -> None:
            with transaction.atomic():
                async_to_sync(work)()
                transaction.on_commit(lambda: seen.append([one.body for one in sent]))

        with capture() as sent:
            await sync_to_async(block)()
        assert seen == [[], []]
        assert [one.body for one in sent] == ["a", "b", "c"]

    async def test_within_a_block_that_is_rolled_back_it_never_goes(self) -> None:
        def block() -> None:
            with transaction.atomic():
                async_to_sync(asend)("letters", body="a")
                async_to_sync(asend)("letters", body="now", immediate=True)
                raise Boom

        with capture() as sent:
            with pytest.raises(Boom):
                await sync_to_async(block)()
            await asend("letters", body="b")
        assert [one.body for one in sent] == ["now", "b"]

    async def test_the_rows_of_a_query_may_be_drawn_while_they_are_sent(self) -> None:
        await Article.objects.abulk_create([Article(title=str(number)) for number in range(25)])

        async def each() -> AsyncIterator[dict[str, Any]]:
            async for article in Article.objects.order_by("pk").aiterator(chunk_size=7):
                yield {"body": article.title}

        with capture() as sent:
            assert await asend_many("letters", each()) == 25
        assert [one.body for one in sent] == [str(number) for number in range(25)]


async def bodies(texts: str) -> AsyncIterator[dict[str, Any]]:
    for text in texts:
        await asyncio.sleep(0)
        yield {"body": text}


class TestAnAsynchronousIterable:
    @pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 20, 95])
    def test_is_sent_to_its_end(self, wire: Recorder, count: int) -> None:
        assert asyncio.run(asend_many("letters", bodies("x" * count))) == count
        assert len(wire.bodies) == count

    def test_is_read_as_batches_go_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from tests.sending.test_transports import Scripted

        sqs = Scripted(monkeypatch)
        drawn: list[int] = []
        ahead: list[int] = []

        async def each() -> AsyncIterator[dict[str, Any]]:
            for number in range(200):
                drawn.append(number)
                ahead.append(len(drawn) - sum(map(len, sqs.requests)))
                yield {"body": str(number)}

        assert asyncio.run(queues["letters"].asend_many(each())) == 200
        assert max(ahead) < 200, "not all of it is held"

    def test_that_fails_raises_what_it_raised(self, wire: Recorder) -> None:
        async def each() -> AsyncIterator[dict[str, Any]]:
            yield {"body": "a"}
            raise Boom

        with pytest.raises(Boom):
            asyncio.run(asend_many("letters", each()))

    def test_is_nothing_for_send_many(self, letters: Any) -> None:
        wrong: Any = bodies("a")
        with pytest.raises(WrongArgument, match="It takes an iterable"):
            letters.send_many(wrong)

    def test_may_have_mistakes_in_it(self, wire: Recorder) -> None:
        async def each() -> AsyncIterator[Any]:
            yield 5

        with pytest.raises(WrongArgument, match="got '5' among its messages"):
            asyncio.run(asend_many("letters", each()))
        assert wire.bodies == []


def test_a_proxy_takes_one_too(wire: Recorder) -> None:
    proxy = register("proxied", lambda message: None)
    assert asyncio.run(proxy.asend_many(bodies("ab"))) == 2
    assert wire.bodies == ["a", "b"]
