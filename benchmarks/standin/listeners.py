"""The sockets that the server listens on: one for clients, which can go away, one for control."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from benchmarks.standin.counters import Counters
from benchmarks.standin.wire import Connection, Request

REOPEN_SECONDS = 0.05

#: Where a port is chosen from when none is given: not from those that the system gives to clients. One that tries to
#: reach a port of these while nobody listens may be given that very port for itself, is then connected to itself, and
#: holds it.
_PORTS = range(15_000, 32_000)
_TRIES = 100


class Listeners:
    """Both listeners, and every connection that a client has open."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        handle: Callable[[Request, Connection], None],
        counters: Counters,
    ) -> None:
        self._loop = loop
        self._handle = handle
        self._counters = counters
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._control: asyncio.Server | None = None
        self._host = ""
        self._port = 0
        self._away = False
        self._opening: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def start(self, host: str, port: int, control_port: int) -> None:
        self._host, self._port = host, port
        if port:
            await self._open()
        else:
            await self._open_anywhere()
        self._control = await self._loop.create_server(
            lambda: Connection(self._handle, lambda connection, there: None), host, control_port
        )

    @property
    def url(self) -> str:
        """Where clients reach the server, also while it does not listen."""
        return f"http://{self._host}:{self._port}"

    @property
    def control_url(self) -> str:
        """Where it can be controlled whatever its clients' listener does."""
        assert self._control is not None
        return f"http://{self._host}:{self._control.sockets[0].getsockname()[1]}"

    @property
    def listening(self) -> bool:
        return self._server is not None

    async def _open(self) -> None:
        if self._server is None:
            # In two steps: when this is cancelled, nobody listens of whom nothing is known.
            self._server = await self._loop.create_server(
                lambda: Connection(self._handle, self._counted),
                self._host,
                self._port,
                backlog=1024,
                start_serving=False,
            )
            try:
                await self._server.start_serving()
            except OSError:
                self._server.close()
                self._server = None
                raise

    async def _open_anywhere(self) -> None:
        for tries, port in enumerate(random.sample(_PORTS, _TRIES), 1):
            self._port = port
            try:
                await self._open()
            except OSError:
                if tries == _TRIES:
                    raise
            else:
                return

    def _counted(self, connection: Connection, there: bool) -> None:
        if there:
            self._connections.add(connection)
            self._counters.connections += 1
            if self._away:
                # Taken from the kernel just before the listener was closed.
                connection.drop()
        else:
            self._connections.discard(connection)
        self._counters.open_connections = len(self._connections)

    def go_away(self, seconds: float | None) -> None:
        """Refuse connections and cut those that are open, for some seconds or until come_back()."""
        self._change_plans()
        self._away = True
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.drop()
        if seconds is not None:
            self._timer = self._loop.call_later(seconds, self.come_back)

    def come_back(self) -> None:
        """Listen again on the same port."""
        self._change_plans()
        self._opening = self._loop.create_task(self._reopen())

    def _change_plans(self) -> None:
        """Forget a return that is due later or still being tried."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    async def _reopen(self) -> None:
        self._away = False
        while True:
            try:
                await self._open()
            except OSError:
                # The port was free to take while nobody listened: whoever has it may give it back.
                await asyncio.sleep(REOPEN_SECONDS)
            else:
                return
