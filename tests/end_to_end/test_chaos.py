"""Half a minute of chaos: kills, signals, faults of the server, hostile bodies; and an account of every message."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.harness import ROOT


@pytest.mark.slow
@pytest.mark.timeout(360)
def test_chaos_loses_nothing_repeats_nothing_without_a_cause_and_keeps_the_order(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.chaos", "--seed", "1", "--seconds", "25"]
    result = subprocess.run(
        [*command, "--directory", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    told = result.stdout + result.stderr
    assert result.returncode == 0, told
    assert "BROKEN" not in told
    numbers = {name.strip(): int(number) for name, number in re.findall(r"^([a-z ]+?)  +(\d+)", told, re.MULTILINE)}
    assert numbers["lost"] == numbers["out of order"] == 0
    assert numbers["sent"] > 100, "there was something to lose"
    assert numbers["runs"] > 100
