"""One process's receiver: wires the parts, watches them, and drains them in order."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django_sqs.aws import client
from django_sqs.aws.physical_queue import MAX_WAIT_SECS
from django_sqs.receiving import payloads
from django_sqs.receiving.async_handlers import AsyncHandlers
from django_sqs.receiving.channel import Channel, ChannelQuota, Order
from django_sqs.receiving.emptiness import Emptiness
from django_sqs.receiving.handlers import Handlers
from django_sqs.receiving.held import HeldMessage, State
from django_sqs.receiving.holdings import Holdings
from django_sqs.receiving.keeper import Keeper
from django_sqs.receiving.part import Part
from django_sqs.receiving.poller import Poller
from django_sqs.receiving.quota import Quota
from django_sqs.receiving.runner import Runner
from django_sqs.receiving.settler import MAX_REQUESTS, Settler
from django_sqs.receiving.silence import Silence
from django_sqs.receiving.watchdog import Watchdog
from django_sqs.receiving.window import MAX_POLLS
from django_sqs.registered_queue import QueueStatus, RegisteredQueue

logger = logging.getLogger("django_sqs.receiving")

#: How a receiver ended, as the exit status of its process.
DRAINED = 0
#: Messages that ran were released before their receivers had returned.
CUT_SHORT = 3
#: A part died.
BROKEN = 70
#: A receiver ran past its timeout in a thread that only the end of the process stops.
TIMED_OUT = 75

#: So long before the deadline, in seconds, what still runs is released, so that there is time to tell SQS.
RELEASE_SECS = 2.0
#: How often a sign of life is given, in seconds.
_TICK_SECS = 1.0
#: How often a drain looks whether it is done, in seconds.
_DRAIN_LOOK_SECS = 0.02
#: How long the end waits for the threads of a part, in seconds: all is settled by then, and one that is stuck must not
#: hold it up.
_JOIN_SECS = 1.0
#: The poll wait of a receiver that ends when its queue is empty, in seconds.
_UNTIL_EMPTY_WAIT_SECS = 1.0


@dataclass(frozen=True, kw_only=True)
class Job:
    """What a receiver process is for. `grace` is in seconds."""

    queue: str
    suffix: str | None = None
    until_empty: bool = False
    limited: bool = False
    grace: float = 25.0


class Receiver:
    """Receives one queue until it is told to drain. The main thread runs `run()` and never calls AWS."""

    def __init__(self, queue: RegisteredQueue, job: Job, channel: Channel) -> None:
        self.queue = queue
        self.job = job
        self.channel = channel
        options = queue.options
        visibility = max(2, int(options.visibility))
        settling = queue.physical(job.suffix, client.settling(visibility, 2 * MAX_REQUESTS + queue.handlers))
        self.name = settling.name
        self._dead: Part | None = None
        self._timed_out = False
        self.holdings = Holdings(
            queue.handlers,
            lambda message: self.settler.release(message),
            fifo=queue.is_fifo,
            batch=options.batch or 1,
            batch_window=options.batch_window,
        )
        self.settler = Settler(settling, self.holdings, self._part_died, payloads.deleter(queue))
        self.keeper = Keeper(settling, self.holdings, visibility, self._part_died)
        runner = Runner(queue, settling, job.suffix, self.holdings, self.settler)
        self.handlers: Handlers | AsyncHandlers
        self.watchdog: Watchdog | None = None
        if queue.is_async:
            # Its loop cancels what runs past its timeout.
            self.handlers = AsyncHandlers(runner, self.holdings, bool(options.batch), self._part_died)
        else:
            self.handlers = Handlers(runner, self.holdings, self._part_died)
            if options.timeout is not None:
                self.watchdog = Watchdog(runner, self.holdings, options.timeout, self._on_timeout, self._part_died)
        self.poller = self._make_poller(visibility)

    def _make_poller(self, visibility_timeout: float) -> Poller:
        job, queue = self.job, self.queue
        period = queue.options.poll_wait
        if job.until_empty:
            period = min(period, _UNTIL_EMPTY_WAIT_SECS)

        def status() -> QueueStatus:
            return queue.status(job.suffix)

        watchers: list[Emptiness | Silence] = [Silence(self.name, status)]
        if job.until_empty:
            watchers.append(Emptiness(status, self.holdings, self._report_empty))

        def after_poll(got: int) -> None:
            for watcher in watchers:
                watcher.after_poll(got)

        return Poller(
            queue.physical(job.suffix, client.polling(min(period, MAX_WAIT_SECS), MAX_POLLS)),
            self.holdings,
            visibility_timeout=visibility_timeout,
            poll_period=period,
            quota=ChannelQuota(self.channel) if job.limited else Quota(),
            unwanted=self._unwanted,
            after_poll=after_poll,
            on_death=self._part_died,
        )

    @property
    def _parts(self) -> list[Part]:
        """In the order in which they start: the keeper first and the poller last, so that no message is held before all
        that takes care of it is there."""
        watchdog = [] if self.watchdog is None else [self.watchdog]
        return [self.keeper, self.settler, *watchdog, self.handlers, self.poller]

    def run(self) -> int:
        """Receive until there is an order to end. Returns the exit status."""
        for part in self._parts:
            part.start()
        logger.info("%s: receiving.", self.name, extra={"queue": self.name, "action": "started"})
        while True:
            order = self.channel.wait(_TICK_SECS)
            if self._dead is not None:
                return BROKEN
            if order is not None:
                return self._end(order)
            if self._timed_out:
                return self._end(Order("timed out"))
            self._give_sign_of_life()

    def _give_sign_of_life(self) -> None:
        # The keeper has to tick too: without it messages are lost to others. A handler's progress is no sign of life,
        # since a receiver may well take hours.
        if time.monotonic() - self.keeper.ticked < 10 * _TICK_SECS:
            self.channel.say("progress" if self.settler.progressed() else "alive")

    def _part_died(self, part: Part) -> None:
        self._dead = part

    def _on_timeout(self) -> None:
        """Its thread goes on; only the end of the process stops it. What is held by others has the grace to end."""
        logger.error(
            "%s: a receiver runs past its timeout; this process ends and a new one starts.",
            self.name,
            extra={"queue": self.name, "action": "timed_out"},
        )
        self._timed_out = True
        self._begin_drain()

    def _report_empty(self, empty: bool) -> None:
        self.channel.say(f"empty {int(empty)}")

    def _unwanted(self, message: HeldMessage) -> None:
        """A message came that is not to be run: one that was handled before is deleted, one too late for us goes
        back."""
        if self.holdings.was_done(message):
            self.settler.delete(message)
        else:
            self.settler.give_back(message, 0)

    # --- the end

    def _end(self, order: Order) -> int:
        if order.kind == "finish":
            return self._finish()
        if order.kind == "orphaned":
            logger.warning(
                "%s: the supervisor is gone; draining.", self.name, extra={"queue": self.name, "action": "orphaned"}
            )
        grace = self.job.grace if order.seconds is None else order.seconds
        deadline = time.monotonic() + (RELEASE_SECS if order.kind == "stop" else grace)
        self._begin_drain()
        while not self.holdings.empty:
            if self._dead is not None:
                return BROKEN
            if time.monotonic() >= deadline - RELEASE_SECS:
                return self._cut_short(deadline)
            new_order = self.channel.wait(_DRAIN_LOOK_SECS)
            if new_order is not None and new_order.kind == "stop":
                return self._cut_short(time.monotonic() + RELEASE_SECS)
            self._give_sign_of_life()
        return self._close(deadline)

    def _finish(self) -> int:
        """The message limit is reached: run what is held, however long that takes."""
        self.holdings.end_polls()
        while not self.holdings.empty:
            if self._dead is not None:
                return BROKEN
            order = self.channel.wait(_DRAIN_LOOK_SECS)
            if order is not None and order.kind != "finish":
                return self._end(order)
            self._give_sign_of_life()
        return self._close(time.monotonic() + self.job.grace)

    def _close(self, deadline: float) -> int:
        """Nothing is held any more: end the parts."""
        self.holdings.close()
        for part in reversed(self._parts):
            part.stop()
            part.join(min(_JOIN_SECS, max(0.1, deadline - time.monotonic())))
        logger.info("%s: drained.", self.name, extra={"queue": self.name, "action": "drained"})
        return TIMED_OUT if self._timed_out else DRAINED

    def _begin_drain(self) -> None:
        """No new polls, no new starts; what has not started goes back at once."""
        self.settler.hurry()
        for message in self.holdings.close():
            self.settler.give_back(message, 0)

    def _cut_short(self, deadline: float) -> int:
        """Release what still runs; then wait for SQS to confirm, but not for receivers."""
        running = [message for message in self.holdings.held(State.RUNNING) if self.holdings.claim(message)]
        for message in running:
            logger.warning(
                "%s: message %s still runs; it is released and will run again.",
                self.name,
                message.id,
                extra=message.log_extra(self.name, "cut_short"),
            )
            self.settler.give_back(message, 0)
        while not self.holdings.empty and time.monotonic() < deadline:
            time.sleep(_DRAIN_LOOK_SECS)
        return CUT_SHORT if running or not self.holdings.empty else DRAINED
