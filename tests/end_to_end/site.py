"""Receivers that run for a whole module of tests, at a stand-in that fails on demand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import Runreceiver, World, wait_for

APPS = "tests.end_to_end.receiving_app,tests.end_to_end.failing_app"

Fault = dict[str, Any]
_numbers = itertools.count(1)


def fault(kind: str, *actions: str, **limits: Any) -> Fault:
    """A fault of the stand-in for these actions; see its README.org."""
    return {"kind": kind, "actions": actions, **limits}


class Site:
    """A migrated project with the receivers of both applications, and its server."""

    def __init__(self, directory: Path, server: StandIn, prefix: str = "") -> None:
        self.server = server
        self.world = World(directory, server.endpoint_url, prefix or f"s{next(_numbers)}")
        self.world.environment["DJANGO_SQS_TEST_APPS"] = APPS
        self.world.migrate()
        #: The receivers that run, where the site has them.
        self.command: Runreceiver | None = None

    @property
    def output(self) -> str:
        assert self.command is not None
        return self.command.output

    def full_name(self, queue: str) -> str:
        return f"{self.world.prefix}__{queue}"

    # --- faults

    def set_faults(self, *faults: Fault) -> None:
        """Let these be in force, and no others."""
        self.server.control(faults=list(faults))

    @contextmanager
    def faults(self, *faults: Fault) -> Iterator[None]:
        """Within it these are in force; afterwards none is. The counters begin at zero."""
        self.server.reset()
        self.set_faults(*faults)
        try:
            yield
        finally:
            self.set_faults()

    def only_for(self, queue: str, *faults: Fault) -> list[Fault]:
        """The same faults, for one queue."""
        return [{**one, "queues": [self.full_name(queue)]} for one in faults]

    def send_group(self, queue: str, group: str, *bodies: str) -> None:
        """Send up to ten messages of one group in one request, so that one receive can bring them all."""
        entries = [
            {"Id": str(n), "MessageBody": body, "MessageGroupId": group, "MessageDeduplicationId": f"{group}-{body}"}
            for n, body in enumerate(bodies)
        ]
        answer = self.world.client.send_message_batch(QueueUrl=self.world.url(queue), Entries=entries)  # type: ignore[arg-type]
        assert len(answer["Successful"]) == len(bodies)

    def redrive(self, queue: str, target: str, max_receives: int) -> None:
        """Give the queue a redrive policy, as an operator may have."""
        client = self.world.client
        answer = client.get_queue_attributes(QueueUrl=self.world.url(target), AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": answer["Attributes"]["QueueArn"], "maxReceiveCount": max_receives}
        client.set_queue_attributes(QueueUrl=self.world.url(queue), Attributes={"RedrivePolicy": json.dumps(policy)})

    # --- what the server has counted

    def struck(self, kind: str) -> int:
        return int(self.server.counters()["faults"].get(kind, 0))

    def requests(self, action: str) -> int:
        return int(self.server.counters()["actions"].get(action, {}).get("requests", 0))

    def tally(self, queue: str) -> dict[str, int]:
        counted: dict[str, int] = self.server.counters()["queues"].get(self.full_name(queue), {})
        return counted

    # --- what is waited for

    def wait_for_runs(self, queue: str, names: Sequence[str], what: str = "end", seconds: float = 20) -> None:
        """Wait until each of these messages has started, or ended, at least once."""
        wait_for(lambda: set(names) <= self.world.runs(queue, what).keys(), seconds, f"the {what} of {names}")

    def wait_until_empty(self, *queues: str, seconds: float = 20) -> None:
        for queue in queues:
            wait_for(lambda queue=queue: self.world.counts(queue) == (0, 0, 0), seconds, f"an empty queue {queue}")

    def wait_for_output(self, pattern: str, seconds: float = 20) -> None:
        assert self.command is not None
        self.command.wait_for_output(pattern, seconds)


@contextmanager
def receiving(site: Site, *queues: str, **environment: str) -> Iterator[Site]:
    """Within it the receivers of these queues run."""
    for queue in queues:
        site.world.url(queue)
    with site.world.running(*queues, **environment) as command:
        site.command = command
        for queue in queues:
            site.wait_for_output(f"{site.full_name(queue)}: receiving")
        wait_for(lambda: _all_poll(site, len(queues)), what="polls for every queue")
        yield site


def _all_poll(site: Site, queues: int) -> bool:
    # Short polls never wait, so that a few for each must do.
    return site.server.counters()["waiting_polls"] >= queues or site.requests("ReceiveMessage") >= 3 * queues
