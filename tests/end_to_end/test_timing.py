"""When a message is deleted, and when one that stays is visible again."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from benchmarks.standin.process import StandIn
from tests.end_to_end.harness import wait_for
from tests.end_to_end.site import Site, receiving

QUEUES = ["pair", "chained.fifo", "restarted", "retried"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with StandIn(seed=1) as server:
        made = Site(tmp_path_factory.mktemp("site"), server)
        made.world.environment["DJANGO_SQS_TEST_APPS"] = "tests.end_to_end.timing_app"
        with receiving(made, *QUEUES) as running:
            yield running


def times(site: Site, queue: str, what: str, name: str) -> list[float]:
    """When a message started, or whatever else it noted."""
    return [float(words[-2]) for words in site.world.lines(queue, what, name)]


# --- deleted


def test_what_is_handled_is_deleted_at_once_also_while_another_message_runs_for_long(site: Site) -> None:
    site.world.send("pair", "4 long", "0 quick")
    site.wait_for_runs("pair", ["quick"])
    wait_for(lambda: site.tally("pair")["deleted"] == 1, 2, "the delete")
    assert time.time() - times(site, "pair", "end", "quick")[0] < 1, "50 ms, and the time to see it"
    assert not site.world.runs("pair", "end")["long"]
    site.wait_until_empty("pair")


def test_where_nothing_else_can_share_its_request_a_delete_does_not_wait_for_company(site: Site) -> None:
    """In one group of a FIFO queue the next message starts when the delete before it is confirmed."""
    names = [f"m{number}" for number in range(40)]
    for start in range(0, len(names), 10):
        site.send_group("chained.fifo", "g", *(f"0 {name}" for name in names[start : start + 10]))
    site.wait_for_runs("chained.fifo", names)
    starts = [times(site, "chained.fifo", "start", name)[0] for name in names]
    # Half of them at least: others also take a poll.
    assert statistics.median(after - before for before, after in pairwise(starts)) < 0.05
    site.wait_until_empty("chained.fifo")


# --- visible again


def test_restart_later_shows_the_message_again_after_its_delay_or_the_visibility_timeout(site: Site) -> None:
    """The one of 12 hours would be back before the other, were it asked of SQS for longer than SQS grants."""
    site.world.send("restarted", "0 43200", "1 none", "0 2")
    site.wait_for_runs("restarted", ["2", "none"])
    for delay, seconds in (("2", 2), ("none", 4)):
        (asked,) = times(site, "restarted", "restart", delay)
        assert seconds - 0.1 < times(site, "restarted", "start", delay)[1] - asked < seconds + 1.5
    assert len(times(site, "restarted", "start", "43200")) == 1
    assert site.world.counts("restarted") == (0, 1, 0)
    assert "43200" not in "".join(row["body"] for row in site.world.failed_rows())


def test_what_failed_is_visible_again_after_half_of_its_delay_to_all_of_it_but_not_all_at_once(site: Site) -> None:
    names = [f"m{number}" for number in range(12)]
    site.world.send("retried", *names)
    wait_for(lambda: len(site.world.lines("retried", "start")) == 2 * len(names), what="the second runs")
    gaps = [after - before for before, after in (times(site, "retried", "start", name) for name in names)]
    assert min(gaps) >= 2
    assert max(gaps) < 4 + 1.5
    # In whole seconds, as SQS takes them: some after 3 and some after 4.
    assert max(gaps) - min(gaps) > 0.5
    site.wait_until_empty("retried")
    assert {row["body"]: row["receive_count"] for row in site.world.failed_rows()} == dict.fromkeys(names, 2)
