"""The README's example, pasted into a new project, does what the README says."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.end_to_end.harness import wait_for
from tests.org import Block, Page, page

SECTION = "Use it in a project"
#: The port in the README, which another server may have on this machine.
README_PORT = "9324"


class Reader:
    """A person with the README and a terminal: pastes its blocks, in order."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.port = str(port)
        self.project = directory / "mysite"
        programs = directory / "bin"
        programs.mkdir()
        # What is called python where the reader's environment is active.
        python = programs / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "AWS_", "SQS_"))}
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**kept, "PATH": path, "PYTHONUNBUFFERED": "1"}
        # An installed package needs no path; a checkout that is only on this one does.
        self.environment["PYTHONPATH"] = os.pathsep.join(entry for entry in sys.path if entry)

    @property
    def place(self) -> Path:
        """Where the terminal is: in the project as soon as there is one."""
        return self.project if self.project.exists() else self.directory

    def paste(self, block: Block) -> str:
        """Put a block where it belongs, and return what it printed."""
        text = block.text.replace(README_PORT, self.port)
        if block.file is not None:
            with (self.project / block.file).open("a") as file:
                file.write("\n" + text)
            return ""
        done = subprocess.run(
            ["sh", "-euc", text], cwd=self.place, env=self.environment, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def leaving_open(self, block: Block) -> Iterator[None]:
        """A terminal of its own for what goes on until Ctrl-C."""
        command = f"exec {block.text.strip()} --port {self.port}"
        with subprocess.Popen(
            ["sh", "-euc", command],
            cwd=self.place,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                wait_for(lambda: listens(int(self.port)) or process.poll() is not None, 60, "the server")
                assert process.poll() is None, process.stderr and process.stderr.read().decode()
                yield
                process.send_signal(signal.SIGINT)
                assert process.wait(20) == 0
            finally:
                process.kill()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def blocks_of(one: Page, heading: str) -> list[Block]:
    """The blocks under a heading."""
    begin = one.lines.index(f"* {heading}")
    end = next((n for n, line in enumerate(one.lines) if n > begin and line.startswith("* ")), len(one.lines))
    return [block for block in one.blocks if begin < block.line < end]


def test_the_example_of_the_readme_works_when_pasted(tmp_path: Path) -> None:
    blocks = blocks_of(page("README"), SECTION)
    install, new_project, settings, receivers, server, use, expected = blocks
    assert "pip install" in install.text  # what is tested is installed, and no test may use the network
    reader = Reader(tmp_path, free_port())
    reader.paste(new_project)
    reader.paste(settings)
    reader.paste(receivers)
    with reader.leaving_open(server):
        printed = reader.paste(use)
    assert expected.kind == "example"
    assert printed.endswith("\n" + expected.text)


def test_the_example_is_about_ten_lines_long() -> None:
    texts = [block.text for block in blocks_of(page("README"), SECTION) if block.language == "python"]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    assert len(texts) == 2
    assert len(lines) <= 12


def test_the_readme_installs_with_and_without_make() -> None:
    text = "\n".join(block.text for block in blocks_of(page("README"), "Try it"))
    targets = re.findall(r"^(\w+):", (page("README").path.parent / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"\bmake (\w+)", page("README").text)
    assert {"demo", "test"} <= set(named) <= set(targets)
    assert 'pip install --editable ".[dev]"' in text
    assert Path(page("README").path.parent, "example_project/demo.py").is_file()
