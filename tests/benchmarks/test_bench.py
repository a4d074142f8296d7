"""Every program of the benchmarks runs, on sizes that say nothing: how fast all is, no test asks."""

from __future__ import annotations

import re

import pytest

from benchmarks import bench
from benchmarks.measuring import process_tree
from benchmarks.measuring.environments import PEERS, Peer, PeerMissing
from benchmarks.measuring.plan import Plan
from benchmarks.measuring.report import Report, Target
from tests.org import DOCS

needs_proc = pytest.mark.skipif(not process_tree.is_supported(), reason="the benchmarks run on Linux only")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Its exit status, and what it prints."""
    status = bench.main(["--quick", "--peers", "none", *arguments])
    return status, capsys.readouterr().out


def rows(text: str) -> dict[str, list[str]]:
    """The cells of each row by the first."""
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]
    return {first: others for first, *others in cells}


@needs_proc
@pytest.mark.end_to_end
@pytest.mark.slow
@pytest.mark.end_to_end
class TestAProgram:
    @pytest.mark.slow
    def test_drains(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, out = run(capsys, "--only", "drain")
        assert status == 0
        assert "Draining at 15 ms:" in out
        assert "Draining at 0 ms:" in out
        found = rows(out)
        assert {
            "django-sqs",
            "django-sqs, 2 processes",
            "pipeline of threads",
            "two such pipelines",
            "plain loop",
        } <= set(found)
        rate, cpu, receives, deletes, twice, peak, private = (
            float(cell.replace(",", "")) for cell in found["django-sqs"]
        )
        assert rate > 0
        assert cpu > 0
        assert (0.05 < receives < 1, 0.1 <= deletes < 1, twice) == (True, True, 0)
        assert peak > private > 10

    @pytest.mark.slow
    def test_sends(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, out = run(capsys, "--only", "send")
        assert status == 0
        found = rows(out)
        assert float(found["django-sqs, =send_many()="][2]) == pytest.approx(0.1, abs=0.01)
        assert float(found["django-sqs, send() in a loop"][2]) == pytest.approx(1, abs=0.05)
        assert found["requests a message of =send_many()= at 15 ms"][-1] == "met"

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("compute", "with 1 ms of computation, as fast as the plain loop"),
            ("uneven", "uneven messages, as fast as an ideal scheduling"),
            ("latency", "ms from send() to an idle receiver at 15 ms"),
            ("idle", "requests a minute of django-sqs, 16 handlers"),
            ("memory", "private memory after 2,000 messages, in that after 200"),
            ("start", "=from django_sqs import receiver, send="),
        ],
    )
    def test_tells_of(self, capsys: pytest.CaptureFixture[str], name: str, row: str) -> None:
        status, out = run(capsys, "--only", name)
        assert status == 0
        assert out.startswith(f"* {name}\n\nQuick, on sizes that say nothing. Measured on ")
        assert row in rows(out)


class TestTheCommandLine:
    @pytest.fixture(autouse=True)
    def program(self, monkeypatch: pytest.MonkeyPatch) -> None:
        missed = Target("as fast as light", 0.1, 1.0)
        programs = {"one": lambda plan: Report("one", targets=[missed]), "other": lambda plan: Report("other")}
        monkeypatch.setattr(bench, "PROGRAMS", programs)
        monkeypatch.setattr(process_tree, "is_supported", lambda: True)

    def test_runs_all_and_says_at_the_end_what_was_missed(self, capsys: pytest.CaptureFixture[str]) -> None:
        status, out = run(capsys)
        assert status == 0
        assert re.findall(r"^\* (\w+)$", out, re.MULTILINE) == ["one", "other"]
        assert out.endswith("Missed: as fast as light at least 1 0.1 missed\n")

    def test_fails_for_a_missed_target_only_where_it_is_asked_to(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(capsys, "--check")[0] == 1
        assert run(capsys, "--check", "--only", "other")[0] == 0

    def test_quick_writes_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        before = (DOCS / "benchmarks.org").read_text()
        run(capsys)
        assert (DOCS / "benchmarks.org").read_text() == before

    @pytest.mark.parametrize("arguments", [("--only", "nothing"), ("--peers", "nobody")])
    def test_names_what_there_is_not(self, capsys: pytest.CaptureFixture[str], arguments: tuple[str, str]) -> None:
        with pytest.raises(SystemExit) as raised:
            bench.main(arguments)
        assert raised.value.code == 2
        assert f"there is no {'program nothing' if arguments[0] == '--only' else 'peer'}" in capsys.readouterr().err

    def test_says_where_it_cannot_run(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process_tree, "is_supported", lambda: False)
        assert bench.main([]) == 2
        assert "on Linux only" in capsys.readouterr().err

    def test_goes_on_without_a_peer_that_cannot_be_installed(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def install(peer: Peer) -> None:
            if peer is PEERS[0]:
                raise PeerMissing("no network")

        plans: list[Plan] = []
        monkeypatch.setattr(Peer, "install", install)
        monkeypatch.setattr(bench, "PROGRAMS", {"one": lambda plan: plans.append(plan) or Report("one")})
        assert bench.main(["--quick", "--only", "one"]) == 0
        assert list(plans[0].peers) == list(PEERS[1:])
        assert "no network" in capsys.readouterr().err
