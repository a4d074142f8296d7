"""What the benchmarks measure with, without running what is measured."""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import uuid
from itertools import islice
from pathlib import Path

import pytest

from benchmarks.bench_contenders.work import compute, steps_of_a_millisecond
from benchmarks.bench_programs.uneven import drawn, ideal_seconds
from benchmarks.measuring import machine, pages, process_tree
from benchmarks.measuring.bodies import with_fresh_ids
from benchmarks.measuring.program import clean_environment
from benchmarks.measuring.report import Report, Table, Target
from benchmarks.measuring.sample import DELETES, Sample, percentile, requests_of
from benchmarks.measuring.turns import Turns, medians, ratio
from tests.org import DOCS


def sample(rate: float, messages: int = 100) -> Sample:
    return Sample(messages=messages, seconds=messages / rate, cpu=0.01)


class TestBodies:
    def test_have_ids_of_their_own_that_are_the_same_throughout_one(self) -> None:
        one, other = str(uuid.uuid4()), uuid.uuid4().hex
        body = json.dumps({"id": one, "root": one, "task": other, "name": "noop"})
        made = [json.loads(text) for text in islice(with_fresh_ids(body), 50)]
        assert all(each["id"] == each["root"] and each["name"] == "noop" for each in made)
        assert len({each["id"] for each in made} | {each["task"] for each in made} | {one, other}) == 102
        assert len(made[0]["task"]) == 32
        uuid.UUID(made[0]["id"])

    def test_in_base64_stay_so(self) -> None:
        body = base64.b64encode(json.dumps({"id": str(uuid.uuid4())}).encode()).decode()
        made = next(with_fresh_ids(body))
        assert made != body
        assert set(json.loads(base64.b64decode(made))) == {"id"}

    def test_without_an_id_are_refused(self) -> None:
        with pytest.raises(ValueError, match="no id"):
            next(with_fresh_ids("hello"))


class TestASample:
    def test_knows_its_rates(self) -> None:
        requests = {"ReceiveMessage": 12, "DeleteMessageBatch": 10, "DeleteMessage": 5}
        found = Sample(messages=100, seconds=2, cpu=0.05, requests=requests)
        assert (found.rate, found.cpu_ms) == (50, 0.5)
        assert found.requests_each() == 0.27
        assert found.requests_each(*DELETES) == 0.15

    def test_of_nothing_divides_by_nothing(self) -> None:
        found = Sample(messages=0, seconds=0, cpu=0)
        assert (found.rate, found.cpu_ms, found.requests_each()) == (0, 0, 0)

    def test_counts_only_what_was_asked(self) -> None:
        counters = {"actions": {"SendMessage": {"requests": 3}, "PurgeQueue": {"requests": 0}}}
        assert requests_of(counters) == {"SendMessage": 3}

    def test_percentiles_are_values_that_were_found(self) -> None:
        values = [float(value) for value in range(100, 0, -1)]
        assert percentile(values, 0.5) == 51
        assert percentile(values, 0.99) == 100
        assert percentile([7.0], 0.99) == 7


class TestTurns:
    def test_are_taken_one_after_the_other(self) -> None:
        ran: list[str] = []

        def run(name: str, rate: float, count: int) -> Sample:
            ran.append(f"{name}{count}")
            return sample(rate, count)

        found = Turns(2, 1.0, 100_000).take(
            {"slow": lambda count: run("slow", 100, count), "fast": lambda count: run("fast", 9_000, count)}, "told"
        )
        # A first run finds out how many; where it was short there is a second.
        assert ran[:3] == ["slow160", "fast160", "fast2240"]
        assert ran[3:] == ["slow80", "fast8960"] * 2
        assert [each.messages for each in found["fast"]] == [8960, 8960]

    def test_have_a_most(self) -> None:
        counts: list[int] = []

        def run(count: int) -> Sample:
            counts.append(count)
            return sample(1e6, count)

        Turns(1, 1.0, 400).take({"one": run}, "told")
        assert counts == [160, 400]

    def test_are_compared_round_by_round(self) -> None:
        # The second half of the rounds ran on a machine that was twice as slow.
        ours = [sample(100), sample(100), sample(50), sample(50)]
        theirs = [sample(200), sample(200), sample(100), sample(100)]
        assert ratio(ours, theirs, lambda each: each.rate) == pytest.approx(0.5)
        assert medians(ours, lambda each: each.rate) == pytest.approx(75)


