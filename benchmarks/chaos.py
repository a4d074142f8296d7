"""Chaos: senders and receivers while everything goes wrong, and an account of every message at the end.

`python -m benchmarks.chaos --seed 1 --seconds 60` kills receivers, ends and kills their supervisor, lets SQS refuse,
hang, lie and be away, takes the table of failed messages away, and sends bodies that nobody should have sent. What goes
wrong when is drawn from the seed. Afterwards every message that was sent must have been processed, or be in the
dead-letter queue, or be kept as a row; what ran twice must have a cause; a FIFO queue must have kept its order. The
exit status is 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.chaos_project import journal
from benchmarks.chaos_run.accounting import Account, Evidence, account
from benchmarks.chaos_run.conductor import Conductor
from benchmarks.chaos_run.logs import Log
from benchmarks.chaos_run.recovery import Recovery, recoveries
from benchmarks.chaos_run.schedule import draw
from benchmarks.chaos_run.site import GRACE_SECS, PREFIX, QUEUES, Site
from benchmarks.standin.process import StandIn

_DEFAULT_SECONDS = 600.0
#: How many broken promises are printed.
_SHOWN = 25


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it. Returns the exit status."""
    options = _parser().parse_args(arguments)
    if not Path("/proc/self/task").is_dir():
        print("Chaos reads /proc to find the receivers: it runs on Linux only.", file=sys.stderr)
        return 2
    # A run that is told to end leaves no process behind either.
    signal.signal(signal.SIGTERM, lambda signum, frame: sys.exit(1))
    directory = Path(options.directory or tempfile.mkdtemp(prefix="chaos-"))
    directory.mkdir(parents=True, exist_ok=True)
    server = StandIn(seed=options.seed, latency_ms=5, queues=[f"{PREFIX}__{queue}" for queue in QUEUES])
    with server, closing(Site(directory, server, options.seed)) as site:
        result, recovered = _run(site, options.seed, options.seconds, quiet=options.quiet)
        _print(result, recovered, options.seed)
    if result.errors:
        print(f"The journal and the logs are in {directory}.")
    return 1 if result.errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.chaos", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=int(time.time()), help="What goes wrong when; by default the time.")
    parser.add_argument(
        "--seconds", type=float, default=_DEFAULT_SECONDS, help="How long things go wrong (default: %(default)s)."
    )
    parser.add_argument("--directory", help="Where the journal, the database and the logs go.")
    parser.add_argument("--quiet", action="store_true", help="Do not tell what goes wrong while it does.")
    return parser


def _run(site: Site, seed: int, seconds: float, quiet: bool) -> tuple[Account, list[Recovery]]:
    """One run, and what came of it."""
    site.start()
    _await_work(site)
    conductor = Conductor(site, tell=(lambda line: None) if quiet else (lambda line: print(line, flush=True)))
    conductor.run(draw(seed, seconds), seconds)
    site.stop_sending()
    left = conductor.drain()
    status = site.end_receivers()
    lines = list(journal.read(site.journal))
    site.killed.update((line.pid, line.at) for line in lines if line.what == "dying")
    log = Log(sorted(site.directory.glob("receivers*.log")), site.killed)
    result = account(lines, _kept(site), Evidence(conductor.windows, site.killed, site.orphans, log))
    result.errors += [f"{count} messages of {queue} were still there at the end" for queue, count in left.items()]
    result.errors += _of_processes(site, status)
    recovered = recoveries(lines, conductor.returns, site.disturbed, conductor.windows)
    result.errors += [f"receivers were at work only {one}" for one in recovered if one.too_late]
    return result, recovered


def _await_work(site: Site) -> None:
    end = time.time() + 60
    while not any(line.what == "end" for line in journal.read(site.journal)):
        if time.time() > end:
            raise SystemExit(f"The receivers did not begin to work; see {site.directory}.")
        time.sleep(0.1)


def _of_processes(site: Site, last_status: int) -> list[str]:
    errors = []
    if last_status:
        errors.append(f"the supervisor ended with status {last_status} when there was nothing left to do")
    if strange := [status for status in site.statuses if status not in (0, 1)]:
        errors.append(f"supervisors ended with status {strange}")
    for pid, since in site.orphans.items():
        if time.time() - since > GRACE_SECS + 5 and _alive(pid):
            errors.append(f"the receiver {pid} lives {time.time() - since:.0f} s after its supervisor died")
    return errors


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        return stat != "Z" and b"runreceiver" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def _kept(site: Site) -> list[tuple[str, str]]:
    """Bodies in the dead-letter queues and in the table, each with its reason."""
    import boto3

    kept = [(body, reason) for _, body, reason in site.rows()]
    client = boto3.client(
        "sqs",
        endpoint_url=site.server.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="chaos",
        aws_secret_access_key="chaos",
    )
    for queue in ("dead", "dead.fifo"):
        url = client.get_queue_url(QueueName=f"{PREFIX}__{queue}")["QueueUrl"]
        while found := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]):
            messages: list[Any] = list(found.get("Messages", ()))
            if not messages:
                break
            for message in messages:
                attributes = message.get("MessageAttributes", {})
                kept.append((message["Body"], attributes.get("django_sqs_reason", {}).get("StringValue", "")))
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return kept


def _print(result: Account, recovered: list[Recovery], seed: int) -> None:
    print(f"\nseed              {seed}")
    print(f"sent              {result.sent}")
    print(f"runs              {result.runs}")
    print(f"given up          {result.kept}, in dead-letter queues and rows")
    print(f"not run           {result.not_run} of the queue that is at most once")
    print(f"lost              {len(result.lost)}")
    print(f"out of order      {len(result.disorder)}")
    print(f"ran again         {sum(result.repeated.values())}")
    for cause, count in result.repeated.most_common():
        print(f"                  {count} after {cause}")
    print(f"at work again     {'; '.join(map(str, recovered)) or 'was never away'}")
    for error in result.errors[:_SHOWN]:
        print(f"BROKEN: {error}")
    if len(result.errors) > _SHOWN:
        print(f"BROKEN: and {len(result.errors) - _SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
