"""Ends the process groups it was told of when the program that told it is gone, however it went.

A program that is killed outright cannot end what it started. This one reads lines from it ("+123" for a new group,
"-123" for one that has ended) and acts on the end of the file. It is run by itself, with the standard library alone.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def main() -> None:
    """Read until the end of the file, then end every group that is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for number, pause in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 0.0)):
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, number)
        if groups:
            time.sleep(pause)


if __name__ == "__main__":
    main()
