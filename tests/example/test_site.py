"""The site has tests of its own, with settings of its own: they run in a process of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.example.conftest import EXAMPLE


def manage(data: Path, *arguments: str) -> tuple[int, str]:
    foreign = ("SQS_", "PHOTOSITE_", "DJANGO_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLE / "manage.py"), *arguments],
        env={**environment, "PHOTOSITE_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout


def test_the_sites_own_tests_pass(tmp_path: Path) -> None:
    status, output = manage(tmp_path, "test", "photos")
    assert status == 0, output
    ran = re.search(r"^Ran (\d+) tests", output, re.MULTILINE)
    assert ran, output
    assert int(ran.group(1)) > 20


@pytest.mark.parametrize("arguments", [("check", "--fail-level", "WARNING"), ("makemigrations", "--check", "photos")])
def test_the_site_is_in_order(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    status, output = manage(tmp_path, *arguments)
    assert status == 0, output
