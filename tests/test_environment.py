"""``make`` on a fresh machine: which Python it takes, and what it leaves where that fails.

The interpreters are stand-ins: shell scripts that answer what .ci/environment asks of a Python.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What the Makefile and the script use of a system.
TOOLS = ("cat", "cp", "dirname", "find", "make", "mkdir", "rm", "sh", "sleep", "touch")

INTERPRETER = """#!/bin/sh
name={name}
echo "$name $*" >>"$LOG"
case "$*" in
*version_info*) echo "{base}"; exit {status} ;;
*base_prefix*) echo "prefix of $name" ;;
*ensurepip*) exit {ensurepip} ;;
"-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*"pip install"*) touch "$LOG.installing"; {pip} ;;
esac
"""


class Machine:
    """A machine of its own: a checkout in a directory with a space, and a PATH with little on it."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "check out"
        self.bin = folder / "bin"
        self.log = folder / "log"
        (self.checkout / ".ci").mkdir(parents=True)
        self.bin.mkdir()
        for name in ("Makefile", "setup.cfg", "pyproject.toml", ".ci/environment"):
            shutil.copy(ROOT / name, self.checkout / name)
        for name in TOOLS:
            found = shutil.which(name)
            assert found, f"{name} is not installed"
            (self.bin / name).symlink_to(found)

    @property
    def environment(self) -> Path:
        return self.checkout / ".venv"

    def script(self, name: str, text: str) -> Path:
        """An executable on the PATH."""
        path = self.bin / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def python(
        self, name: str = "python3", *, version: str | None = None, ensurepip: bool = True, pip: str = "exit 0"
    ) -> Path:
        """An interpreter; with a version, one that is too old."""
        base = f"is Python {version}" if version else str(self.bin / name)
        text = INTERPRETER.format(
            name=name, base=base, status=int(bool(version)), ensurepip=int(not ensurepip), pip=pip
        )
        return self.script(name, text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["make", "-s", "example", *arguments],
            cwd=self.checkout,
            env={"PATH": str(self.bin), "LOG": str(self.log)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def make(self, *arguments: str) -> tuple[int, str]:
        """Run ``make example``; return its status and what it said."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=60)
        return process.returncode, said

    def calls(self, words: str) -> list[str]:
        """The interpreters that were called with these words."""
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [line.split()[0] for line in lines if words in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_environment_is_made_once(machine: Machine) -> None:
    machine.python()
    assert machine.make()[0] == 0
    assert machine.make() == (0, "")
    assert machine.calls("pip install") == ["python3"]


def test_a_newer_setup_cfg_installs_again_into_the_same_environment(machine: Machine) -> None:
    machine.python()
    machine.make()
    (machine.environment / "witness").touch()
    newer = time.time() + 10
    os.utime(machine.checkout / "setup.cfg", (newer, newer))
    machine.make()
    assert len(machine.calls("pip install")) == 2
    assert (machine.environment / "witness").exists()


def test_a_checkout_that_has_moved_is_installed_again(machine: Machine) -> None:
    machine.python()
    machine.make()
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("moved"))
    machine.make()
    assert len(machine.calls("pip install")) == 2


def test_without_any_python_it_says_what_to_install(machine: Machine) -> None:
    status, said = machine.make()
    assert status != 0
    assert "Python 3.10 or newer" in said
    assert "apt-get install python3 python3-venv" in said


def test_an_old_python_is_passed_over_for_a_newer_one(machine: Machine) -> None:
    machine.python("python3", version="3.9.18")
    machine.python("python3.12")
    machine.python("python3.11")
    assert machine.make()[0] == 0
    assert machine.calls("-m venv") == ["python3.12"]


def test_with_old_pythons_only_it_says_which_it_found(machine: Machine) -> None:
    machine.python("python3", version="3.9.18")
    status, said = machine.make()
    assert status != 0
    assert "python3 is Python 3.9.18" in said


def test_a_python_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.script("python3", "#!/bin/sh\nexit 127\n")
    machine.python("python3.13")
    assert machine.make()[0] == 0
    assert machine.calls("-m venv") == ["python3.13"]


def test_the_python_that_is_named_is_taken(machine: Machine) -> None:
    machine.python("python3")
    machine.python("python3.10")
    assert machine.make("PYTHON=python3.10")[0] == 0
    assert machine.calls("-m venv") == ["python3.10"]


def test_another_python_makes_another_environment(machine: Machine) -> None:
    machine.python("python3")
    machine.python("python3.10")
    machine.make()
    machine.make("PYTHON=python3.10")
    machine.make()
    assert machine.calls("-m venv") == ["python3", "python3.10"]


def test_a_named_python_that_is_not_there_is_told_and_another_is_taken(machine: Machine) -> None:
    machine.python("python3")
    status, said = machine.make("PYTHON=/no such/python")
    assert status == 0
    assert "PYTHON=/no such/python cannot be used: /no such/python is not there. Using python3." in said


@pytest.mark.parametrize("tool", ["uv", "virtualenv"])
def test_without_ensurepip_another_tool_is_used(machine: Machine, tool: str) -> None:
    path = machine.python(ensurepip=False)
    machine.script(tool, f'#!/bin/sh\necho {tool} "$@" >>"$LOG"\nmkdir -p .venv/bin && cp "{path}" .venv/bin/python\n')
    assert machine.make()[0] == 0
    assert machine.calls(".venv") == [tool]
    assert (machine.environment / "ready-example").exists()


def test_without_ensurepip_and_any_other_tool_it_says_what_to_install(machine: Machine) -> None:
    machine.python(ensurepip=False)
    status, said = machine.make()
    assert status != 0
    assert "apt-get install python3-venv" in said
    assert not machine.environment.exists()


def test_an_installation_that_fails_leaves_nothing(machine: Machine) -> None:
    machine.python(pip="exit 1")
    status, said = machine.make()
    assert status != 0
    assert "could not be installed" in said
    assert not machine.environment.exists()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_installation_that_is_interrupted_leaves_nothing(machine: Machine, signum: signal.Signals) -> None:
    machine.python(pip="exec sleep 30")
    interrupt(machine, signum)
    assert not machine.environment.exists()


def test_an_installation_that_was_killed_is_begun_anew(machine: Machine) -> None:
    machine.python(pip="exec sleep 30")
    interrupt(machine, signal.SIGKILL)
    assert machine.environment.exists()
    machine.python()
    assert machine.make()[0] == 0
    assert len(machine.calls("-m venv")) == 2


def interrupt(machine: Machine, signum: signal.Signals) -> None:
    """Send a signal to all that ``make`` started, as a terminal does, while packages are installed."""
    process = machine.start()
    wait_for(Path(f"{machine.log}.installing").exists)
    os.killpg(process.pid, signum)
    process.communicate(timeout=60)
    assert process.returncode != 0


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
