"""Benchmarks: `python -m benchmarks.bench` prints tables, and writes them into docs/benchmarks.org.

Each program runs what it compares in turn, A B C A B C ..., against the stand-in server on this machine, and gives
medians. Only what stands in one table can be compared: a table that was made elsewhere, or at another time, says
nothing about this one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from benchmarks.bench_contenders import known
from benchmarks.bench_programs import computing, draining, growth, idling, latency, sending, starting, uneven
from benchmarks.measuring import machine, pages, process_tree
from benchmarks.measuring.environments import PEERS, Peer, PeerMissing
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report
from benchmarks.measuring.turns import tell

PROGRAMS: dict[str, Callable[[Plan], Report]] = {
    "drain": draining.run,
    "compute": computing.run,
    "send": sending.run,
    "uneven": uneven.run,
    "latency": latency.run,
    "idle": idling.run,
    "memory": growth.run,
    "start": starting.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for. Returns the exit status: 1 only with --check, where a target was missed."""
    options = _parser().parse_args(arguments)
    if not process_tree.is_supported():
        print("The benchmarks read /proc to tell what processes use: they run on Linux only.", file=sys.stderr)
        return 2
    plan = Plan(quick=options.quick, rounds=options.rounds, peers=_installed(known.peers(options.peers)))
    reports = []
    for name in options.only:
        report = PROGRAMS[name](plan)
        report.notes.append(_told(plan, report))
        print(f"* {name}\n\n{report.text()}", flush=True)
        reports.append(report)
        if not plan.quick:
            pages.write(report)
    missed = [target for report in reports for target in report.missed]
    for target in missed:
        print(f"Missed: {' '.join(target.row())}")
    return 1 if missed and options.check else 0


def _installed(peers: list[Peer]) -> list[Peer]:
    """Those that could be installed."""
    ready = []
    for peer in peers:
        try:
            peer.install()
        except PeerMissing as missing:
            tell(str(missing))
        else:
            ready.append(peer)
    return ready


def _told(plan: Plan, report: Report) -> str:
    """How, where and with what the report came to be."""
    how = "Quick, on sizes that say nothing." if plan.quick else f"Medians of {plan.rounds} rounds."
    peers = "".join(f" {peer.versions()}." for peer in plan.peers if report.name in ("drain", "send", "idle"))
    return f"{how} {machine.described()}{peers}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only see that all programs work; writes nothing")
    parser.add_argument(
        "--only", type=_programs, default=list(PROGRAMS), help=f"programs, with commas between: {', '.join(PROGRAMS)}"
    )
    names = ", ".join(peer.name for peer in PEERS)
    parser.add_argument(
        "--peers", type=_peers, default="all", help=f"other libraries: all, none, or some of {names} (%(default)s)"
    )
    parser.add_argument("--rounds", "--runs", type=int, default=9, help="runs of each contender (%(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target was missed")
    return parser


def _programs(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(PROGRAMS):
        raise argparse.ArgumentTypeError(f"there is no program {', '.join(sorted(unknown))}")
    return names


def _peers(text: str) -> str:
    try:
        known.peers(text)
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"there is no peer {error}") from error
    return text


if __name__ == "__main__":
    sys.exit(main())
