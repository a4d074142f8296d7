"""Programs that send. `python -m benchmarks.bench_contenders.site.sending many|one|timed`"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django

import django_sqs

COUNT = int(os.environ["BENCH_COUNT"])
BODY = "x" * 200


def many() -> None:
    """All at once, from a generator, as a program would that reads them from somewhere."""
    django_sqs.send_many("noop", ({"body": BODY} for _ in range(COUNT)))


def one() -> None:
    """One after the other."""
    for _ in range(COUNT):
        django_sqs.send("noop", body=BODY)


def timed() -> None:
    """One at a time to a receiver that has nothing to do; prints when each call returned."""
    notes = Path(os.environ["BENCH_NOTES"])
    chance = random.Random(1)
    for number in range(COUNT):
        django_sqs.send("noting", body=BODY)
        print(f"{time.monotonic():.6f}", flush=True)
        while not notes.exists() or notes.read_text().count("\n") <= number:
            time.sleep(0.005)
        time.sleep(chance.uniform(0.03, 0.08))


def main() -> None:
    kinds: dict[str, tuple[str, Callable[[], None]]] = {
        "many": ("noop", many),
        "one": ("noop", one),
        "timed": ("noting", timed),
    }
    queue, run = kinds[sys.argv[1]]
    django.setup()
    # The first request makes the client and looks up the queue's address.
    django_sqs.queues[queue].ping()
    print("ready", flush=True)
    sys.stdin.readline()
    run()
    sys.stdin.readline()


if __name__ == "__main__":
    main()
