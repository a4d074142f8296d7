"""What became of every message, and whether that is what was promised.

At least once: of what was sent nothing is lost. Twice only for a cause: its process was killed, or a delete, an
extension or an answer was lost, and each cause has to be shown by what was done and by what the log says.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.chaos_project.journal import Line
from benchmarks.chaos_project.tasks import HARMLESS, NAME
from benchmarks.chaos_run.conductor import Window
from benchmarks.chaos_run.logs import Log
from benchmarks.chaos_run.schedule import CHANGE, DELETE, SEND

#: How long after the end of a run its delete is under way where no fault strikes it, on a machine that has other work
#: too, in seconds.
DELETE_SECS = 1.0
#: The queue whose messages are deleted before they run: at most once.
AT_MOST_ONCE = "once"
#: Faults after which SQS has acted though nobody was told, or has said that it acted and has not.
LOST_ANSWERS = ("drop_response", "hang_response", "away", "pause", "refuse", "hang", "latency")


@dataclass
class Run:
    """A receiver was called with a message. `outcome` is empty where nothing was written down any more."""

    queue: str
    name: str
    id: str
    pid: int
    start: float
    end: float = float("inf")
    outcome: str = ""


@dataclass
class Account:
    """What the run came to. `errors` are broken promises, each a sentence."""

    sent: int = 0
    runs: int = 0
    kept: int = 0
    lost: list[str] = field(default_factory=list)
    not_run: int = 0
    repeated: Counter[str] = field(default_factory=Counter)
    disorder: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """What was done to processes and to the server, and what the log says."""

    windows: Sequence[Window]
    killed: dict[int, float]
    orphans: dict[int, float]
    log: Log

    def struck(self, actions: Iterable[str], start: float, end: float, kinds: Sequence[str] = ()) -> bool:
        """Was any of these actions struck in this time?"""
        return any(
            window.touches(action, start, end) and (not kinds or window.kind in kinds)
            for window in self.windows
            for action in actions
        )


def runs_of(lines: Iterable[Line]) -> list[Run]:
    """The runs, in the order in which they began."""
    runs: list[Run] = []
    going: dict[tuple[int, str], Run] = {}
    for line in lines:
        if line.what == "start":
            run = Run(line.queue, line.name, line.id, line.pid, line.at)
            runs.append(run)
            going[line.pid, line.id] = run
        elif line.what != "sent":
            run = going.pop((line.pid, line.id))
            run.end, run.outcome = line.at, line.what
    return runs


def account(lines: Sequence[Line], kept: Sequence[tuple[str, str]], evidence: Evidence) -> Account:
    """Draw up the account. `kept` are the bodies of the dead-letter queues and the rows, each with its reason."""
    runs = runs_of(lines)
    sent = {line.name: line for line in lines if line.what == "sent"}
    kept_names = {name for body, _ in kept for name in NAME.findall(body)[:1]}
    done = {run.name for run in runs if run.outcome == "end"}
    result = Account(sent=len(sent), runs=len(runs), kept=len(kept_names))
    for name, line in sent.items():
        if name in done or name in kept_names:
            continue
        if line.queue == AT_MOST_ONCE:
            result.not_run += 1
        else:
            result.lost.append(name)
    result.errors += [f"{name} is lost" for name in result.lost]
    result.errors += _kept_without_reason(kept)
    _count_repeated(runs, sent, evidence, result)
    result.disorder = list(_disorder(runs, lines))
    result.errors += result.disorder
    result.errors += evidence.log.faults
    return result


def _kept_without_reason(kept: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Messages that were given up though nothing was wrong with them."""
    for body, reason in kept:
        try:
            task: Any = json.loads(body)
            harmless = task["mode"] in HARMLESS and not task["name"].startswith("hostile")
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError):
            continue
        if harmless:
            yield f"{task['name']} was given up though it never fails: {reason[:200]}"


# --- what ran more than once