class TestAReport:
    report = Report(
        "drain",
        tables=[Table("Draining", ("who", "a second"), [("we", "1,234"), ("others", "5")])],
        targets=[Target("fast enough", 0.96, 0.95), Target("cheap enough", 1.5, 1.4, at_least=False)],
        notes=["Medians of 9 rounds."],
    )

    def test_is_text_in_tables(self) -> None:
        assert self.report.text() == (
            "Medians of 9 rounds.\n\nDraining:\n\n"
            "| who    | a second |\n"
            "|--------+----------|\n"
            "| we     |    1,234 |\n"
            "| others |        5 |\n"
            "\nTargets:\n\n"
            "| target       |        wanted | found | result |\n"
            "|--------------+---------------+-------+--------|\n"
            "| fast enough  | at least 0.95 |  0.96 |    met |\n"
            "| cheap enough |   at most 1.4 |   1.5 | missed |\n"
        )

    def test_knows_what_was_missed(self) -> None:
        assert [target.text for target in self.report.missed] == ["cheap enough"]

    def test_replaces_its_part_of_the_page_and_no_other(self, tmp_path: Path) -> None:
        page = tmp_path / "page.org"
        page.write_text("# results of drain\nold\n# end of drain\n\n# results of send\nold\n# end of send\n")
        pages.write(self.report, page)
        pages.write(self.report, page)
        text = page.read_text()
        assert text.count("| we     |    1,234 |") == 1
        assert text.endswith("\n# end of drain\n\n# results of send\nold\n# end of send\n")

    def test_needs_a_place_on_the_page(self, tmp_path: Path) -> None:
        page = tmp_path / "page.org"
        page.write_text("# results of send\n# end of send\n")
        with pytest.raises(ValueError, match="has no lines '# results of drain'"):
            pages.write(self.report, page)

    def test_has_its_place_in_the_documentation(self) -> None:
        from benchmarks.bench import PROGRAMS

        text = (DOCS / "benchmarks.org").read_text()
        assert re.findall(r"^# results of (\w+)$", text, re.MULTILINE) == list(PROGRAMS)
        assert re.findall(r"^# end of (\w+)$", text, re.MULTILINE) == list(PROGRAMS)


class TestTheMachine:
    def test_is_described_without_its_name(self) -> None:
        told = machine.described()
        assert re.search(r"\d+ cores \(.+\).*Python 3\.\d+\.\d+, .*boto3 \d", told)
        assert socket.gethostname() not in told.split()
        assert str(Path.home()) not in told

    def test_gives_contenders_no_credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
        monkeypatch.setenv("SQS_QUEUE_PREFIX", "production")
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
        found = clean_environment()
        assert "secret" not in found.values()
        assert found["AWS_ACCESS_KEY_ID"] == "testing"
        assert not {"SQS_QUEUE_PREFIX", "DJANGO_SETTINGS_MODULE"} & set(found)
        assert found["PATH"] == os.environ["PATH"]


@pytest.mark.skipif(not process_tree.is_supported(), reason="there is no /proc that tells it")
class TestAProcessTree:
    #: A child that uses a tenth of a second of CPU time and 30 MiB, and waits.
    PROGRAM = (
        "import subprocess, sys, time\n"
        "if len(sys.argv) > 1: subprocess.Popen([sys.executable, __file__])\n"
        "end = time.process_time() + 0.1\n"
        "while time.process_time() < end: pass\n"
        "kept = bytearray(b'x' * 30_000_000)\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
    )

    def test_is_counted_as_a_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "program.py"
        path.write_text(self.PROGRAM)
        command = [sys.executable, str(path), "with a child"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            assert [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
            assert len(process_tree.members(process.pid)) == 2
            assert process_tree.cpu_seconds(process.pid) >= 0.18
            found = process_tree.memory(process.pid)
            assert found.peak >= found.private >= 55_000
            process.stdin.write("\n\n")

    def test_that_has_ended_is_nothing(self) -> None:
        with subprocess.Popen([sys.executable, "-c", ""]) as process:
            process.wait()
        assert process_tree.members(process.pid) == []
        assert process_tree.cpu_seconds(process.pid) == 0


class TestWork:
    def test_of_a_millisecond_is_about_that(self) -> None:
        assert 1_000 < steps_of_a_millisecond() < 1_000_000
        assert compute(4) == 6

    def test_is_drawn_the_same_for_the_same_seed(self) -> None:
        durations = drawn(3, 2_000, quick=False)
        assert durations == drawn(3, 2_000, quick=False)
        assert durations != drawn(4, 2_000, quick=False)
        assert min(durations) >= 0.001
        assert 5 <= sum(duration == 5.0 for duration in durations) <= 40
        assert max(duration for duration in durations if duration != 5.0) <= 0.2

    def test_is_ideally_done_without_a_pause(self) -> None:
        assert ideal_seconds([1, 1, 1, 1], 2) == 2
        # Each takes the next when it is free: 3 and then nothing, 1 and then 1 and then 1.
        assert ideal_seconds([3, 1, 1, 1], 2) == 3
        assert ideal_seconds([1, 1, 3], 2) == 4
