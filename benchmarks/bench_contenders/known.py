"""All who are compared, and with which settings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from benchmarks.measuring.bodies import with_fresh_ids
from benchmarks.measuring.contender import Contender
from benchmarks.measuring.environments import PEERS, Peer
from benchmarks.measuring.program import ROOT, Program
from benchmarks.measuring.runs import Bench, send
from benchmarks.measuring.wire import Wire

#: The queue of all but the receivers that have one of their own.
QUEUE = "bench__noop"

_PEERS_HOME = ROOT / "benchmarks" / "bench_contenders" / "peers"
_PACKAGE = "benchmarks.bench_contenders"

#: The peers' worker commands: with the settings that they come with, and with the best that were found. Without them
#: all write a line for each message, and what they do beside their work is switched off where that is possible.
_WORKERS = {
    "taskiq": (
        "taskiq worker taskiq_app:broker",
        "taskiq worker --workers 2 --log-level WARNING taskiq_app:broker",
    ),
    "dramatiq": ("dramatiq dramatiq_app", "dramatiq --processes 8 --threads 8 dramatiq_app"),
    "celery": (
        "celery -A celery_app worker",
        "celery -A celery_app worker --pool solo --loglevel WARNING --without-gossip --without-mingle",
    ),
}


def ours(queue: str = "noop", name: str = "django-sqs", **options: object) -> Contender:
    """`runreceiver` with default settings, and what an operator may set for one queue."""
    return Contender(
        program=Program(
            name=name,
            command=(sys.executable, "-m", "django", "runreceiver", queue),
            environment={
                "DJANGO_SETTINGS_MODULE": f"{_PACKAGE}.site.settings",
                "BENCH_QUEUES": json.dumps({queue: options} if options else {}),
            },
        ),
        queue=f"bench__{queue}",
    )


def our_sender(kind: str, name: str) -> Contender:
    """A program of our site that sends, see site/sending.py."""
    return Contender(
        program=Program(
            name=name,
            command=(sys.executable, "-m", f"{_PACKAGE}.site.sending", kind),
            environment={"DJANGO_SETTINGS_MODULE": f"{_PACKAGE}.site.settings"},
        ),
        queue=QUEUE,
    )


def hand_written(kind: str, name: str, processes: int = 1) -> Contender:
    """boto3 alone, see hand_written.py."""
    return Contender(
        program=Program(
            name=name,
            command=(sys.executable, "-m", f"{_PACKAGE}.hand_written", kind),
            environment={"BENCH_QUEUE": QUEUE, "BENCH_PROCESSES": str(processes)},
        ),
        queue=QUEUE,
    )


def peers(names: str) -> list[Peer]:
    """The peers that the command line asks for: "none", "all", or names with commas between them."""
    if names == "none":
        return []
    wanted = {peer.name: peer for peer in PEERS}
    if names == "all":
        return list(PEERS)
    return [wanted[name] for name in names.split(",")]


def workers(peer: Peer) -> list[Contender]:
    """A peer's worker, with default settings and with the best."""
    return [
        _of_peer(peer, command.split(), f"{peer.name}, {settings}", settings)
        for settings, command in zip(("default", "best"), _WORKERS[peer.name], strict=True)
    ]


def senders(peer: Peer) -> list[Contender]:
    """A peer that sends, with default settings and with the best."""
    return [_sender(peer, settings) for settings in ("default", "best")]


def _sender(peer: Peer, settings: str) -> Contender:
    return _of_peer(peer, ["python", f"{peer.name}_app.py"], f"{peer.name}, {settings}", settings)


def _of_peer(peer: Peer, command: list[str], name: str, settings: str) -> Contender:
    program = Program(
        name=name,
        command=(f"{peer.directory}/{command[0]}", *command[1:]),
        environment={"BENCH_QUEUE": QUEUE, "BENCH_SETTINGS": settings},
        cwd=_PEERS_HOME,
    )
    return Contender(program=program, queue=QUEUE, peer=peer, bodies=lambda bench: _bodies(bench, peer))


def _bodies(bench: Bench, peer: Peer) -> Iterator[str]:
    """Bodies as the peer itself makes them: it sends one, and the others are like it."""
    send(bench, _sender(peer, "default").program, QUEUE, 1)
    with Wire(bench.server.endpoint_url) as wire:
        answer = wire.ask("ReceiveMessage", QueueUrl=wire.url(QUEUE))
    return with_fresh_ids(str(answer["Messages"][0]["Body"]))
