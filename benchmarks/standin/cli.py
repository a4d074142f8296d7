"""The command line of the stand-in: ``python -m benchmarks.standin --help``."""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Sequence

from benchmarks.standin import faults
from benchmarks.standin.limits import Limits
from benchmarks.standin.server import Server


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a server until SIGTERM or SIGINT; returns the exit status."""
    options = _parser().parse_args(arguments)
    # A deep queue is millions of objects that live long: looking through them all for garbage,
    # as often as Python does by itself, would stop the server for a tenth of a second at a time.
    gc.set_threshold(50_000, 20, 100)
    try:
        asyncio.run(_serve(options))
    except OSError as error:
        print(f"The stand-in cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if options.until_stdin_closes:
        loop.add_reader(sys.stdin.fileno(), _read_stdin, ended)
    server = Server(loop, _limits(options))
    server.faults.latency_ms = options.latency_ms
    server.faults.latency_jitter_ms = options.latency_jitter_ms
    server.faults.seed(options.seed)
    server.faults.set(options.fault)
    for name in options.queue:
        server.store.create(name, {"FifoQueue": "true"} if name.endswith(".fifo") else {})
    await server.start(options.host, options.port, options.control_port)
    print(f"listening on {server.listeners.url}")
    print(f"control on {server.listeners.control_url}", flush=True)
    await ended.wait()


def _read_stdin(ended: asyncio.Event) -> None:
    # Whoever started the server holds the other end, and holds it no more once it is dead.
    if not os.read(sys.stdin.fileno(), 4096):
        ended.set()


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(
        in_flight=options.in_flight_limit,
        fifo_in_flight=options.fifo_in_flight_limit,
        purge_seconds=options.purge_seconds,
        recreate_seconds=options.recreate_seconds,
        accept_expired_change=options.accept_expired_change,
    )


def _fault(text: str) -> faults.Fault:
    try:
        return faults.from_text(text)
    except (ValueError, TypeError) as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.standin",
        description="A stand-in for Amazon SQS, in memory, for load and fault tests.",
        epilog="Faults: "
        + "; ".join(f"{kind}: {meaning}" for kind, meaning in faults.KINDS.items())
        + ". Example: --fault kind=hang,probability=0.1,actions=DeleteMessageBatch+SendMessage,seconds=20",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port for clients; 0 takes a free one (%(default)s)")
    parser.add_argument(
        "--control-port", type=int, default=0, help="port that is there also while clients are refused (%(default)s)"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0, help="added to every request (%(default)s)")
    parser.add_argument("--latency-jitter-ms", type=float, default=0.0, help="plus or minus this much (%(default)s)")
    parser.add_argument("--fault", type=_fault, action="append", default=[], help="a fault; may be repeated")
    parser.add_argument("--seed", type=int, help="makes the choice of faults repeatable")
    parser.add_argument("--queue", action="append", default=[], help="a queue to create at the start; may be repeated")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end as well when standard input comes to its end"
    )
    _add_limits(parser)
    return parser


def _add_limits(parser: argparse.ArgumentParser) -> None:
    usual = Limits()
    parser.add_argument(
        "--in-flight-limit", type=int, default=usual.in_flight, help="of a standard queue (%(default)s)"
    )
    parser.add_argument(
        "--fifo-in-flight-limit", type=int, default=usual.fifo_in_flight, help="of a FIFO queue (%(default)s)"
    )
    parser.add_argument(
        "--purge-seconds", type=float, default=usual.purge_seconds, help="between two PurgeQueue calls (%(default)s)"
    )
    parser.add_argument(
        "--recreate-seconds",
        type=float,
        default=usual.recreate_seconds,
        help="before a deleted queue's name is free again (%(default)s)",
    )
    parser.add_argument(
        "--accept-expired-change",
        action="store_true",
        help="a visibility change of a message that is visible again succeeds without effect",
    )
