"""The clients' listener goes away and comes back, however often and whenever it is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from benchmarks.standin.counters import Counters
from benchmarks.standin.listeners import Listeners


def run(test: Callable[[Listeners], Awaitable[None]]) -> None:
    async def main() -> None:
        listeners = Listeners(asyncio.get_running_loop(), lambda request, connection: None, Counters())
        await listeners.start("127.0.0.1", 0, 0)
        try:
            await test(listeners)
        finally:
            listeners.go_away(None)
            assert listeners._control is not None
            listeners._control.close()
            await asyncio.sleep(0)

    asyncio.run(main())


async def is_back(listeners: Listeners) -> bool:
    for _ in range(100):
        if listeners.listening:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("steps", range(8))
def test_a_return_that_is_ordered_while_one_is_under_way_is_a_return(steps: int) -> None:
    async def test(listeners: Listeners) -> None:
        listeners.go_away(None)
        listeners.come_back()
        for _ in range(steps):
            await asyncio.sleep(0)
        listeners.come_back()
        assert await is_back(listeners)

    run(test)


@pytest.mark.parametrize("steps", range(8))
def test_going_away_while_it_returns_is_an_absence_and_leaves_the_port_free(steps: int) -> None:
    async def test(listeners: Listeners) -> None:
        listeners.go_away(None)
        listeners.come_back()
        for _ in range(steps):
            await asyncio.sleep(0)
        listeners.go_away(None)
        await asyncio.sleep(0.05)
        assert not listeners.listening
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*listeners.url.removeprefix("http://").split(":"))
        listeners.come_back()
        assert await is_back(listeners)

    run(test)


def test_the_port_is_none_that_clients_are_given() -> None:
    async def test(listeners: Listeners) -> None:
        assert int(listeners.url.rpartition(":")[2]) < 32_000

    run(test)
