"""The programs behind `make demo` and `make run`, as processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from runner import pictures
from tests.example.conftest import EXAMPLE

needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="asks /proc what still runs")


@contextmanager
def start(program: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, str(EXAMPLE / program), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # What a developer has exported must not reach the site.
        env={
            name: value for name, value in os.environ.items() if not name.startswith(("SQS_", "PHOTOSITE_", "DJANGO_"))
        },
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def run(program: str, *arguments: str | Path) -> tuple[int, str]:
    with start(program, *arguments) as process:
        output, _ = process.communicate(timeout=100)
    return process.returncode, output


def processes_of(data: Path) -> list[int]:
    """The processes whose environment names the data directory: whatever a program has started for it."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and f"PHOTOSITE_DATA={data}\0".encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # It has ended meanwhile, or belongs to somebody else.
    return found


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(pattern, line):
            return found.group()
    raise AssertionError(f"{pattern!r} was not printed:\n{''.join(lines)}")


@pytest.mark.end_to_end
def test_the_demo_develops_a_folder_and_says_what_it_made(tmp_path: Path) -> None:
    source, data = tmp_path / "my pictures", tmp_path / "its data"
    for _ in pictures.make_pictures(source, 3, (800, 600)):
        pass
    (source / "not one.jpg").write_text("Dear diary,")
    (source / "notes.txt").write_text("Dear diary,")
    status, output = run("demo.py", "--photos", source, "--data", data)
    assert status == 0, output
    assert "not named like a picture: notes.txt" in output
    assert "Pictures ready" in output
    assert "Thumbnails: 3 (" in output
    assert "Captions: 3 of 3 sent" in output
    assert "IMG_0001.jpg: 800 x 600, Aperta Pocket, 23 mm" in output
    assert "not one.jpg was refused: This is not a picture" in output
    assert re.search(r"audit\W.*\b4\b", output), "the queue that is only sent to should hold a message for each picture"
    assert len(list((data / "media" / "thumbnails").glob("*.jpg"))) == 3
    assert not processes_of(data)


@needs_proc
@pytest.mark.end_to_end
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_stopped_leaves_no_process_behind(number: signal.Signals, tmp_path: Path) -> None:
    with start("demo.py", "--data", tmp_path) as process:
        read_until(process, "Painting pictures")
        assert processes_of(tmp_path)
        process.send_signal(number)
        assert process.wait(30) == 128 + number
    assert not processes_of(tmp_path)


@needs_proc
@pytest.mark.end_to_end
def test_the_site_ends_with_sigint_and_says_that_nothing_is_left(tmp_path: Path) -> None:
    with start("run.py", "--data", tmp_path, "--count", "0", "--port", "0") as process:
        address = read_until(process, r"http://127\.0\.0\.1:\d+/(?= )")
        with urlopen(address) as answer:
            assert b"No pictures yet." in answer.read()
        with urlopen(f"{address}sqs/status") as answer:
            assert {b"photos", b"captions", b"audit"} <= set(re.findall(rb"\w+", answer.read()))
        process.send_signal(signal.SIGINT)
        read_until(process, "Nothing is left running")
        assert process.wait(30) == 0
    assert not processes_of(tmp_path)


@needs_proc
@pytest.mark.end_to_end
def test_when_one_process_of_the_site_dies_the_others_are_stopped_and_it_is_named(tmp_path: Path) -> None:
    with start("run.py", "--data", tmp_path, "--count", "0", "--port", "0") as process:
        read_until(process, "The photograph site is ready")
        (web,) = [pid for pid in processes_of(tmp_path) if "runserver" in Path(f"/proc/{pid}/cmdline").read_text()]
        os.kill(web, signal.SIGKILL)
        read_until(process, r"web has ended by itself \(killed by SIGKILL\)")
        assert process.wait(30) == 1
    assert not processes_of(tmp_path)


@needs_proc
@pytest.mark.end_to_end
def test_a_site_that_is_killed_outright_leaves_no_process_behind(tmp_path: Path) -> None:
    with start("run.py", "--data", tmp_path, "--count", "0", "--port", "0") as process:
        read_until(process, "The photograph site is ready")
        process.kill()
        deadline = time.monotonic() + 30
        while left := processes_of(tmp_path):
            assert time.monotonic() < deadline, f"still running: {left}"
            time.sleep(0.1)


@pytest.mark.parametrize("program", ["demo.py", "run.py"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [("missing", "There is no folder"), ("a file.jpg", "is a file"), ("empty", "No picture in")],
)
def test_a_folder_that_will_not_do_ends_a_program_with_one_sentence(
    program: str, name: str, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "a file.jpg").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    status, output = run(program, "--photos", tmp_path / name, "--data", tmp_path / "data")
    assert status == 1
    assert output.startswith(f"{program.removesuffix('.py')}: ")
    assert sentence in output
    assert len(output.splitlines()) == 1
    assert not (tmp_path / "data").exists()


def test_the_demo_empties_no_directory_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years")
    status, output = run("demo.py", "--data", tmp_path)
    assert status == 1
    assert "is not empty and not of this program's making" in output
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_two_programs_do_not_share_a_data_directory(tmp_path: Path) -> None:
    from runner.site import claim

    with claim(tmp_path, fresh=True):
        status, output = run("demo.py", "--data", tmp_path)
    assert status == 1
    assert "Another program uses" in output


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none_is_refused(count: str, tmp_path: Path) -> None:
    status, output = run("demo.py", "--count", count, "--data", tmp_path)
    assert status == 2
    assert f"--count: '{count}' is no whole number from 1 to" in output


def test_the_examples_data_directory_is_not_kept_in_git() -> None:
    ignored = (EXAMPLE / ".gitignore").read_text().split()
    assert "data/" in ignored