def _count_repeated(runs: Sequence[Run], sent: dict[str, Line], evidence: Evidence, result: Account) -> None:
    by_id: dict[str, list[Run]] = defaultdict(list)
    ids: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        if not by_id[run.id]:
            ids[run.name].append(run)
        by_id[run.id].append(run)
    for some in by_id.values():
        for number, (before, after) in enumerate(itertools.pairwise(some)):
            cause = _cause(some[: number + 1], before, after, evidence)
            if cause is None:
                result.errors.append(_described(before, after))
            elif cause:
                result.repeated[cause] += 1
    for name, firsts in ids.items():
        if len(firsts) > 1:
            result.repeated["a send whose answer was lost"] += len(firsts) - 1
            if not _sent_twice(sent.get(name), firsts, evidence):
                result.errors.append(f"{name} was in its queue under {len(firsts)} ids for no cause")


def _described(before: Run, after: Run) -> str:
    return (
        f"{after.name} ({after.id}) ran again at {after.start:.3f} in process {after.pid} for no cause: it ran from"
        f" {before.start:.3f} to {before.end:.3f} in process {before.pid}, outcome {before.outcome!r}"
    )


def _cause(so_far: Sequence[Run], before: Run, after: Run, evidence: Evidence) -> str | None:
    """Why a message ran again: empty where that is no repetition, None where there is no cause."""
    if after.start >= before.end and before.outcome in ("failed", "later"):
        return ""
    killed_at = evidence.killed.get(before.pid)
    if before.outcome == "dying" or (before.outcome == "" and killed_at is not None):
        return ""
    if before.outcome == "":
        return "" if evidence.log.says("still runs; it is released", before.id, before.start, after.start) else None
    return _cause_after_success([run for run in so_far if run.outcome == "end"], before, after, evidence)


def _cause_after_success(so_far: Sequence[Run], before: Run, after: Run, evidence: Evidence) -> str | None:
    soon = before.end + DELETE_SECS
    says = evidence.log.says
    if evidence.struck([DELETE], before.end - 0.1, soon, ["pretend"]):
        return "a delete that SQS confirmed and did not do"
    if before.queue == AT_MOST_ONCE or any(run.pid == after.pid for run in so_far):
        # Whatever went wrong with the delete, the process itself knows.
        return None
    killed_at = evidence.killed.get(before.pid)
    if killed_at is not None and killed_at < after.start:
        # Killed later, it had tried in vain to delete it, and what it knew died with it.
        return "a kill" if killed_at <= soon or evidence.struck([DELETE], before.end - 0.1, soon) else None
    if says("still runs; it is released", before.id, before.start, after.start):
        return "a second signal"
    if says("lost the hold on message", before.id, before.start, after.start + DELETE_SECS):
        return "a hold lost in an outage" if evidence.struck([CHANGE], before.start - 10, after.start) else None
    gone = evidence.log.ended.get(before.pid, float("inf")) <= after.start or before.pid in evidence.orphans
    told = says("was handled but could not be deleted", before.id, before.end, after.start)
    struck = evidence.struck([DELETE], before.end - 0.1, min(after.start, soon))
    return "a delete that failed" if struck and (gone or told) else None


def _sent_twice(line: Line | None, runs: Sequence[Run], evidence: Evidence) -> bool:
    """May a sending have arrived more than once? A message whose sending was never confirmed is not sent again."""
    if runs[0].queue.endswith(".fifo"):
        return False
    if line is not None:
        return evidence.struck(SEND, line.began, line.at, LOST_ANSWERS)
    return evidence.struck(SEND, min(run.start for run in runs) - 60, runs[-1].start, LOST_ANSWERS)


# --- order


def _disorder(runs: Sequence[Run], lines: Sequence[Line]) -> Iterator[str]:
    """Messages of a group whose first success came after that of a later one."""
    groups = {line.name: line.group for line in lines if line.group}
    latest: dict[str, str] = {}
    seen: set[str] = set()
    for run in sorted((run for run in runs if run.outcome == "end"), key=lambda run: run.end):
        group = groups.get(run.name)
        if group is None or run.name in seen:
            continue
        seen.add(run.name)
        if latest.get(group, "") > run.name:
            yield f"{run.name} of group {group} succeeded only after {latest[group]}"
        latest[group] = max(latest.get(group, ""), run.name)
