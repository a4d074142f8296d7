"""A supervisor, processes that do as a script says, and signals that are real."""

from __future__ import annotations

import contextlib
import signal as signals
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django_sqs.receiving.processes import Process
from django_sqs.receiving.receiver import Job
from django_sqs.receiving.supervisor import Supervisor
from tests.receiving.support import Clock

Condition = Callable[[], object]


Script = Callable[["Scene"], Iterator[Condition]]


class Actor(Process):
    """A receiver process that does what the script says."""

    def __init__(self, scene: Scene, job: Job, siblings: Sequence[socket.socket]) -> None:
        ours, self.other = socket.socketpair()
        super().__init__(ours)
        self.other.setblocking(False)
        self.pid = 1_000_000 + len(scene.actors)
        self.job = job
        self.siblings = list(siblings)
        self.status: int | None = None
        self.killed = False
        self._scene = scene
        self._heard = ""

    def poll(self) -> int | None:
        self._scene.tick()
        return self.status

    def kill(self) -> None:
        self.killed = True
        self.exit(-9)

    def exit(self, status: int) -> None:
        self.status = status
        self.other.close()

    def say(self, *lines: str) -> None:
        self.other.sendall("".join(f"{line}\n" for line in lines).encode())

    @property
    def heard(self) -> list[str]:
        """The orders so far."""
        if self.other.fileno() >= 0:
            with contextlib.suppress(BlockingIOError):
                self._heard += self.other.recv(1_000).decode()
        return self._heard.splitlines()


class Scene:
    """A supervisor, its actors, and the script that is played while it runs: a generator that yields what to wait
    for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.actors: list[Actor] = []
        self.failures: list[OSError] = []
        self._end = time.monotonic() + 10

    def start(self, job: Job, siblings: Sequence[socket.socket]) -> Process:
        if self.failures:
            raise self.failures.pop(0)
        self.actors.append(Actor(self, job, siblings))
        return self.actors[-1]

    def play(self, script: Script, *queues: str, **options: Any) -> int:
        """Run a supervisor over these queues, and the script to its end. Returns its status."""
        self._script = script(self)
        self._condition: Condition | None = lambda: True
        changed = options.pop("changed", lambda: False)

        def ticking() -> bool:
            self.tick()
            return bool(changed())

        jobs = [Job(queue=name) for name in queues or ("jobs",)]
        self.supervisor = Supervisor(jobs, self.start, changed=ticking, **options)
        try:
            status = self.supervisor.run()
        except BaseException:
            self._condition = None
            raise
        finally:
            for actor in self.actors:
                actor.other.close()
                actor.socket.close()
        waits = self._condition is not None
        assert not waits, "it ended before the script"
        return status

    def tick(self) -> None:
        """Called with every round of the supervisor's loop: go on in the script, if what it waits for is true."""
        assert time.monotonic() < self._end, "the script does not get on"
        while self._condition is not None and self._condition():
            self._condition = None
            self._condition = next(self._script, None)

    def running(self, count: int = 1) -> Condition:
        return lambda: len(self.actors) == count

    def signal(self, signum: int) -> None:
        signals.pthread_kill(threading.main_thread().ident or 0, signum)


def _watched(supervisor: Supervisor) -> list[object]:
    return [key.fileobj for key in supervisor._selector.get_map().values()]
