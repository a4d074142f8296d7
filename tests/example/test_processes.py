from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import processes
from runner.processes import Failed, Processes, Stopped, StopSignals, free_port
from tests.example.conftest import EXAMPLE
from tests.example.witness import Witness


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    witness = Witness(tmp_path)
    yield witness
    witness.close()


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Processes]:
    with Processes(StopSignals(), tmp_path / "logs", os.environ) as group:
        yield group


def test_leaving_the_block_ends_a_process_and_its_children(tmp_path: Path, witness: Witness) -> None:
    with Processes(StopSignals(), tmp_path / "logs", os.environ) as group:
        group.start("sleeper", witness.command())
        witness.wait_up()
    witness.wait_gone(2)


def test_a_process_that_does_not_end_when_asked_is_forced(
    tmp_path: Path, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.3)
    with Processes(StopSignals(), tmp_path / "logs", os.environ) as group:
        group.start("sleeper", witness.command(stubborn=True))
        witness.wait_up()
    witness.wait_gone(2)


def test_a_second_signal_forces_at_once(tmp_path: Path, witness: Witness) -> None:
    with StopSignals() as signals:
        with Processes(signals, tmp_path / "logs", os.environ) as group:
            group.start("sleeper", witness.command(stubborn=True))
            witness.wait_up()
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
            began = time.monotonic()
        assert time.monotonic() - began < processes.STOP_SECONDS / 2
    witness.wait_gone(2)


def test_a_program_that_is_killed_outright_leaves_nothing_behind(tmp_path: Path, witness: Witness) -> None:
    program = (
        "import os, sys, json, time\n"
        "from pathlib import Path\n"
        "from runner.processes import Processes, StopSignals\n"
        "with Processes(StopSignals(), Path(sys.argv[1]), os.environ) as group:\n"
        "    group.start('sleeper', json.loads(sys.argv[2]))\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "logs"), json.dumps(witness.command())]
    with subprocess.Popen(command, cwd=EXAMPLE) as parent:
        witness.wait_up()
        parent.kill()
    witness.wait_gone()


def test_a_process_that_ends_by_itself_is_told_with_its_last_words(group: Processes) -> None:
    group.start("web", ["sh", "-c", "echo the port is taken >&2; exit 3"])
    with pytest.raises(Failed, match=r"web has ended by itself \(exit status 3\)\.\n  \| the port is taken"):
        group.wait_until(lambda: False, "the start", 10)


def test_a_process_that_was_killed_is_told_so(group: Processes) -> None:
    group.start("receivers", ["sh", "-c", "kill -9 $$"])
    with pytest.raises(Failed, match=r"receivers has ended by itself \(killed by SIGKILL\)"):
        group.wait_until(lambda: False, "the start", 10)


def test_a_process_run_to_its_end_gives_what_it_wrote(group: Processes) -> None:
    seen = []
    assert group.run("status", ["echo", "all is well"], lambda: seen.append(1)) == "all is well\n"
    assert seen
    assert not group.running


def test_a_run_that_fails_or_hangs_is_an_error(group: Processes) -> None:
    with pytest.raises(Failed, match=r"migrate failed \(exit status 1\)\.\n  \| no such table"):
        group.run("migrate", ["sh", "-c", "echo no such table; exit 1"])
    with pytest.raises(Failed, match="setup took longer than 0 s"):
        group.run("setup", ["sleep", "60"], seconds=0.1)


def test_what_never_comes_true_is_an_error_after_its_time(group: Processes) -> None:
    with pytest.raises(Failed, match="The start took longer than 0 s"):
        group.wait_until(lambda: False, "The start", 0.1)


@pytest.mark.parametrize("number", StopSignals.NUMBERS)
def test_a_signal_is_noted_and_raised_where_it_is_asked_for(number: signal.Signals, group: Processes) -> None:
    before = signal.getsignal(number)
    with StopSignals() as signals:
        group.signals = signals
        signals.check()
        signal.raise_signal(number)
        with pytest.raises(Stopped, match=number.name) as stop:
            group.check()
        assert stop.value.number == number
    assert signal.getsignal(number) is before


def test_a_free_port_is_the_wanted_one_unless_it_is_taken() -> None:
    wanted = free_port()
    assert free_port(wanted) == wanted
    with socket.create_server(("127.0.0.1", wanted)):
        assert free_port(wanted) not in (0, wanted)
        assert processes.listens(wanted)
    assert not processes.listens(wanted)
